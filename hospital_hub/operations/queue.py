"""How the queue stands: what waits to be published, what is published and not done, and for how long."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.storage.outbox import OutboxRow


@dataclass(frozen=True)
class QueueState:
    """`lag_seconds` is the age of the oldest row that is due and was never published; 0 when there is none."""

    unpublished: int
    under_way: int
    lag_seconds: float


async def queue_state(session: AsyncSession) -> QueueState:
    """By the database's clock."""
    open_rows = col(OutboxRow.done_at).is_(None)
    waiting = col(OutboxRow.published_at).is_(None) & (col(OutboxRow.run_after) <= func.now())
    counted = await session.exec(
        select(
            func.count().filter(waiting),
            func.count().filter(col(OutboxRow.published_at).is_not(None)),
            func.min(col(OutboxRow.run_after)).filter(waiting),
            func.now(),
        ).where(open_rows)
    )
    unpublished, under_way, oldest, now = counted.one()
    return QueueState(unpublished, under_way, _seconds(oldest, now))


def _seconds(oldest: datetime | None, now: datetime) -> float:
    return (now - oldest).total_seconds() if oldest is not None else 0.0
