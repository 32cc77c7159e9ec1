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
from routing import Decision, Fleet, Refusal, Request, SecondOpinion, Task, Tier, decide
from routing.values import Reason

ROUNDS: Final = 2
ANSWERING_SHARE: Final = 0.5  # of the deadline, left for the answer to begin after the wait


@dataclass(frozen=True)
class Placed:
    """`grants` is one place, or two for a second opinion. `fleet` is the picture on which `decision` was taken."""

    decision: Decision
    grants: tuple[Grant, ...]
    fleet: Fleet


async def place(models: Models, question: Question) -> Placed | Refusal:
    """A place, or why there is none. The place must be given back."""
    request = question.for_routing()
    outcome: Decision | Refusal | None = None
    for _ in range(ROUNDS):
        fleet = models.gate.fleet.snapshot(_now(), patient=request.patient_data)
        outcome = decide(request, fleet, policy=models.policy)
        if isinstance(outcome, Refusal):
            break
        if outcome.second_opinion is not None:
            pair = await _two_places(models, question, plan=outcome.second_opinion)
            if pair:
                return Placed(outcome, pair, fleet)
            outcome = _alone(outcome)
        found = await models.gate.enter(want(question, (outcome.tier,)))
        if isinstance(found, Grant):
            return Placed(outcome, (found,), fleet)
        if found.code == "no_gate":
            return Refusal("down", found.retry_after, outcome.trace)
    assert outcome is not None  # noqa: S101 - there is at least one round
    if isinstance(outcome, Refusal) and (outcome.code != "busy" or not models.gate.worth_waiting(request.lane)):
        return outcome
    return await _wait(models, question, request=request)


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


async def _wait(models: Models, question: Question, *, request: Request) -> Placed | Refusal:
    """In the lane's queue for the tiers that would be chosen if all places were free."""
    fleet = models.gate.fleet.snapshot(_now(), patient=request.patient_data, idle=True)
    wish = decide(request, fleet, policy=models.policy)
    if isinstance(wish, Refusal):
        return wish
    longest = min(QUEUES[request.lane].longest, request.deadline * ANSWERING_SHARE)
    found = await models.gate.enter(want(question, (wish.tier, *allowed_fallbacks(wish, question)), wait=longest))
    if isinstance(found, Full):
        return Refusal("busy" if found.code == "busy" else "down", found.retry_after, wish.trace)
    return Placed(_after_waiting(wish, found), (found,), fleet)


def _after_waiting(wish: Decision, grant: Grant) -> Decision:
    """The decision as it came about: which tier had a place first, and after how long. No second opinion any more."""
    tier = Tier.of(grant.tier)
    reason = Reason("room", f"{grant.tier}:queue", f"waited {grant.waited:.1f} s for a place on {grant.replica}")
    trace = replace(wish.trace, reasons=(*wish.trace.reasons, reason))
    later = tuple(one for one in wish.fallbacks if one != tier and one > tier)
    return Decision(tier, (grant.replica,), later, trace)


def _now() -> float:
    return asyncio.get_running_loop().time()
