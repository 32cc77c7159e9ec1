"""What a nurse does to a case: acknowledge a red flag, set the final level, take the last change back.

Each step is appended with who took it; the automatic level stays as it was. A step names what its nurse saw, so
that nobody overwrites another's decision unseen.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import Conflict, NotFound
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage.answer_store import REPLY
from hospital_hub.triage.board import standing
from hospital_hub.triage.case_view import red_flag_level
from hospital_hub.triage.final_level import Choice, check
from hospital_hub.triage.live import announce
from hospital_hub.triage.outcomes import call_of, keep_override
from hospital_hub.triage.tables import Step, TriageCase, TriageDecision, place_of_assessment, subject_of


@dataclass(frozen=True)
class Seen:
    """A case as the nurse saw it: how many steps had been taken."""

    case_id: uuid.UUID
    steps: int


async def set_level(resources: Resources, who: Principal, *, seen: Seen, choice: Choice) -> None:
    """Set the final level.

    Raises:
        Refused: a level below the automatic one lacks its reason, or below a red flag its assessment.
        Conflict: another nurse was faster.
    """
    async with _step(resources, who, seen=seen) as (session, case):
        check(choice, automatic=standing(case).automatic, red_flag=red_flag_level(case))
        decision = _decision(case, who, step=Step.LEVEL)
        decision.level, decision.reason = choice.level, choice.reason
        if choice.assessment.strip():
            decision.assessment = await resources.vault.seal(
                session,
                subject=subject_of(case.id),
                place=place_of_assessment(case.id, decision.ordinal),
                text=choice.assessment.strip(),
            )
        session.add(decision)
        case.final_level = choice.level


async def acknowledge(resources: Resources, who: Principal, *, seen: Seen, now: datetime) -> None:
    """Say that a person has seen the red flag and is going; the level stays."""
    async with _step(resources, who, seen=seen) as (session, case):
        session.add(_decision(case, who, step=Step.ACKNOWLEDGED))
        case.acknowledged_at = case.acknowledged_at or now


async def take_back(resources: Resources, who: Principal, *, seen: Seen) -> None:
    """Undo the last level; the one before it stands again, or none.

    Raises:
        Conflict: there is no level to take back, or another nurse was faster.
    """
    async with _step(resources, who, seen=seen) as (session, case):
        if case.final_level is None:
            raise Conflict("There is no level to take back.", "Look at the case again.")
        decision = _decision(case, who, step=Step.TAKEN_BACK)
        decision.level = await _level_before(session, case)
        session.add(decision)
        case.final_level = decision.level


@asynccontextmanager
async def _step(resources: Resources, who: Principal, *, seen: Seen) -> AsyncIterator[tuple[AsyncSession, TriageCase]]:
    """One transaction: the row locked, the step counted, the audit event, the news for the boards."""
    async with resources.database.work() as session:
        case = await session.get(TriageCase, seen.case_id, with_for_update=True)
        if case is None:
            raise NotFound("There is no such case.", "Go back to the board.")
        if case.steps != seen.steps:
            raise Conflict("Somebody else has just changed this case.", "Look at it again, then decide.")
        case.steps += 1
        before = case.final_level
        yield session, case
        await keep_override(session, case, call=await call_of(session, case.id, ordinal=REPLY))
        subject = subject_of(case.id)
        event = record(session, who, deed=Deed.UPDATE, entity=subject, subject=resources.vault.blind(subject))
        event.detail = {"automatic": case.automatic_level, "before": before, "after": case.final_level}
        await announce(session)


def _decision(case: TriageCase, who: Principal, *, step: Step) -> TriageDecision:
    return TriageDecision(
        case_id=case.id,
        ordinal=case.steps,
        step=step,
        who=who.id,
        display_name=who.display_name,
        automatic_level=case.automatic_level,
    )


async def _level_before(session: AsyncSession, case: TriageCase) -> int | None:
    """The level that stood before the one that stands now: replay the steps as a stack."""
    found = await session.exec(
        select(TriageDecision).where(TriageDecision.case_id == case.id).order_by(col(TriageDecision.ordinal))
    )
    stack: list[int | None] = []
    for decision in found.all():
        if decision.step is Step.LEVEL:
            stack.append(decision.level)
        elif decision.step is Step.TAKEN_BACK and stack:
            stack.pop()
    return stack[-2] if len(stack) > 1 else None
