"""decide(request, fleet, policy): task, filters and floor, need, room; each step leaves its reasons.

This first version estimates need from a table of features; no step reads the clock or the network.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from routing.features import CLINICAL, found_in, task_scores
from routing.policy import Policy
from routing.room import Place, look
from routing.values import Decision, Fleet, Reason, Refusal, Request, Task, Tier, TierView, Trace

LONG_CHART_TOKENS = 4000


def decide(request: Request, fleet: Fleet, *, policy: Policy) -> Decision | Refusal:
    """The smallest allowed tier that is expected to answer well and has room, or an honest refusal."""
    features = found_in(request.text)
    task, task_reason = _task(request)
    floor, floor_reasons = _floor(request, task, features=features, policy=policy)
    ruled_out = _filter(request, fleet)
    wanted, need, need_reason = _need(request, features, policy=policy)
    notes = _Notes(policy.version, task, floor, need, [task_reason, *floor_reasons, need_reason], dict(ruled_out))
    allowed = [view for view in fleet.tiers if view.tier >= floor and view.tier.label not in ruled_out]
    if not allowed:
        return _nothing_allowed(request, fleet, notes=notes)
    return _place(request, _preferred(allowed, wanted), policy=policy, notes=notes)


@dataclass
class _Notes:
    """The trace while it grows."""

    policy: str
    task: Task
    floor: Tier
    need: Mapping[str, float]
    reasons: list[Reason]
    ruled_out: dict[str, str]

    def trace(self) -> Trace:
        return Trace(self.policy, self.task, self.floor, self.need, tuple(self.reasons), self.ruled_out)


def _task(request: Request) -> tuple[Task, Reason]:
    if request.surface is not None:
        return request.surface, Reason("task", request.surface.value, "the caller's page")
    scores = task_scores(request.text)
    best = max(scores, key=lambda name: scores[name])
    if scores[best] == 0:
        return Task.OTHER, Reason("task", "other", "no word of a known task")
    return Task(best), Reason("task", best, f"words of the task: {scores[best]}")


def _floor(request: Request, task: Task, *, features: Mapping[str, str], policy: Policy) -> tuple[Tier, list[Reason]]:
    """The highest of all rules; nothing lowers it, so text can only raise it."""
    rules = [(policy.task_floor[task], f"task:{task.value}", "the policy's floor for the task")]
    if request.red_flags:
        rules.append((policy.red_flag_floor, "red_flag", ", ".join(request.red_flags)))
    clinical = sorted(CLINICAL & features.keys())
    if clinical and task in {Task.OTHER, Task.NOTE}:
        rules.append((policy.clinical_floor, "clinical_question", ", ".join(clinical)))
    if request.minimum is not None:
        rules.append((request.minimum, "caller", "the caller's minimum"))
    floor = max(tier for tier, _, _ in rules)
    rules.sort(key=lambda rule: rule[0])
    return floor, [Reason("floor", rule, f"{tier.label}: {why}") for tier, rule, why in rules]


def _filter(request: Request, fleet: Fleet) -> dict[str, str]:
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


def _need(request: Request, features: Mapping[str, str], *, policy: Policy) -> tuple[Tier, Mapping[str, float], Reason]:
    """The smallest tier whose bar the difficulty stays under, and a logistic view of each tier's chance."""
    found = dict(features)
    if request.context_tokens > LONG_CHART_TOKENS:
        found["chart"] = f"{request.context_tokens} tokens of context"
    score = sum(policy.need.get(name, 0.0) for name in found)
    wanted = next((tier for tier in Tier if score <= policy.bar.get(tier, math.inf)), Tier.R1_671B)
    need = {tier.label: round(1 / (1 + math.exp(score - policy.bar.get(tier, score + 3.0))), 4) for tier in Tier}
    return (
        wanted,
        need,
        Reason("need", wanted.label, f"difficulty {score:.1f} from {', '.join(sorted(found)) or 'none'}"),
    )


def _preferred(allowed: Sequence[TierView], wanted: Tier) -> list[TierView]:
    """Wanted and larger first, upwards; if all allowed ones are smaller than wanted, the largest of them first."""
    upwards = sorted((view for view in allowed if view.tier >= wanted), key=lambda view: view.tier)
    below = sorted((view for view in allowed if view.tier < wanted), key=lambda view: -view.tier)
    return upwards or below


def _place(request: Request, candidates: Sequence[TierView], *, policy: Policy, notes: _Notes) -> Decision | Refusal:
    waits = []
    for position, view in enumerate(candidates):
        found = look(view, request, room=policy.room, from_below=position > 0)
        notes.reasons.append(Reason("room", f"{view.tier.label}:{found.word}", found.detail))
        if found.place is Place.FREE:
            fallbacks = tuple(other.tier for other in candidates[position + 1 :])
            return Decision(view.tier, found.replicas, fallbacks, notes.trace())
        waits.append(found.wait)
    return Refusal("busy", max(1, math.ceil(min(waits))), notes.trace())


def _nothing_allowed(request: Request, fleet: Fleet, *, notes: _Notes) -> Refusal:
    longest = max((view.context_tokens for view in fleet.tiers), default=0)
    too_long = request.context_tokens + request.answer_tokens > longest
    return Refusal("too_long" if too_long else "down", 0 if too_long else 5, notes.trace())
