"""The order of things for a batch: take it in whole, and change its state when its owner says so.

A submission is one transaction of job, items, outbox row and audit event; no broker is touched. A job is its owner's
alone: for anybody else it does not exist.
"""

import asyncio
import hashlib
import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import AuditEvent, Deed, record
from hospital_hub.errors import BadInput, NotFound, Refused, Unavailable
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.research.job import ALIVE, ItemOutcome, JobState, Step, after
from hospital_hub.research.lines import Line, read_lines
from hospital_hub.research.prompt import batch_prompt
from hospital_hub.research.sealed import JobTexts, subject_of
from hospital_hub.research.tables import Job, JobItem, JobResult
from hospital_hub.resources import Resources
from hospital_hub.storage import outbox
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_id

TASK: Final = "research.run"
QUEUE: Final = "batch"
LONGEST_TITLE: Final = 200
LONGEST_KEY: Final = 255
ROWS_AT_ONCE: Final = 200


@dataclass(frozen=True)
class Submission:
    """`body` is the JSONL as it came; `key` the caller's Idempotency-Key, empty when it sent none."""

    body: bytes
    title: str = ""
    key: str = ""


@dataclass(frozen=True)
class Receipt:
    job_id: uuid.UUID
    replayed: bool


async def submit(resources: Resources, who: Principal, *, submission: Submission) -> Receipt:
    """Take a batch in, or find the one that the same key made before.

    Raises:
        BadLines, BadInput, TooLong: nothing is stored. Refused: the key was used for another batch.
    """
    who.require(Action.BATCH_SUBMIT)
    _check(submission)
    lines = await asyncio.to_thread(read_lines, submission.body)
    job = Job(
        id=new_id(int(utc_now().timestamp() * 1000)),
        owner=who.id,
        department=who.department,
        item_count=len(lines),
        prompt_version=batch_prompt().version,
        idempotency_key=submission.key or None,
        input_hash=resources.vault.blind("batch|" + _digest(submission)),
    )
    async with resources.database.work() as session:
        if not await _insert(session, job):
            return await _replay(session, job)
        texts = JobTexts(resources.vault, session, job.id)
        if submission.title:
            stored = await session.get_one(Job, job.id)
            stored.title = await texts.seal_title(submission.title)
        await _insert_items(session, texts, lines=lines)
        outbox.enqueue(session, task=TASK, subject_id=job.id, queue=QUEUE)
        _note(session, resources, who=who, job_id=job.id, deed=Deed.CREATE).detail = {"items": len(lines)}
    return Receipt(job.id, replayed=False)


async def change(resources: Resources, who: Principal, *, job_id: uuid.UUID, step: Step) -> None:
    """Cancel, resume or retry. The job's row is locked before its outbox row, here and in the worker.

    Raises:
        NotFound: no such job of this owner. Conflict: the step makes no sense now.
    """
    who.require(Action.BATCH_SUBMIT)
    async with resources.database.work() as session:
        job = await own_job(session, who, job_id=job_id, lock=True)
        before, job.state = job.state, after(job.state, step)
        if step is Step.CANCEL:
            await outbox.finish(session, task=TASK, subject_id=job_id)
        if step is Step.RETRY:
            await _forget_failures(session, job_id)
        if job.state is JobState.SUBMITTED and before not in ALIVE:
            job.finished_at = None
            outbox.enqueue(session, task=TASK, subject_id=job_id, queue=QUEUE)
        _note(session, resources, who=who, job_id=job_id, deed=Deed.UPDATE).detail = {"step": step.value}


async def own_job(session: AsyncSession, who: Principal, *, job_id: uuid.UUID, lock: bool = False) -> Job:
    """A foreign job is not there, rather than forbidden, so that ids tell nothing."""
    query = select(Job).where(Job.id == job_id, Job.owner == who.id)
    found = await session.exec(query.with_for_update(key_share=True) if lock else query)
    job = found.first()
    if job is None:
        raise NotFound("There is no such batch.", "See the list of your batches.", code="no_such_batch")
    return job


def _check(submission: Submission) -> None:
    if len(submission.title) > LONGEST_TITLE:
        raise BadInput("The title is too long.", "Use at most 200 characters.", code="title_too_long", place="title")
    if len(submission.key) > LONGEST_KEY or not submission.key.isprintable():
        raise BadInput("The Idempotency-Key is not usable.", "Use at most 255 visible characters.", code="bad_key")


def _digest(submission: Submission) -> str:
    return hashlib.sha256(submission.body + b"\0" + submission.title.encode()).hexdigest()


async def _insert(session: AsyncSession, job: Job) -> bool:
    """Whether it is new; a submission with the same key that is under way is waited for."""
    values = job.model_dump(exclude={"created_at"}, exclude_none=True)
    statement = insert(Job).values(values).on_conflict_do_nothing(constraint="uq_job_owner_key").returning(col(Job.id))
    return (await session.exec(statement)).first() is not None


async def _replay(session: AsyncSession, job: Job) -> Receipt:
    same_key = select(Job).where(Job.owner == job.owner, Job.idempotency_key == job.idempotency_key)
    earlier = (await session.exec(same_key)).first()
    if earlier is None:
        raise Unavailable("The batch could not be stored.", "Please send it again.", code="try_again")
    if earlier.input_hash != job.input_hash:
        raise Refused("This Idempotency-Key belongs to another batch.", "Use a new key.", code="key_reused")
    return Receipt(earlier.id, replayed=True)


async def _insert_items(session: AsyncSession, texts: JobTexts, *, lines: tuple[Line, ...]) -> None:
    for start in range(0, len(lines), ROWS_AT_ONCE):
        rows = [
            {
                "job_id": texts.job_id,
                "ordinal": ordinal,
                "content": await texts.seal_line(ordinal, line),
                "attempts": 0,
                "setbacks": 0,
            }
            for ordinal, line in enumerate(lines[start : start + ROWS_AT_ONCE], start + 1)
        ]
        await session.exec(insert(JobItem), params=rows)


async def _forget_failures(session: AsyncSession, job_id: uuid.UUID) -> None:
    failed = (col(JobResult.job_id) == job_id) & (col(JobResult.outcome) == ItemOutcome.FAILED)
    ordinals = select(JobResult.ordinal).where(failed)
    await session.exec(
        update(JobItem)
        .where(col(JobItem.job_id) == job_id, col(JobItem.ordinal).in_(ordinals))
        .values(attempts=0, setbacks=0)
    )
    await session.exec(delete(JobResult).where(failed))


def _note(session: AsyncSession, resources: Resources, *, who: Principal, job_id: uuid.UUID, deed: Deed) -> AuditEvent:
    subject = subject_of(job_id)
    return record(session, who, deed=deed, entity=subject, subject=resources.vault.blind(subject))
