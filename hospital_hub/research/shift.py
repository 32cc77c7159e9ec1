"""A worker's shift at one job: take the lease, answer items side by side for a while, give the lease back.

Shifts are short, so that jobs take turns and notes to be filed do not wait. Whatever ends a shift early, a killed
process included, the items without a result are what the next one begins with.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.errors import Busy, ModelsUnavailable
from hospital_hub.research.item import Desk, answer_item
from hospital_hub.research.job import ALIVE, ItemOutcome, JobState, Step, Tally, after
from hospital_hub.research.service import TASK
from hospital_hub.research.tables import Job, JobItem, JobResult
from hospital_hub.resources import Resources
from hospital_hub.storage import outbox

ITEMS_AT_MOST: Final = 500
NO_MODEL_SECONDS: Final = 10
log = structlog.get_logger()


@dataclass(frozen=True)
class Rhythm:
    """Seconds: no new item after `shift`; the lease lasts `lease` and is renewed every `beat`."""

    shift: float = 20.0
    lease: int = 20
    beat: float = 5.0
    look: float = 0.5


NORMAL: Final = Rhythm()


async def work_on(
    resources: Resources, job_id: uuid.UUID, *, stopping: Callable[[], bool], rhythm: Rhythm = NORMAL
) -> None:
    """One shift; does nothing when the job is finished, cancelled, put off or in other hands."""
    desk = await _sit_down(resources, job_id, rhythm=rhythm)
    if desk is None:
        return
    try:
        pause = await _work(desk, stopping=stopping, rhythm=rhythm)
        state = await _get_up(desk, pause=pause)
    except outbox.LeaseLost:
        log.info("lease_lost", job=str(job_id), fence=desk.lease.fence)
    else:
        log.info("shift_ended", job=str(job_id), fence=desk.lease.fence, state=state.value, pause=pause)


async def _sit_down(resources: Resources, job_id: uuid.UUID, *, rhythm: Rhythm) -> Desk | None:
    async with resources.database.work() as session:
        job = await _locked(session, job_id)
        if job is None or job.state not in ALIVE:
            return None
        lease = await outbox.claim(session, task=TASK, subject_id=job_id, seconds=rhythm.lease)
        if lease is None:
            return None
        job.state = after(job.state, Step.BEGIN)
        await _date(session, job_id, started=True)
        return Desk(resources, job_id, job.owner, job.department, lease)


async def _work(desk: Desk, *, stopping: Callable[[], bool], rhythm: Rhythm) -> int:
    """Seconds after which the job is to be taken up again.

    Raises:
        LeaseLost: the job was cancelled, or somebody else has it now.
    """
    crew = asyncio.create_task(_answer_some(desk, rhythm=rhythm))
    keeper = asyncio.create_task(_keep(desk, stopping=stopping, rhythm=rhythm))
    try:
        await asyncio.wait({crew, keeper}, return_when=asyncio.FIRST_COMPLETED)
        if not keeper.done():
            return crew.result()
        keeper.result()
        return 0
    finally:
        crew.cancel()
        keeper.cancel()
        await asyncio.gather(crew, keeper, return_exceptions=True)


async def _keep(desk: Desk, *, stopping: Callable[[], bool], rhythm: Rhythm) -> None:
    """Renew the lease until the worker is to stop."""
    loop = asyncio.get_running_loop()
    beat_at = loop.time() + rhythm.beat
    while not stopping():
        await asyncio.sleep(rhythm.look)
        if loop.time() >= beat_at:
            async with desk.resources.database.work() as session:
                await outbox.renew(session, desk.lease, seconds=rhythm.lease)
            beat_at = loop.time() + rhythm.beat


async def _answer_some(desk: Desk, *, rhythm: Rhythm) -> int:
    """As many items at once as the settings say. The pause that the models asked for, else 0."""
    ends = asyncio.get_running_loop().time() + rhythm.shift
    pauses: list[int] = []
    ordinals = iter(await _pending(desk))
    at_once = desk.resources.settings.worker_concurrency
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(_answer_in_turn(desk, ordinals, ends=ends, pauses=pauses))
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return max(pauses, default=0)


async def _answer_in_turn(desk: Desk, ordinals: Iterator[int], *, ends: float, pauses: list[int]) -> None:
    for ordinal in ordinals:
        if pauses or asyncio.get_running_loop().time() >= ends:
            return
        try:
            await answer_item(desk, ordinal)
        except Busy as busy:
            pauses.append(busy.retry_after)
        except ModelsUnavailable:
            pauses.append(NO_MODEL_SECONDS)


async def _pending(desk: Desk) -> list[int]:
    """Items without a result; those that went wrong before come last, so that they hold up nobody."""
    result = (col(JobResult.job_id) == col(JobItem.job_id)) & (col(JobResult.ordinal) == col(JobItem.ordinal))
    query = (
        select(JobItem.ordinal)
        .where(JobItem.job_id == desk.job_id, ~select(JobResult).where(result).exists())
        .order_by(col(JobItem.attempts) + col(JobItem.setbacks), col(JobItem.ordinal))
        .limit(ITEMS_AT_MOST)
    )
    async with desk.resources.database.work() as session:
        return list(await session.exec(query))


async def _get_up(desk: Desk, *, pause: int) -> JobState:
    """End the job when every item has its result, else have it taken up again."""
    async with desk.resources.database.work() as session:
        job = await _locked(session, desk.job_id)
        await outbox.hold(session, desk.lease)
        if job is None:
            raise outbox.LeaseLost
        verdict = (await _tally(session, job)).verdict()
        if verdict is None:
            await outbox.put_off(session, task=TASK, subject_id=job.id, seconds=pause)
            return job.state
        job.state = verdict
        await _date(session, job.id, started=False)
        await outbox.finish(session, task=TASK, subject_id=job.id)
        return verdict


async def _locked(session: AsyncSession, job_id: uuid.UUID) -> Job | None:
    """Without the key, which the results' foreign keys look at."""
    return (await session.exec(select(Job).where(Job.id == job_id).with_for_update(key_share=True))).first()


async def _date(session: AsyncSession, job_id: uuid.UUID, *, started: bool) -> None:
    """By the database's clock."""
    at = {"started_at": func.coalesce(Job.started_at, func.now())} if started else {"finished_at": func.now()}
    await session.exec(update(Job).where(col(Job.id) == job_id).values(at))


async def _tally(session: AsyncSession, job: Job) -> Tally:
    counted = await session.exec(
        select(JobResult.outcome, func.count()).where(JobResult.job_id == job.id).group_by(col(JobResult.outcome))
    )
    counts = dict(counted.all())
    answered, failed = counts.get(ItemOutcome.ANSWERED, 0), counts.get(ItemOutcome.FAILED, 0)
    return Tally(job.item_count, answered=answered, failed=failed)
