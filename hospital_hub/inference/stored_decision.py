"""A decision as JSON for `model_call.decision`: enough to decide again under any policy, and none of the text.

The trace stands at the top, as pages and queries read it; what it stands on is under `replay`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from routing import Decision, Fleet, Lane, Refusal, Replica, SecondOpinion, Task, Tier, TierView
from routing.reading import Reading
from routing.replay import Case
from routing.values import Facts, Need, Reason, Trace

FORMAT: Final = 1
Document = Mapping[str, Any]


class NotReplayable(ValueError):
    """The row was written before decisions could be replayed, or by a newer version of the hub."""


def stored(case: Case, outcome: Decision | Refusal) -> dict[str, Any]:
    """Numbers are kept whole, so that a replay meets every threshold as the first decision did."""
    return {
        **_trace(outcome.trace),
        **_outcome(outcome),
        "replay": {
            "format": FORMAT,
            "facts": _facts(case.facts),
            "reading": _reading(case.reading),
            "fleet": [_view(view) for view in case.fleet.tiers],
        },
    }


def restored(document: Document) -> tuple[Case, Decision | Refusal]:
    """What `stored` was given.

    Raises:
        NotReplayable: the document holds no replay, one of another format, or one that is not whole.
    """
    replay = document.get("replay")
    if not isinstance(replay, Mapping) or replay.get("format") != FORMAT:
        raise NotReplayable("no replay of this format is stored")
    try:
        fleet = Fleet(tuple(_view_of(view) for view in replay["fleet"]))
        case = Case(_facts_of(replay["facts"]), _reading_of(replay["reading"]), fleet)
        return case, _outcome_of(document)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise NotReplayable(f"the stored replay is not whole: {type(wrong).__name__}") from wrong


def _trace(trace: Trace) -> dict[str, Any]:
    return {
        "policy": trace.policy,
        "task": trace.task.value,
        "floor": trace.floor.label,
        "need": dict(trace.need),
        "reasons": [dict(vars(reason)) for reason in trace.reasons],
        "ruled_out": dict(trace.ruled_out),
        "tasks": dict(trace.tasks),
        "features": dict(trace.features),
        "room": dict(trace.room),
    }


def _trace_of(document: Document) -> Trace:
    return Trace(
        policy=document["policy"],
        task=Task(document["task"]),
        floor=Tier.of(document["floor"]),
        need=_floats(document["need"]),
        reasons=tuple(Reason(**reason) for reason in document["reasons"]),
        ruled_out=document["ruled_out"],
        tasks=_floats(document["tasks"]),
        features=document["features"],
        room=document["room"],
    )


def _outcome(outcome: Decision | Refusal) -> dict[str, Any]:
    if isinstance(outcome, Refusal):
        return {"tier": None, "refused": outcome.code, "retry_after": outcome.retry_after}
    plan = outcome.second_opinion
    return {
        "tier": outcome.tier.label,
        "refused": None,
        "replicas": list(outcome.replicas),
        "fallbacks": [tier.label for tier in outcome.fallbacks],
        "second_opinion": [plan.first.label, plan.second.label, plan.arbiter.label] if plan else None,
    }


def _outcome_of(document: Document) -> Decision | Refusal:
    trace = _trace_of(document)
    if document["refused"] is not None:
        return Refusal(document["refused"], document["retry_after"], trace)
    plan = document["second_opinion"]
    return Decision(
        tier=Tier.of(document["tier"]),
        replicas=tuple(document["replicas"]),
        fallbacks=tuple(Tier.of(label) for label in document["fallbacks"]),
        trace=trace,
        second_opinion=None if plan is None else SecondOpinion(*(Tier.of(label) for label in plan)),
    )


def _facts(facts: Facts) -> dict[str, Any]:
    return {
        **vars(facts),
        "red_flags": list(facts.red_flags),
        "minimum": None if facts.minimum is None else facts.minimum.label,
    }


def _facts_of(kept: Document) -> Facts:
    return Facts(
        lane=Lane(kept["lane"]),
        context_tokens=kept["context_tokens"],
        answer_tokens=kept["answer_tokens"],
        deadline=float(kept["deadline"]),
        surface=None if kept["surface"] is None else Task(kept["surface"]),
        red_flags=tuple(kept["red_flags"]),
        minimum=None if kept["minimum"] is None else Tier.of(kept["minimum"]),
        patient_data=kept["patient_data"],
        second_opinion=kept["second_opinion"],
    )


def _reading(reading: Reading) -> dict[str, Any]:
    """Features are in the trace already, but a replay must not depend on what a page shows."""
    return {
        "tasks": {task.value: score for task, score in reading.tasks.items()},
        "well": {tier.label: chance for tier, chance in reading.need.well.items()},
        "lost": {tier.label: chance for tier, chance in reading.need.lost.items()},
        "differ": reading.need.differ,
        "features": dict(reading.features),
        "risky": list(reading.risky),
    }


def _reading_of(kept: Document) -> Reading:
    return Reading(
        tasks={task: float(kept["tasks"][task.value]) for task in Task},
        need=Need(well=_by_tier(kept["well"]), lost=_by_tier(kept["lost"]), differ=float(kept["differ"])),
        features=kept["features"],
        risky=tuple(kept["risky"]),
    )


def _view(view: TierView) -> list[Any]:
    """Lists in the order of the fields: the fleet is the largest part of a row."""
    replicas = [
        [one.name, one.healthy, one.running, one.waiting, *map(_finite, (one.kv_use, one.tokens_per_second, one.age))]
        for one in view.replicas
    ]
    return [view.tier.label, view.context_tokens, view.max_inflight, view.patient_zone, view.cost, replicas]


def _finite(number: float | None) -> float | None:
    """JSON has no other numbers; what a server says wrongly is unknown."""
    return number if number is not None and math.isfinite(number) else None


def _view_of(kept: Sequence[Any]) -> TierView:
    label, context_tokens, max_inflight, patient_zone, cost, replicas = kept
    return TierView(
        tier=Tier.of(label),
        context_tokens=context_tokens,
        max_inflight=max_inflight,
        replicas=tuple(Replica(*one) for one in replicas),
        patient_zone=patient_zone,
        cost=cost,
    )


def _floats(kept: Document) -> dict[str, float]:
    return {name: float(number) for name, number in kept.items()}


def _by_tier(kept: Document) -> dict[Tier, float]:
    """In the order of the tiers: the database keeps no order of keys."""
    return {tier: float(kept[tier.label]) for tier in Tier}
