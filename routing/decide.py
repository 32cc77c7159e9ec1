"""decide(request, fleet, policy): task, filters and floor, need, room; each step leaves its reasons.

No step reads the clock or the network, and nothing in the text can lower a floor.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from routing.features import found_in
from routing.floors import Floor, floor_of
from routing.folding import fold
from routing.models import Models, packaged
from routing.need import Opinions, bar_of, opinions, wish
from routing.policy import Policy
from routing.risk import risky_words
from routing.room import Place, look
from routing.values import (
    Decision,
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


def decide(request: Request, fleet: Fleet, *, policy: Policy, models: Models | None = None) -> Decision | Refusal:
    """The smallest allowed tier that is worth its cost and has room, or an honest refusal."""
    reading = _read(request, policy=policy, models=models or packaged())
    floor = floor_of(request, reading.task, risky=reading.risky, policy=policy)
    ruled_out = _filter(request, fleet)
    aim = _aim(request, reading, floor=floor.tier, policy=policy)
    notes = _Notes(policy.version, reading, floor, aim, dict(ruled_out))
    allowed = [view for view in fleet.tiers if view.tier >= floor.tier and view.tier.label not in ruled_out]
    if not allowed:
        return _nothing_allowed(request, fleet, notes=notes)
    return _place(request, _preferred(allowed, aim.tier), policy=policy, notes=notes)


@dataclass(frozen=True)
class _Reading:
    """What the text and the caller's page say."""

    task: Task
    known: bool
    tasks: Mapping[str, float]
    need: Need
    features: Mapping[str, str]
    risky: tuple[str, ...]
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
    reading: _Reading
    floor: Floor
    aim: _Aim
    ruled_out: Mapping[str, str]
    room: dict[str, str] = field(default_factory=dict)
    seen: list[Reason] = field(default_factory=list)

    def trace(self) -> Trace:
        filters = [Reason("filter", tier, why) for tier, why in self.ruled_out.items()]
        reasons = (self.reading.reason, *filters, *self.floor.reasons, *self.aim.reasons, *self.seen)
        return Trace(
            policy=self.policy,
            task=self.reading.task,
            floor=self.floor.tier,
            need=_numbers(self.reading.need),
            reasons=reasons,
            ruled_out=self.ruled_out,
            tasks=self.reading.tasks,
            features=self.reading.features,
            room=self.room,
        )


def _read(request: Request, *, policy: Policy, models: Models) -> _Reading:
    folded = fold(request.text)
    shown = found_in(folded)
    scores, need = models.read(folded, shown)
    best = max(scores, key=lambda task: scores[task])
    known = request.surface is not None
    if request.surface is not None:
        task, reason = request.surface, Reason("task", request.surface.value, "the caller's page")
    elif scores[best] >= policy.start.sure:
        task, reason = best, Reason("task", best.value, f"{100 * scores[best]:.0f} % by the words of the text")
    else:
        task, reason = Task.OTHER, Reason("task", "other", f"no task is likely enough; {best.value} comes first")
    return _Reading(
        task=task,
        known=known,
        tasks={name.value: round(score, 4) for name, score in scores.items()},
        need=need,
        features={name: ", ".join(term.strip() for term in terms) for name, terms in shown.items()},
        risky=risky_words(folded),
        reason=reason,
    )


def _filter(request: Request, fleet: Fleet) -> Mapping[str, str]:
    """Tiers that cannot serve this request at all, each with why; does not follow the order of sizes."""
    out = {}
    needed = request.context_tokens + request.answer_tokens
    for view in fleet.tiers:
        if needed > view.context_tokens:
            out[view.tier.label] = f"context: {needed} tokens do not fit {view.context_tokens}"
        elif request.patient_data and not view.patient_zone:
            out[view.tier.label] = "zone: patient data may not go there"
        elif not any(replica.healthy for replica in view.replicas):
            out[view.tier.label] = "health: no replica is healthy"
    return out


def _aim(request: Request, reading: _Reading, *, floor: Tier, policy: Policy) -> _Aim:
    start = max(floor, _start(request, reading, policy=policy))
    certain = reading.known or reading.tasks[reading.task.value] >= policy.start.certain
    bar = bar_of(reading.task, known=certain, policy=policy)
    if not reading.known and len(reading.features) < policy.start.least_features:
        bar = math.inf
    wanted = wish(reading.need, start=start, bar=bar, policy=policy)
    reasons = [Reason("need", wanted.tier.label, wanted.why)]
    if not request.second_opinion:
        return _Aim(wanted.tier, None, tuple(reasons))
    found = opinions(reading.need, task=reading.task, known=certain, policy=policy)
    reasons.append(Reason("second_opinion", found.rule, found.why))
    return _Aim(wanted.tier if found.alone is None else max(start, found.alone), found, tuple(reasons))


def _start(request: Request, reading: _Reading, *, policy: Policy) -> Tier:
    start = Tier.R1_32B if reading.known else policy.start.task[reading.task]
    return max(start, policy.start.long_chart) if request.context_tokens >= policy.start.long_chart_tokens else start


def _preferred(allowed: Sequence[TierView], wanted: Tier) -> list[TierView]:
    """Wanted and larger first, upwards; if all allowed ones are smaller than wanted, the largest of them first."""
    upwards = sorted((view for view in allowed if view.tier >= wanted), key=lambda view: view.tier)
    below = sorted((view for view in allowed if view.tier < wanted), key=lambda view: -view.tier)
    return upwards or below


def _place(request: Request, candidates: Sequence[TierView], *, policy: Policy, notes: _Notes) -> Decision | Refusal:
    waits = []
    for position, view in enumerate(candidates):
        found = look(view, request, policy=policy, from_below=position > 0)
        notes.room.update({replica: f"{view.tier.label}: {said}" for replica, said in found.replicas_said.items()})
        notes.seen.append(Reason("room", f"{view.tier.label}:{found.word}", found.detail))
        if found.place is Place.FREE:
            fallbacks = tuple(other.tier for other in candidates[position + 1 :])
            plan = _plan(candidates, notes)
            return Decision(view.tier, found.replicas, fallbacks, notes.trace(), plan)
        waits.append(found.wait)
        if request.lane is Lane.BATCH:
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


def _nothing_allowed(request: Request, fleet: Fleet, *, notes: _Notes) -> Refusal:
    longest = max((view.context_tokens for view in fleet.tiers), default=0)
    too_long = request.context_tokens + request.answer_tokens > longest
    return Refusal("too_long" if too_long else "down", 0 if too_long else 5, notes.trace())
