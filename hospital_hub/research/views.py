"""What an owner sees of jobs: state, progress, pace, figures. Counts only; the texts are in `results`."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.research.job import ALIVE, ItemOutcome, JobState, Pace, Tally, pace
from hospital_hub.research.sealed import JobTexts
from hospital_hub.research.service import own_job
from hospital_hub.research.tables import Job, JobResult
from hospital_hub.resources import Resources

RECENT: Final = timedelta(seconds=60)
NO_PACE: Final = Pace(per_minute=0.0, left=None)
# Upper bounds in seconds of the answers' times, for the plot.
BOUNDS: Final = (1, 2, 5, 10, 30, 60, 120)


@dataclass(frozen=True)
class JobView:
    id: uuid.UUID
    title: str
    state: JobState
    tally: Tally
    prompt_version: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    pace: Pace = NO_PACE

    @property
    def alive(self) -> bool:
        return self.state in ALIVE


@dataclass(frozen=True)
class Figures:
    """Of the answers there are so far. `seconds` counts them by `BOUNDS`, the last place is for slower ones."""

    prompt_tokens: int
    completion_tokens: int
    seconds: tuple[int, ...]
    tiers: Mapping[str, int]
    errors: Mapping[str, int]


async def own_jobs(resources: Resources, who: Principal, *, limit: int, before: uuid.UUID | None) -> list[JobView]:
    """The newest first; `before` is the last id of the page before (ids are ordered by time)."""
    who.require(Action.BATCH_READ)
    query = select(Job).where(Job.owner == who.id).order_by(col(Job.id).desc()).limit(limit)
    async with resources.database.work() as session:
        jobs = list(await session.exec(query if before is None else query.where(col(Job.id) < before)))
        tallies = await _tallies(session, jobs)
        return [await _view(session, resources, job=job, tally=tallies[job.id]) for job in jobs]


async def job_view(resources: Resources, who: Principal, *, job_id: uuid.UUID) -> JobView:
    """Raises NotFound for a job of somebody else."""
    who.require(Action.BATCH_READ)
    async with resources.database.work() as session:
        job = await own_job(session, who, job_id=job_id)
        tally = (await _tallies(session, [job]))[job_id]
        return await _view(session, resources, job=job, tally=tally)


async def job_figures(resources: Resources, who: Principal, *, job_id: uuid.UUID) -> Figures:
    who.require(Action.BATCH_READ)
    async with resources.database.work() as session:
        await own_job(session, who, job_id=job_id)
        return Figures(
            *(await _tokens(session, job_id)),
            seconds=await _seconds(session, job_id),
            tiers=await _counts(session, job_id, outcome=ItemOutcome.ANSWERED),
            errors=await _counts(session, job_id, outcome=ItemOutcome.FAILED),
        )


async def _view(session: AsyncSession, resources: Resources, *, job: Job, tally: Tally) -> JobView:
    return JobView(
        id=job.id,
        title=await JobTexts(resources.vault, session, job.id).title(job.title),
        state=job.state,
        tally=tally,
        prompt_version=job.prompt_version,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        pace=await _pace(session, job, tally=tally),
    )


async def _tallies(session: AsyncSession, jobs: Sequence[Job]) -> Mapping[uuid.UUID, Tally]:
    counted = await session.exec(
        select(JobResult.job_id, JobResult.outcome, func.count())
        .where(col(JobResult.job_id).in_([job.id for job in jobs]))
        .group_by(col(JobResult.job_id), col(JobResult.outcome))
    )
    counts = {(job_id, outcome): count for job_id, outcome, count in counted}
    return {
        job.id: Tally(
            total=job.item_count,
            answered=counts.get((job.id, ItemOutcome.ANSWERED), 0),
            failed=counts.get((job.id, ItemOutcome.FAILED), 0),
        )
        for job in jobs
    }


async def _pace(session: AsyncSession, job: Job, *, tally: Tally) -> Pace:
    """By the database's clock, which also dates the results."""
    if job.state is not JobState.RUNNING or job.started_at is None:
        return NO_PACE
    since = func.greatest(job.started_at, func.now() - RECENT)
    window = func.extract("epoch", func.now() - since)
    found = await session.exec(
        select(func.count(), window).where(col(JobResult.job_id) == job.id, col(JobResult.at) >= since)
    )
    recent, seconds = found.one()
    return pace(tally, recent=recent, window=timedelta(seconds=float(seconds)))


async def _tokens(session: AsyncSession, job_id: uuid.UUID) -> tuple[int, int]:
    sums = select(
        func.coalesce(func.sum(JobResult.prompt_tokens), 0), func.coalesce(func.sum(JobResult.completion_tokens), 0)
    )
    prompt, completion = (await session.exec(sums.where(col(JobResult.job_id) == job_id))).one()
    return prompt, completion


async def _seconds(session: AsyncSession, job_id: uuid.UUID) -> tuple[int, ...]:
    place = func.width_bucket(JobResult.milliseconds, [0, *(1000 * bound for bound in BOUNDS)])
    counted = await session.exec(
        select(place, func.count())
        .where(col(JobResult.job_id) == job_id, col(JobResult.outcome) == ItemOutcome.ANSWERED)
        .group_by(place)
    )
    counts = dict(counted.all())
    return tuple(counts.get(number, 0) for number in range(1, len(BOUNDS) + 2))


async def _counts(session: AsyncSession, job_id: uuid.UUID, *, outcome: ItemOutcome) -> Mapping[str, int]:
    """Tiers of the answers, or codes of the failures."""
    name = JobResult.tier if outcome is ItemOutcome.ANSWERED else JobResult.error_code
    counted = await session.exec(
        select(name, func.count())
        .where(col(JobResult.job_id) == job_id, col(JobResult.outcome) == outcome)
        .group_by(name)
        .order_by(name)
    )
    return dict(counted.all())
