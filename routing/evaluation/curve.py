"""The whole curve of a policy: the same cases decided again under variants of its bars and second-opinion rules."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from routing.evaluation.choices import Choice, choice_of
from routing.evaluation.quality import Answered, quality
from routing.need import advantage, hidden_by_agreement
from routing.policy import Policy
from routing.replay import Case
from routing.values import Task, Tier

# Times the policy's own bars; 1 is the policy itself.
FACTORS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 3.0)
# Shares of the cases that a threshold leaves below itself; nobody's text is skipped, nobody's goes to the arbiter.
SKIPPED = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
TRUSTED = (0.4, 0.55, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
DIGITS = 3


@dataclass(frozen=True)
class Point:
    """One variant: its setting, its figures (as in Quality; `large` is the 671B's share), and its place.

    `own` marks the policy as it is; `best` that no other point has at least its gap for less.
    """

    setting: Mapping[str, float]
    accuracy: float
    gap: float
    cost: float
    large: float
    second_opinions: float
    own: bool = False
    best: bool = False


@dataclass(frozen=True)
class Sample:
    """Cases with known answers, and what each tier costs."""

    cases: Sequence[Case]
    answers: Sequence[Answered]
    cost: Mapping[Tier, float]

    def allowing(self, *, second_opinion: bool) -> "Sample":
        """The same questions by callers that can, or cannot, ask two models."""
        facts = [replace(case.facts, second_opinion=second_opinion) for case in self.cases]
        cases = [replace(case, facts=own) for case, own in zip(self.cases, facts, strict=True)]
        return replace(self, cases=cases)

    def choices(self, policy: Policy) -> list[Choice]:
        return [choice_of(case.decide(policy)) for case in self.cases]

    def point(self, policy: Policy, *, setting: Mapping[str, float], own: bool) -> Point:
        return self.figures(self.choices(policy), setting=setting, own=own)

    def figures(self, choices: Sequence[Choice], *, setting: Mapping[str, float], own: bool = False) -> Point:
        found = quality(choices, self.answers, cost=self.cost, resamples=0)
        large = found.share[Tier.R1_671B.label]
        return Point(setting, found.accuracy, found.gap or 0.0, found.cost, large, found.second_opinions, own)


def references(sample: Sample) -> Mapping[str, Point]:
    """What needs no router: one tier for everything, and a second opinion for everything."""
    always = {f"always {tier.label}": Choice(Task.OTHER, tier) for tier in Tier}
    always |= {"always both, 671B decides": Choice(Task.OTHER, Tier.R1_32B, both=True)}
    return {name: sample.figures([choice] * len(sample.cases), setting={}) for name, choice in always.items()}


def bar_curve(sample: Sample, policy: Policy) -> tuple[Point, ...]:
    """Without second opinions: all bars of the policy scaled together."""
    single = sample.allowing(second_opinion=False)
    points = []
    for factor in FACTORS:
        bars = {task: bar * factor for task, bar in policy.bar.items()}
        setting = {"factor": factor, "bar": bars[Task.OTHER]}
        points.append(single.point(replace(policy, bar=bars), setting=setting, own=math.isclose(factor, 1)))
    return _marked(points, [point.cost for point in points])


def opinion_points(sample: Sample, policy: Policy) -> tuple[Point, ...]:
    """With second opinions: every pair of the two thresholds, spread over what the cases show."""
    both, own = sample.allowing(second_opinion=True), policy.second_opinion
    needs = [case.reading.need for case in sample.cases]
    skips = _spread([advantage(need) for need in needs], SKIPPED, own=own.skip_below)
    arbiters = _spread([hidden_by_agreement(need) for need in needs], TRUSTED, own=own.arbiter_from)
    points = []
    for skip in skips:
        for arbiter in arbiters:
            rules = replace(own, skip_below=skip, arbiter_from=arbiter)
            same = (skip, arbiter) == (own.skip_below, own.arbiter_from)
            setting = {"skip_below": skip, "arbiter_from": arbiter}
            points.append(both.point(replace(policy, second_opinion=rules), setting=setting, own=same))
    return _marked(points, [point.large for point in points])


def _spread(values: Sequence[float], shares: Sequence[float], *, own: float) -> list[float]:
    """Thresholds that leave these shares of the values below, with the policy's own among them."""
    found = np.quantile(np.array(values), shares)
    steps = {round(float(value), DIGITS) for value in found}
    return sorted(steps | {own})


def _marked(points: Sequence[Point], prices: Sequence[float]) -> tuple[Point, ...]:
    best = best_of(points, prices)
    return tuple(replace(point, best=mark) for point, mark in zip(points, best, strict=True))


def best_of(points: Sequence[Point], prices: Sequence[float]) -> list[bool]:
    """Which points no cheaper or equally cheap one reaches or beats."""
    return [
        not any(
            (other.gap >= point.gap and price < own) or (other.gap > point.gap and price <= own)
            for other, price in zip(points, prices, strict=True)
        )
        for point, own in zip(points, prices, strict=True)
    ]
