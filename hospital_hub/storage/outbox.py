"""The outbox: what must reach the queue is written in the transaction that makes it true, and published afterwards.

A row names a Celery task and an id, nothing else. Redis may lose everything; `due` finds what has to go out again.
"""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Identity, func, text, update
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

REPUBLISH_SECONDS = 60
BATCH = 100


class OutboxRow(SQLModel, table=True):
    """Alive until its task says `done`; `published_at` is a hint, not a promise that the broker kept it."""

    __tablename__ = "outbox"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    task: str = Field(description="Celery task name")
    subject_id: uuid.UUID = Field(index=True, description="the row that the task works on")
    queue: str
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    run_after: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    published_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    publications: int = 0
    done_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


def enqueue(session: AsyncSession, *, task: str, subject_id: uuid.UUID, queue: str) -> None:
    session.add(OutboxRow(task=task, subject_id=subject_id, queue=queue))


async def due(session: AsyncSession) -> list[OutboxRow]:
    """Rows to publish now: never published, or published a minute ago and neither done nor put off."""
    stale = func.now() - text(f"interval '{REPUBLISH_SECONDS} seconds'")
    found = await session.exec(
        select(OutboxRow)
        .where(col(OutboxRow.done_at).is_(None), col(OutboxRow.run_after) <= func.now())
        .where(col(OutboxRow.published_at).is_(None) | (col(OutboxRow.published_at) < stale))
        .order_by(col(OutboxRow.id))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return list(found)


async def mark_published(session: AsyncSession, rows: list[OutboxRow]) -> None:
    await session.exec(
        update(OutboxRow)
        .where(col(OutboxRow.id).in_([row.id for row in rows]))
        .values(published_at=func.now(), publications=col(OutboxRow.publications) + 1)
    )


async def finish(session: AsyncSession, *, task: str, subject_id: uuid.UUID) -> None:
    """Say that the task's effect is committed; call it in the same transaction as the effect."""
    await session.exec(
        update(OutboxRow)
        .where(
            col(OutboxRow.task) == task,
            col(OutboxRow.subject_id) == subject_id,
            col(OutboxRow.done_at).is_(None),
        )
        .values(done_at=func.now())
    )


async def put_off(session: AsyncSession, *, task: str, subject_id: uuid.UUID, seconds: int) -> None:
    """Have the reconciler publish the task again after `seconds`, by the database's clock."""
    await session.exec(
        update(OutboxRow)
        .where(
            col(OutboxRow.task) == task,
            col(OutboxRow.subject_id) == subject_id,
            col(OutboxRow.done_at).is_(None),
        )
        .values(run_after=func.now() + text(f"interval '{int(seconds)} seconds'"), published_at=None)
    )
