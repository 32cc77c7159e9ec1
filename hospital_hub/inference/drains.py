"""Which replicas get no new work by an operator's word. It stands in the database, so it outlives every process."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import DateTime, func
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import Unavailable
from hospital_hub.identity.principal import Principal
from hospital_hub.storage.database import Database


class DrainedReplica(SQLModel, table=True):
    """`name` as in models.toml; a row means drained."""

    __tablename__ = "drained_replica"

    name: str = Field(primary_key=True)
    by: str
    at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()})


async def drain(session: AsyncSession, who: Principal, *, name: str) -> bool:
    """False when it is drained already."""
    if await session.get(DrainedReplica, name) is not None:
        return False
    session.add(DrainedReplica(name=name, by=who.id))
    _told(session, who, name=name, drained=True)
    return True


async def undrain(session: AsyncSession, who: Principal, *, name: str) -> bool:
    """False when it is not drained."""
    found = await session.get(DrainedReplica, name)
    if found is None:
        return False
    await session.delete(found)
    _told(session, who, name=name, drained=False)
    return True


async def drained(session: AsyncSession) -> frozenset[str]:
    return frozenset(await session.exec(select(col(DrainedReplica.name))))


def reader(database: Database) -> Callable[[], Awaitable[frozenset[str] | None]]:
    """For the poller: the drained replicas now, or None while the database is away."""

    async def read() -> frozenset[str] | None:
        try:
            async with database.work() as session:
                return await drained(session)
        except Unavailable:
            return None

    return read


def _told(session: AsyncSession, who: Principal, *, name: str, drained: bool) -> None:
    event = record(session, who, deed=Deed.UPDATE, entity=f"replica/{name}", subject=None)
    event.detail = {"drained": drained}
