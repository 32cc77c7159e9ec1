"""The connection pool and the unit of work: one transaction, committed whole or not at all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.errors import BadInput, Unavailable

POOL_SIZE = 5
POOL_OVERFLOW = 15
CONNECT_SECONDS = 3
# A page that waits a little is better than one that fails; only then the person is asked to try again.
FREE_WITHIN_SECONDS = 10


@dataclass(frozen=True)
class Database:
    """Opened once a process; `work()` is the only way to a session."""

    engine: AsyncEngine

    @classmethod
    def open(
        cls,
        url: str,
        *,
        pool_size: int = POOL_SIZE,
        overflow: int = POOL_OVERFLOW,
        free_within: float = FREE_WITHIN_SECONDS,
    ) -> "Database":
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=overflow,
            pool_timeout=free_within,
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
        except NoConnectionFree as busy:
            raise Unavailable(
                "The hub is too busy at the moment.",
                "Nothing was stored. Please try again in a few seconds.",
                code="database_busy",
            ) from busy
        except OperationalError as down:
            raise Unavailable(
                "The hub's database does not answer.",
                "Nothing was stored. Please try again in a few seconds.",
                code="database_unavailable",
            ) from down

    async def close(self) -> None:
        await self.engine.dispose()
