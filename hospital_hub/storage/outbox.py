"""The outbox: what must reach the queue is written in the transaction that makes it true, and published afterwards.

A row names a Celery task and an id, nothing else. Redis may lose everything: a row lives until its task says `finish`,
and while it lives somebody either holds its lease or is told of it again. All times are by the database's clock.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, func, or_, text, update
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

REPUBLISH = timedelta(seconds=60)
BATCH = 100


class OutboxRow(SQLModel, table=True):
    """Alive until `done_at`; `published_at` is a hint, not a promise that the broker kept it.

    `fence` grows with each lease, so that a worker that lost its lease can be told from the one that has it.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_alive", "run_after", postgresql_where=text("done_at IS NULL")),)

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
    lease_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    fence: int = 0
    done_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


@dataclass(frozen=True)
class Message:
    """What goes to the broker."""

    id: int
    task: str
    subject_id: uuid.UUID
    queue: str


@dataclass(frozen=True)
class Lease:
    """The right to work on a row, until somebody else gets a higher fence."""

    row_id: int
    fence: int


class LeaseLost(Exception):
    """Somebody else works on it now, or nobody shall any more: stop and write nothing."""


def enqueue(session: AsyncSession, *, task: str, subject_id: uuid.UUID, queue: str) -> None:
    session.add(OutboxRow(task=task, subject_id=subject_id, queue=queue))


async def take_due(session: AsyncSession) -> list[Message]:
    """What to publish now: never published, published a minute ago and picked up by nobody, or with a dead lease.

    The rows are marked as published before they go out, so that no lock is held while the broker is slow; one that
    then does not go out is given back, or found again after a minute.
    """
    unheard = col(OutboxRow.lease_until).is_(None) & or_(
        col(OutboxRow.published_at).is_(None), col(OutboxRow.published_at) < func.now() - REPUBLISH
    )
    due = (
        select(OutboxRow.id)
        .where(_alive(), col(OutboxRow.run_after) <= func.now())
        .where(or_(unheard, col(OutboxRow.lease_until) < func.now()))
        .order_by(col(OutboxRow.run_after))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .cte("due")  # a lock inside makes PostgreSQL evaluate it once
    )
    taken = await session.exec(
        update(OutboxRow)
        .where(col(OutboxRow.id) == due.c.id)
        .values(published_at=func.now(), publications=col(OutboxRow.publications) + 1, lease_until=None)
        .returning(col(OutboxRow.id), col(OutboxRow.task), col(OutboxRow.subject_id), col(OutboxRow.queue))
        .execution_options(synchronize_session=False)
    )
    return [Message(row.id, row.task, row.subject_id, row.queue) for row in taken]


async def give_back(session: AsyncSession, messages: Iterable[Message]) -> None:
    """Say that these did not reach the broker."""
    ids = [message.id for message in messages]
    await _change(session, col(OutboxRow.id).in_(ids), values={"published_at": None})


async def claim(session: AsyncSession, *, task: str, subject_id: uuid.UUID, seconds: int) -> Lease | None:
    """The lease on a task's row, or None when it is done, put off, or held by somebody else."""
    free = (
        select(OutboxRow.id)
        .where(_this(task, subject_id), col(OutboxRow.run_after) <= func.now())
        .where(or_(col(OutboxRow.lease_until).is_(None), col(OutboxRow.lease_until) < func.now()))
        .order_by(col(OutboxRow.id))
        .limit(1)
        .with_for_update()
    )
    row_id = (await session.exec(free)).first()
    if row_id is None:
        return None
    claimed = await session.exec(
        update(OutboxRow)
        .where(col(OutboxRow.id) == row_id)
        .values(lease_until=func.now() + timedelta(seconds=seconds), fence=col(OutboxRow.fence) + 1)
        .returning(col(OutboxRow.fence))
        .execution_options(synchronize_session=False)
    )
    return Lease(row_id, claimed.scalar_one())


async def renew(session: AsyncSession, lease: Lease, *, seconds: int) -> None:
    """Raises LeaseLost when it is not held any more."""
    until = func.now() + timedelta(seconds=seconds)
    if not await _change(session, _held(lease), values={"lease_until": until}):
        raise LeaseLost


async def hold(session: AsyncSession, lease: Lease) -> None:
    """Make sure that what this transaction writes is written under the lease: nobody gets it before the commit.

    Raises:
        LeaseLost: it is not held any more.
    """
    found = await session.exec(select(OutboxRow.id).where(_held(lease)).with_for_update(read=True))
    if found.first() is None:
        raise LeaseLost


async def finish(session: AsyncSession, *, task: str, subject_id: uuid.UUID) -> None:
    """Say that the task's effect is committed; call it in the same transaction as the effect."""
    await _change(session, _this(task, subject_id), values={"done_at": func.now(), "lease_until": None})


async def put_off(session: AsyncSession, *, task: str, subject_id: uuid.UUID, seconds: int) -> None:
    """Give up the lease and have the task published again after `seconds`."""
    later = func.now() + timedelta(seconds=seconds)
    values = {"run_after": later, "published_at": None, "lease_until": None}
    await _change(session, _this(task, subject_id), values=values)


def _alive() -> ColumnElement[bool]:
    return col(OutboxRow.done_at).is_(None)


def _this(task: str, subject_id: uuid.UUID) -> ColumnElement[bool]:
    return (col(OutboxRow.task) == task) & (col(OutboxRow.subject_id) == subject_id) & _alive()


def _held(lease: Lease) -> ColumnElement[bool]:
    return (col(OutboxRow.id) == lease.row_id) & (col(OutboxRow.fence) == lease.fence) & _alive()


async def _change(session: AsyncSession, which: ColumnElement[bool], *, values: Mapping[str, object]) -> int:
    """How many rows it was."""
    statement = update(OutboxRow).where(which).values(values).execution_options(synchronize_session=False)
    return (await session.exec(statement)).rowcount
