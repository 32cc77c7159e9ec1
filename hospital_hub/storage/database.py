"""The connection pool and the unit of work: one transaction, committed whole or not at all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.errors import BadInput, Unavailable

POOL_SIZE = 5
POOL_OVERFLOW = 10
CONNECT_SECONDS = 3


@dataclass(frozen=True)
class Database:
    """Opened once a process; `work()` is the only way to a session."""

    engine: AsyncEngine

    @classmethod
    def open(cls, url: str, *, pool_size: int = POOL_SIZE) -> "Database":
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=POOL_OVERFLOW,
            pool_timeout=CONNECT_SECONDS,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
        return cls(engine)

    @property
    def plain_url(self) -> str:
        """For psycopg itself, past the ORM; holds the password, so it is never shown."""
        return self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @asynccontextmanager
    async def work(self) -> AsyncIterator[AsyncSession]:
        """A unit of work: commits when the block ends, rolls back when it raises.

        Never keep one open while a model streams.
        """
        try:
            async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
        except DataError as unfit:
            # Such as the character NUL, which no column of PostgreSQL holds.
            raise BadInput(
                "The text holds a character that cannot be stored.",
                "Remove unusual characters and send it again.",
                code="not_storable",
            ) from unfit
        except OperationalError as down:
            raise Unavailable(
                "The hub's database does not answer.",
                "Nothing was stored. Please try again in a few seconds.",
                code="database_unavailable",
            ) from down

    async def close(self) -> None:
        await self.engine.dispose()
