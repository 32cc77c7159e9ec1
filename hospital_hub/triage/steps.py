"""One step of a nurse: the row locked, the step counted, the audit event, the outcome, the filing, the boards' news.

All in one transaction; what the step is, its caller says (decisions.py, vitals.py).
"""

import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import Conflict, NotFound
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage.live import announce
from hospital_hub.triage.outcomes import keep_override
from hospital_hub.triage.refiling import refile
from hospital_hub.triage.tables import Step, TriageCase, TriageDecision, TriageTurn, subject_of


@dataclass(frozen=True)
class Seen:
    """A case as the nurse saw it: how many steps had been taken."""

    case_id: uuid.UUID
    steps: int


@dataclass(frozen=True)
class Taking:
    """A step under way; `now` is the database's time, `taken` are the steps before it."""

    session: AsyncSession
    case: TriageCase
    now: datetime
    taken: tuple[TriageDecision, ...]

    @property
    def standing(self) -> tuple[TriageDecision, ...]:
        return standing_steps(self.taken)

    def must_be_on_the_board(self) -> None:
        """Raise Conflict where a nurse has taken it off."""
        if self.standing and self.standing[-1].step is Step.CLOSED:
            raise Conflict("This case was taken off the board.", "Put it back first, then decide.")


@asynccontextmanager
async def step(resources: Resources, who: Principal, *, case_id: uuid.UUID) -> AsyncIterator[Taking]:
    """The caller changes the case; whatever it raises, nothing of the step is kept."""
    async with resources.database.work() as session:
        case = await session.get(TriageCase, case_id, with_for_update=True)
        if case is None:
            raise NotFound("There is no such case.", "Go back to the board.")
        case.steps += 1
        before = case.final_level
        now = (await session.exec(select(func.now()))).one()
        yield Taking(session, case, now, await steps_of(session, case_id))
        for call in await _calls(session, case_id):
            await keep_override(session, case, call=call)
        subject = subject_of(case.id)
        event = record(session, who, deed=Deed.UPDATE, entity=subject, subject=resources.vault.blind(subject))
        event.detail = {"automatic": case.automatic_level, "before": before, "after": case.final_level}
        await refile(session, case)
        await announce(session)


@asynccontextmanager
async def seen_step(resources: Resources, who: Principal, *, seen: Seen) -> AsyncIterator[Taking]:
    """A step that decides something: only about the case as the nurse saw it.

    Raises:
        Conflict: another nurse was faster.
    """
    async with step(resources, who, case_id=seen.case_id) as taking:
        if taking.case.steps != seen.steps + 1:
            raise Conflict("Somebody else has just changed this case.", "Look at it again, then decide.")
        yield taking


async def steps_of(session: AsyncSession, case_id: uuid.UUID) -> tuple[TriageDecision, ...]:
    found = await session.exec(
        select(TriageDecision).where(TriageDecision.case_id == case_id).order_by(col(TriageDecision.ordinal))
    )
    return tuple(found.all())


async def _calls(session: AsyncSession, case_id: uuid.UUID) -> set[uuid.UUID]:
    """The model calls that spoke in this case: the nurse's level is an outcome of each."""
    query = select(TriageTurn.model_call).where(TriageTurn.case_id == case_id)
    return {call for call in (await session.exec(query)).all() if call is not None}


def standing_steps(taken: Iterable[TriageDecision]) -> tuple[TriageDecision, ...]:
    """Levels and closings that were not taken back, in their order."""
    stack: list[TriageDecision] = []
    for decision in taken:
        if decision.step in {Step.LEVEL, Step.CLOSED}:
            stack.append(decision)
        elif decision.step is Step.TAKEN_BACK and stack:
            stack.pop()
    return tuple(stack)
