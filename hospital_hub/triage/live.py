"""How every worker's boards hear of a change at once: PostgreSQL's LISTEN and NOTIFY, and nothing else.

A notification carries no data; who hears it reads again. A lost one is healed by the next beat.
"""

from collections.abc import AsyncGenerator
from typing import Final

import psycopg
from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.errors import Unavailable

CHANNEL: Final = "triage_case"
BEAT_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 3


async def announce(session: AsyncSession) -> None:
    """Tell all boards when this transaction commits, and only then."""
    await session.exec(select(func.pg_notify(CHANNEL, "")))


async def changes(database_url: str, *, beat: float = BEAT_SECONDS) -> AsyncGenerator[None]:
    """Yield at once, then after every change, and at least once a beat (seconds).

    Raises:
        Unavailable: the database went away; the board says that it is not live and connects again.
    """
    plain = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        connection = await psycopg.AsyncConnection.connect(plain, autocommit=True, connect_timeout=_CONNECT_SECONDS)
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            while True:
                yield
                async for _ in connection.notifies(timeout=beat, stop_after=1):
                    pass
    except psycopg.OperationalError as gone:
        raise Unavailable(
            "The board has lost the database.", "The board connects again by itself.", code="database_unavailable"
        ) from gone
