"""decide(request, fleet, policy): task, filters and floor, need, room; each step leaves its reasons.

No step reads the clock or the network, and nothing in the text can lower a floor.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from routing.floors import Floor, floor_of
from routing.models import Models
from routing.need import Opinions, bar_of, opinions, wish
from routing.policy import Policy
from routing.reading import Reading, read
from routing.room import Place, look
from routing.values import (
    Decision,
    Facts,
    Fleet,
    Lane,
    Need,
    Reason,
    Refusal,
    Request,
    SecondOpinion,
    Task,
    Tier,
    TierView,
    Trace,
)

SCORE_DIGITS = 4


def decide(request: Request, fleet: Fleet, *, policy: Policy, models: Models | None = None) -> Decision | Refusal:
    """The smallest allowed tier that is worth its cost and has room, or an honest refusal."""
    return decide_reading(request, read(request.text, models=models), fleet=fleet, policy=policy)


def decide_reading(facts: Facts, reading: Reading, *, fleet: Fleet, policy: Policy) -> Decision | Refusal:
    """The same for a text that was read before."""
    meant = _meant(facts, reading, policy=policy)
    floor = floor_of(facts, meant.task, risky=reading.risky, policy=policy)
    ruled_out = _filter(facts, fleet)
    aim = _aim(facts, reading, meant=meant, floor=floor.tier, policy=policy)
    notes = _Notes(policy.version, reading, meant, floor, aim, dict(ruled_out))
    allowed = [view for view in fleet.tiers if view.tier >= floor.tier and view.tier.label not in ruled_out]
    if not allowed:
        return _nothing_allowed(facts, fleet, notes=notes)
    return _place(facts, _preferred(allowed, aim.tier), policy=policy, notes=notes)


@dataclass(frozen=True)
class _Meant:
    """The task that this policy takes the request to be; `known` when the caller's page said so."""

    task: Task
    known: bool
    reason: Reason


@dataclass(frozen=True)
class _Aim:
    """The tier that the need asks for before room, and the second opinion, with their reasons."""

    tier: Tier
    opinions: Opinions | None
    reasons: tuple[Reason, ...]


@dataclass
class _Notes:
    """The trace while it grows."""

    policy: str
    reading: Reading
    meant: _Meant
    floor: Floor
    aim: _Aim
    ruled_out: Mapping[str, str]
    room: dict[str, str] = field(default_factory=dict)
    seen: list[Reason] = field(default_factory=list)

    def trace(self) -> Trace:
        filters = [Reason("filter", tier, why) for tier, why in self.ruled_out.items()]
        reasons = (self.meant.reason, *filters, *self.floor.reasons, *self.aim.reasons, *self.seen)
        return Trace(
            policy=self.policy,
            task=self.meant.task,
            floor=self.floor.tier,
            need=_numbers(self.reading.need),
            reasons=reasons,
            ruled_out=self.ruled_out,
            tasks={task.value: round(score, SCORE_DIGITS) for task, score in self.reading.tasks.items()},
            features=self.reading.features,
            room=self.room,
        )


def _meant(facts: Facts, reading: Reading, *, policy: Policy) -> _Meant:
    if facts.surface is not None:
        return _Meant(facts.surface, known=True, reason=Reason("task", facts.surface.value, "the caller's page"))
    best = max(reading.tasks, key=lambda task: reading.tasks[task])
    if reading.tasks[best] >= policy.start.sure:
        why = f"{100 * reading.tasks[best]:.0f} % by the words of the text"
        return _Meant(best, known=False, reason=Reason("task", best.value, why))
    why = f"no task is likely enough; {best.value} comes first"
    return _Meant(Task.OTHER, known=False, reason=Reason("task", "other", why))


def _filter(facts: Facts, fleet: Fleet) -> Mapping[str, str]:
    """Tiers that cannot serve this request at all, each with why; does not follow the order of sizes."""
    out = {}
    needed = facts.context_tokens + facts.answer_tokens
    for view in fleet.tiers:
        if needed > view.context_tokens:
            out[view.tier.label] = f"context: {needed} tokens do not fit {view.context_tokens}"
        elif facts.patient_data and not view.patient_zone:
            out[view.tier.label] = "zone: patient data may not go there"
        elif not any(replica.healthy for replica in view.replicas):
            out[view.tier.label] = "health: no replica is healthy"
    return out


def _aim(facts: Facts, reading: Reading, *, meant: _Meant, floor: Tier, policy: Policy) -> _Aim:
    start = max(floor, _start(facts, meant, policy=policy))
    certain = meant.known or round(reading.tasks[meant.task], SCORE_DIGITS) >= policy.start.certain[meant.task]
    bar = bar_of(meant.task, known=certain, policy=policy)
    wanted = wish(reading.need, start=start, bar=bar, policy=policy)
    reasons = [Reason("need", wanted.tier.label, wanted.why)]
    if not facts.second_opinion:
        return _Aim(wanted.tier, None, tuple(reasons))
    found = opinions(reading.need, task=meant.task, known=certain, policy=policy)
    reasons.append(Reason("second_opinion", found.rule, found.why))
    return _Aim(wanted.tier if found.alone is None else max(start, found.alone), found, tuple(reasons))


def _start(facts: Facts, meant: _Meant, *, policy: Policy) -> Tier:
    start = Tier.R1_32B if meant.known else policy.start.task[meant.task]
    return max(start, policy.start.long_chart) if facts.context_tokens >= policy.start.long_chart_tokens else start


def _preferred(allowed: Sequence[TierView], wanted: Tier) -> list[TierView]:
    """Wanted and larger first, upwards; if all allowed ones are smaller than wanted, the largest of them first."""
    upwards = sorted((view for view in allowed if view.tier >= wanted), key=lambda view: view.tier)
    below = sorted((view for view in allowed if view.tier < wanted), key=lambda view: -view.tier)
    return upwards or below


def _place(facts: Facts, candidates: Sequence[TierView], *, policy: Policy, notes: _Notes) -> Decision | Refusal:
    waits = []
    for position, view in enumerate(candidates):
        found = look(view, facts, policy=policy, from_below=position > 0)
        notes.room.update({replica: f"{view.tier.label}: {said}" for replica, said in found.replicas_said.items()})
        notes.seen.append(Reason("room", f"{view.tier.label}:{found.word}", found.detail))
        if found.place is Place.FREE:
            fallbacks = tuple(other.tier for other in candidates[position + 1 :])
            plan = _plan(candidates, notes)
            return Decision(view.tier, found.replicas, fallbacks, notes.trace(), plan)
        waits.append(found.wait)
        if facts.lane is Lane.BATCH:
            break
    return Refusal("busy", max(1, math.ceil(min(waits))), notes.trace())


def _plan(candidates: Sequence[TierView], notes: _Notes) -> SecondOpinion | None:
    """Agreement is an answer of the 70B too, so the plan holds for a floor up to that tier."""
    plan = notes.aim.opinions.plan if notes.aim.opinions else None
    if plan is None:
        return None
    served = {view.tier for view in candidates}
    if plan.arbiter in served and not notes.ruled_out and notes.floor.tier <= plan.second:
        return plan
    notes.seen.append(Reason("second_opinion", "cannot", "a tier of the three is ruled out or below the floor"))
    return None


def _numbers(need: Need) -> Mapping[str, float]:
    well = {tier.label: round(chance, 4) for tier, chance in need.well.items()}
    lost = {f"lost:{tier.label}": round(chance, 4) for tier, chance in need.lost.items() if chance}
    return {**well, **lost, "differ": round(need.differ, 4)}


def _nothing_allowed(facts: Facts, fleet: Fleet, *, notes: _Notes) -> Refusal:
    longest = max((view.context_tokens for view in fleet.tiers), default=0)
    too_long = facts.context_tokens + facts.answer_tokens > longest
    return Refusal("too_long" if too_long else "down", 0 if too_long else 5, notes.trace())
