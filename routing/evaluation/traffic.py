"""Figures over stored decisions: what was done, what a policy would do instead, what became of it, what has moved."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from routing.evaluation.choices import Choice, choice_of, ways, ways_by_task
from routing.evaluation.drift import Drift, drift
from routing.evaluation.evaluation import Evaluation, Latency, PolicyFigures, Seen
from routing.features import NAMES
from routing.policy import Policy
from routing.replay import Case
from routing.values import Decision, Refusal, Task, Tier

LIVED = "as it was decided"
# Below this many decisions in each half the index says nothing.
LEAST_FOR_DRIFT = 50
Cost = Mapping[Tier, float]


@dataclass(frozen=True)
class Lived:
    """One stored decision. `answered_by` is the tier that spoke at last, times are in milliseconds.

    `outcomes` are by kind, 0 to 1.
    """

    case: Case
    outcome: Decision | Refusal
    answered_by: str = ""
    first_token_ms: int | None = None
    total_ms: int | None = None
    outcomes: Mapping[str, float] = field(default_factory=dict)


def evaluate_traffic(lived: Sequence[Lived], policies: Mapping[str, Policy], *, cost: Cost) -> Evaluation:
    """`lived` in the order of time: drift compares its older half with its newer half."""
    done = [choice_of(one.outcome) for one in lived]
    replayed = {name: [one.case.decide(policy) for one in lived] for name, policy in policies.items()}
    outcomes = {LIVED: [one.outcome for one in lived], **replayed}
    return Evaluation(
        requests=len(lived),
        policies=tuple(_figures(name, made, lived=lived, done=done, cost=cost) for name, made in outcomes.items()),
        drift=moved([one.case for one in lived]),
        latency=latency(lived),
    )


def _figures(
    name: str, made: Sequence[Decision | Refusal], *, lived: Sequence[Lived], done: Sequence[Choice], cost: Cost
) -> PolicyFigures:
    choices = [choice_of(outcome) for outcome in made]
    same = [now.way == then.way for now, then in zip(choices, done, strict=True)]
    use = {
        tier: float(np.mean([_use(choice, one)[tier] for choice, one in zip(choices, lived, strict=True)]))
        for tier in Tier
    }
    return PolicyFigures(
        name=name,
        ways=ways(choices),
        ways_by_task=ways_by_task(choices),
        cost=sum(use[tier] * cost[tier] for tier in Tier),
        large=use[Tier.R1_671B],
        refusals=Counter(outcome.code for outcome in made if isinstance(outcome, Refusal)),
        same=float(np.mean(same)),
        outcomes=_seen(lived, same),
    )


def _use(choice: Choice, one: Lived) -> Mapping[Tier, float]:
    """Chance that each tier answers: the arbiter does where the two are expected to differ."""
    use = dict.fromkeys(Tier, 0.0)
    if choice.both:
        return use | {Tier.R1_32B: 1.0, Tier.R1_70B: 1.0, Tier.R1_671B: one.case.reading.need.differ}
    return use if choice.tier is None else use | {choice.tier: 1.0}


def _seen(lived: Sequence[Lived], same: Sequence[bool]) -> tuple[Seen, ...]:
    kinds = sorted({kind for one in lived for kind in one.outcomes})
    return tuple(_of_kind(kind, lived, same=same) for kind in kinds)


def _of_kind(kind: str, lived: Sequence[Lived], *, same: Sequence[bool]) -> Seen:
    values = [one.outcomes[kind] for one in lived if kind in one.outcomes]
    kept = [one.outcomes[kind] for one, alike in zip(lived, same, strict=True) if alike and kind in one.outcomes]
    return Seen(kind, len(values), float(np.mean(values)), len(kept), float(np.mean(kept)) if kept else None)


def moved(cases: Sequence[Case]) -> tuple[Drift, ...]:
    """Task scores, need and features of the older half against the newer half; nothing where they are too few."""
    half = len(cases) // 2
    if half < LEAST_FOR_DRIFT:
        return ()
    signals = [_signals(case) for case in cases]
    return tuple(
        drift([one[name] for one in signals[:half]], [one[name] for one in signals[half:]], name=name)
        for name in signals[0]
    )


def _signals(case: Case) -> Mapping[str, float]:
    reading = case.reading
    return {
        **{f"task {task.value}": reading.tasks[task] for task in Task},
        **{f"need {tier.label} right": reading.need.well[tier] for tier in Tier},
        f"need {Tier.R1_32B.label} lost": reading.need.lost[Tier.R1_32B],
        "need differ": reading.need.differ,
        "context tokens": float(case.facts.context_tokens),
        **{f"feature {name}": float(name in reading.features) for name in NAMES},
    }


def latency(lived: Sequence[Lived]) -> tuple[Latency, ...]:
    spoke = sorted((one for one in lived if one.answered_by), key=lambda one: one.answered_by)
    return tuple(_latency(tier, list(own)) for tier, own in groupby(spoke, key=lambda one: one.answered_by))


def _latency(tier: str, own: Sequence[Lived]) -> Latency:
    first = [one.first_token_ms for one in own if one.first_token_ms is not None]
    total = [one.total_ms for one in own if one.total_ms is not None]
    return Latency(tier, len(own), _marks(first), _marks(total))


def _marks(times: Sequence[int]) -> tuple[float, float] | None:
    if not times:
        return None
    median, high = np.quantile(np.array(times), (0.5, 0.95))
    return float(median), float(high)
