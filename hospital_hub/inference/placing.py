"""From a question to a place: routing decides on the fleet's picture, the gate gives the place or says when.

The place may be gone by the time it is asked for; then routing decides again, and at last the question waits in its
lane, for as long as the lane allows and its deadline makes sense of.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from hospital_hub.inference.admission import QUEUES, Full, Grant, Want
from hospital_hub.inference.models import Models
from hospital_hub.inference.question import Question
from hospital_hub.inference.servers import Verdict
from routing import Decision, Fleet, Refusal, SecondOpinion, Task, Tier
from routing.replay import Case, case_of
from routing.values import Reason

ROUNDS: Final = 2
ANSWERING_SHARE: Final = 0.5  # of the deadline, left for the answer to begin after the wait


@dataclass(frozen=True)
class Placed:
    """`grants` is one place, or two for a second opinion. `case` holds the picture on which `decision` was taken."""

    decision: Decision
    grants: tuple[Grant, ...]
    case: Case


@dataclass(frozen=True)
class NoPlace:
    refusal: Refusal
    case: Case


async def place(models: Models, question: Question) -> Placed | NoPlace:
    """A place, or why there is none. The place must be given back."""
    case = case_of(question.for_routing(), _picture(models, question))
    for number in range(ROUNDS):
        case = replace(case, fleet=_picture(models, question)) if number else case
        outcome = case.decide(models.policy)
        if isinstance(outcome, Refusal):
            if outcome.code != "busy":
                return NoPlace(outcome, case)
            break
        if outcome.second_opinion is not None:
            pair = await _two_places(models, question, plan=outcome.second_opinion)
            if pair:
                return Placed(outcome, pair, case)
            outcome = _alone(outcome)
        found = await models.gate.enter(want(question, (outcome.tier,)))
        if isinstance(found, Grant):
            return Placed(outcome, (found,), case)
        if found.code == "no_gate":
            return NoPlace(Refusal("down", found.retry_after, outcome.trace), case)
    if isinstance(outcome, Refusal) and not models.gate.worth_waiting(case.facts.lane):
        return NoPlace(outcome, case)
    return await _wait(models, question, case=case)


def _picture(models: Models, question: Question, *, idle: bool = False) -> Fleet:
    return models.gate.fleet.snapshot(_now(), patient=question.for_patients, idle=idle)


def want(question: Question, tiers: tuple[Tier, ...], *, wait: float = 0.0) -> Want:
    return Want(question.lane, tiers, wait, patient=question.for_patients, affinity=question.subject)


def allowed_fallbacks(decision: Decision, question: Question) -> tuple[Tier, ...]:
    """Tiers that may answer in its place: clinical work only ever goes to a larger model."""
    return tuple(tier for tier in decision.fallbacks if tier > decision.tier or not _clinical(decision, question))


def _clinical(decision: Decision, question: Question) -> bool:
    clinical_task = decision.trace.task in {Task.TRIAGE, Task.NOTE}
    return clinical_task or bool(question.red_flags) or question.subject is not None or decision.trace.floor > Tier(1)


async def _two_places(models: Models, question: Question, *, plan: SecondOpinion) -> tuple[Grant, ...]:
    """Both or none: half a second opinion is none."""
    first = await models.gate.enter(want(question, (plan.first,)))
    if isinstance(first, Full):
        return ()
    second = await models.gate.enter(want(question, (plan.second,)))
    if isinstance(second, Full):
        models.gate.leave(first, Verdict.NEITHER)
        return ()
    return first, second


def _alone(decision: Decision) -> Decision:
    reason = Reason("second_opinion", "cannot", "one of the two models has no place now")
    trace = replace(decision.trace, reasons=(*decision.trace.reasons, reason))
    return replace(decision, second_opinion=None, trace=trace)


async def _wait(models: Models, question: Question, *, case: Case) -> Placed | NoPlace:
    """In the lane's queue for the tiers that would be chosen if all places were free."""
    free = replace(case, fleet=_picture(models, question, idle=True))
    wish = free.decide(models.policy)
    if isinstance(wish, Refusal):
        return NoPlace(wish, free)
    longest = min(QUEUES[case.facts.lane].longest, case.facts.deadline * ANSWERING_SHARE)
    found = await models.gate.enter(want(question, (wish.tier, *allowed_fallbacks(wish, question)), wait=longest))
    if isinstance(found, Full):
        refusal = Refusal("busy" if found.code == "busy" else "down", found.retry_after, wish.trace)
        return NoPlace(refusal, case)
    return Placed(_after_waiting(wish, found), (found,), free)


def _after_waiting(wish: Decision, grant: Grant) -> Decision:
    """The decision as it came about: which tier had a place first, and after how long. No second opinion any more."""
    tier = Tier.of(grant.tier)
    reason = Reason("room", f"{grant.tier}:queue", f"waited {grant.waited:.1f} s for a place on {grant.replica}")
    trace = replace(wish.trace, reasons=(*wish.trace.reasons, reason))
    later = tuple(one for one in wish.fallbacks if one != tier and one > tier)
    return Decision(tier, (grant.replica,), later, trace)


def _now() -> float:
    return asyncio.get_running_loop().time()
