"""One item of a batch: open it, take identifiers out, ask the hub, write its one result under the lease."""

import asyncio
import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.clinical.deidentify import Deidentified, deidentify
from hospital_hub.errors import BadInput, Busy, ModelsUnavailable, UpstreamFailed
from hospital_hub.identity.guard import internal_token
from hospital_hub.inference.internal import AskIn, AskOut, MessageIn
from hospital_hub.inference.remote import ask_hub
from hospital_hub.research.job import ItemOutcome, gives_up
from hospital_hub.research.lines import Line
from hospital_hub.research.outcomes import keep_check
from hospital_hub.research.prompt import batch_prompt
from hospital_hub.research.sealed import JobTexts, subject_of
from hospital_hub.research.tables import JobItem, JobResult
from hospital_hub.resources import Resources
from hospital_hub.storage import outbox
from routing import Lane, Task

ASK_SECONDS: Final = 240.0
GAVE_UP: Final = "gave_up"


@dataclass(frozen=True)
class Desk:
    """A worker's place at one job, for as long as it holds the lease."""

    resources: Resources
    job_id: uuid.UUID
    owner: str
    department: str
    lease: outbox.Lease


@dataclass(frozen=True)
class _Begun:
    line: Line
    attempts: int
    setbacks: int


async def answer_item(desk: Desk, ordinal: int) -> None:
    """Give the item its result, or leave it for another time.

    Raises:
        Busy, ModelsUnavailable: nothing of this job can be asked now. LeaseLost: stop.
    """
    begun = await _begin(desk, ordinal)
    if begun is None:
        return
    clean = deidentify(begun.line.question)
    started = asyncio.get_running_loop().time()
    try:
        answered = await _ask(desk, clean, ordinal=ordinal)
    except (Busy, asyncio.CancelledError):
        await asyncio.shield(_put_back(desk, ordinal, setbacks=0))
        raise
    except ModelsUnavailable:
        await _put_back(desk, ordinal, setbacks=1)
        raise
    except (BadInput, UpstreamFailed) as wrong:
        if isinstance(wrong, BadInput) or gives_up(attempts=begun.attempts, setbacks=begun.setbacks):
            await _store(desk, _failure(desk, ordinal, code=wrong.code))
    else:
        spent = asyncio.get_running_loop().time() - started
        result = _answer(desk, ordinal, answered=answered, clean=clean, seconds=spent)
        await _store(desk, result, text=answered.text)


async def _begin(desk: Desk, ordinal: int) -> _Begun | None:
    """The item with this attempt counted; None when it was begun too often, which is then its result."""
    async with desk.resources.database.work() as session:
        await outbox.hold(session, desk.lease)
        item = await session.get_one(JobItem, (desk.job_id, ordinal))
        if gives_up(attempts=item.attempts, setbacks=item.setbacks):
            await _insert(session, _failure(desk, ordinal, code=GAVE_UP))
            return None
        item.attempts += 1
        line = await JobTexts(desk.resources.vault, session, desk.job_id).line(ordinal, item.content)
        return _Begun(line, item.attempts, item.setbacks)


async def _put_back(desk: Desk, ordinal: int, *, setbacks: int) -> None:
    """The item was not to blame, so the attempt does not count."""
    changed = {"attempts": col(JobItem.attempts) - 1, "setbacks": col(JobItem.setbacks) + setbacks}
    this = (col(JobItem.job_id) == desk.job_id) & (col(JobItem.ordinal) == ordinal)
    async with desk.resources.database.work() as session:
        await session.exec(update(JobItem).where(this).values(changed))


async def _ask(desk: Desk, clean: Deidentified, *, ordinal: int) -> AskOut:
    prompt, subject = batch_prompt(), subject_of(desk.job_id)
    question = AskIn(
        asked_by=desk.owner,
        department=desk.department,
        prompt_version=prompt.version,
        messages=[MessageIn(role="system", content=prompt.system), MessageIn(role="user", content=clean.text)],
        text=clean.text,
        lane=Lane.BATCH,
        surface=Task.RESEARCH,
        answer_tokens=prompt.answer_tokens,
        deadline=ASK_SECONDS,
        entity=f"{subject}#{ordinal}",
        # Names and the like are still in it, so it may only go where patients' texts may.
        subject=desk.resources.vault.blind(subject).hex(),
    )
    resources = desk.resources
    url, token = resources.settings.worker_hub_url, internal_token(resources)
    return await ask_hub(resources.http, url=url, token=token, question=question)


def _failure(desk: Desk, ordinal: int, *, code: str) -> JobResult:
    outcome, fence = ItemOutcome.FAILED, desk.lease.fence
    return JobResult(job_id=desk.job_id, ordinal=ordinal, outcome=outcome, error_code=code, fence=fence)


def _answer(desk: Desk, ordinal: int, *, answered: AskOut, clean: Deidentified, seconds: float) -> JobResult:
    return JobResult(
        job_id=desk.job_id,
        ordinal=ordinal,
        outcome=ItemOutcome.ANSWERED,
        removed=dict(clean.counts),
        tier=answered.tier,
        weights=answered.weights,
        finish_reason=answered.finish_reason,
        call_id=answered.call_id,
        prompt_tokens=answered.prompt_tokens,
        completion_tokens=answered.completion_tokens,
        milliseconds=round(1000 * seconds),
        fence=desk.lease.fence,
    )


async def _store(desk: Desk, result: JobResult, *, text: str = "") -> None:
    async with desk.resources.database.work() as session:
        await outbox.hold(session, desk.lease)
        if text:
            texts = JobTexts(desk.resources.vault, session, desk.job_id)
            result.answer = await texts.seal_answer(result.ordinal, text)
        await _insert(session, result)
        await keep_check(session, result)


async def _insert(session: AsyncSession, result: JobResult) -> None:
    """An item has one result: whoever comes second changes nothing."""
    values = result.model_dump(exclude={"at"})
    await session.exec(insert(JobResult).values(values).on_conflict_do_nothing())
