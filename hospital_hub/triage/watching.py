"""Which boards are being watched: each live board says so with every beat, and a kiosk asks whether one did."""

import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.resources import Resources
from hospital_hub.triage.nurse_tables import TriageBoard

ALIVE_FOR: Final = timedelta(seconds=30)  # three beats
KEPT_FOR: Final = timedelta(days=1)


async def watched(resources: Resources, *, now: datetime) -> bool:
    """Whether a board was alive within the last 30 seconds."""
    async with resources.database.work() as session:
        alive = select(TriageBoard.login_id).where(col(TriageBoard.seen_at) > now - ALIVE_FOR).limit(1)
        return (await session.exec(alive)).first() is not None


async def beat(session: AsyncSession, login_id: uuid.UUID, *, now: datetime) -> None:
    """This log-in's board is alive; rows of boards long closed go."""
    row = insert(TriageBoard).values(login_id=login_id, seen_at=now)
    await session.exec(row.on_conflict_do_update(index_elements=["login_id"], set_={"seen_at": now}))
    await session.exec(delete(TriageBoard).where(col(TriageBoard.seen_at) < now - KEPT_FOR))
