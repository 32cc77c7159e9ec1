"""What a nurse does to a case: acknowledge a red flag, set the final level, look again, take it off, take that back.

Each step is appended with who took it; the automatic level stays as it was. A step names what its nurse saw, so
that nobody overwrites another's decision unseen.
"""

from datetime import datetime

from hospital_hub.clinical.levels import Level
from hospital_hub.errors import Conflict
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage.case_view import red_flag_level
from hospital_hub.triage.final_level import Choice, Closing, check, check_closing
from hospital_hub.triage.queue import look_again_after
from hospital_hub.triage.rows import standing
from hospital_hub.triage.steps import Seen, Taking, seen_step
from hospital_hub.triage.tables import Step, TriageCase, TriageDecision, place_of_assessment, subject_of

__all__ = ["Seen", "acknowledge", "close", "look_again", "set_level", "take_back"]


async def set_level(resources: Resources, who: Principal, *, seen: Seen, choice: Choice) -> None:
    """Set the final level. Who sets one has seen the red flag, and is reminded to look again.

    Raises:
        Refused: a level below the automatic one lacks its reason, or below a red flag its assessment.
        Conflict: another nurse was faster, or the case was taken off the board.
    """
    async with seen_step(resources, who, seen=seen) as taking:
        taking.must_be_on_the_board()
        case = taking.case
        check(choice, automatic=standing(case).automatic, red_flag=red_flag_level(case))
        decision = _decision(case, who, step=Step.LEVEL)
        decision.level, decision.reason = choice.level, choice.reason
        await _write(resources, taking, decision=decision, assessment=choice.assessment)
        case.final_level = choice.level
        case.retriage_at = taking.now + look_again_after(choice.level, pack=case.pack)
        if case.flags:
            case.acknowledged_at = case.acknowledged_at or taking.now


async def acknowledge(resources: Resources, who: Principal, *, seen: Seen, now: datetime) -> None:
    """Say that a person has seen the red flag and is going; the level stays."""
    async with seen_step(resources, who, seen=seen) as taking:
        taking.session.add(_decision(taking.case, who, step=Step.ACKNOWLEDGED))
        taking.case.acknowledged_at = taking.case.acknowledged_at or now


async def look_again(resources: Resources, who: Principal, *, seen: Seen) -> None:
    """Looked again, unchanged: the level stands, and the clock for the next look begins anew.

    Raises:
        Conflict: there is no level yet, another nurse was faster, or the case was taken off the board.
    """
    async with seen_step(resources, who, seen=seen) as taking:
        taking.must_be_on_the_board()
        case = taking.case
        if case.final_level is None:
            raise Conflict("This case has no level of a nurse yet.", "Set the level first.")
        decision = _decision(case, who, step=Step.LOOKED)
        decision.level = case.final_level
        taking.session.add(decision)
        case.retriage_at = taking.now + look_again_after(Level(case.final_level), pack=case.pack)


async def close(resources: Resources, who: Principal, *, seen: Seen, closing: Closing) -> None:
    """Take the case off the board; it stays readable and can be put back.

    Raises:
        Refused: the reason is missing, or the assessment of a red flag that nobody has levelled.
        Conflict: it is off the board already, or another nurse was faster.
    """
    async with seen_step(resources, who, seen=seen) as taking:
        taking.must_be_on_the_board()
        case = taking.case
        check_closing(closing, final=standing(case).final, red_flag=red_flag_level(case))
        decision = _decision(case, who, step=Step.CLOSED)
        decision.level, decision.reason = case.final_level, closing.reason
        await _write(resources, taking, decision=decision, assessment=closing.assessment)
        case.retriage_at = None
        if case.flags:
            case.acknowledged_at = case.acknowledged_at or taking.now


async def take_back(resources: Resources, who: Principal, *, seen: Seen) -> None:
    """Undo the last level or closing; what was before it stands again. A red flag calls again if only that answered it.

    Raises:
        Conflict: there is nothing to take back, or another nurse was faster.
    """
    async with seen_step(resources, who, seen=seen) as taking:
        if not taking.standing:
            raise Conflict("There is no level to take back.", "Look at the case again.")
        case, left = taking.case, taking.standing[:-1]
        decision = _decision(case, who, step=Step.TAKEN_BACK)
        decision.level = next((one.level for one in reversed(left) if one.step is Step.LEVEL), None)
        taking.session.add(decision)
        case.final_level = decision.level
        case.retriage_at = None if decision.level is None else taking.now
        if not left and all(one.step is not Step.ACKNOWLEDGED for one in taking.taken):
            case.acknowledged_at = None


async def _write(resources: Resources, taking: Taking, *, decision: TriageDecision, assessment: str) -> None:
    """The step with what the nurse wrote about it, sealed."""
    words = assessment.strip()
    if words:
        decision.assessment = await resources.vault.seal(
            taking.session,
            subject=subject_of(decision.case_id),
            place=place_of_assessment(decision.case_id, decision.ordinal),
            text=words,
        )
    taking.session.add(decision)


def _decision(case: TriageCase, who: Principal, *, step: Step) -> TriageDecision:
    return TriageDecision(
        case_id=case.id,
        ordinal=case.steps,
        step=step,
        who=who.id,
        display_name=who.display_name,
        automatic_level=case.automatic_level,
    )
