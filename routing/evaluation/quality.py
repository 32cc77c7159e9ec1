"""What decisions would have been worth on questions whose answers by all three sizes are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.evaluation.choices import Choice
from routing.values import Tier

RESAMPLES = 400
SEED = 7
MIDDLE = 0.95
Shares = Mapping[str, float]


@dataclass(frozen=True)
class Answered:
    """Whether each size was right on one question, and whether the answers of 32B and 70B were the same."""

    right: Mapping[Tier, bool]
    agree: bool


@dataclass(frozen=True)
class Quality:
    """Shares and accuracies from 0 to 1; `cost` a question, in units of the 32B.

    `gap` is the part of the accuracy between always the 32B and always the 671B that was recovered; None where
    both are equally right. `interval` holds 95 % of `gap` under resampling of the questions. A tier's `share`
    counts every question that it answered, so with second opinions the shares add up to more than 1.
    """

    questions: int
    accuracy: float
    always_small: float
    always_large: float
    gap: float | None
    interval: tuple[float, float] | None
    share: Shares
    cost: float
    second_opinions: float
    refused: float


def quality(
    choices: Sequence[Choice], answers: Sequence[Answered], *, cost: Mapping[Tier, float], resamples: int = RESAMPLES
) -> Quality:
    """A refused question is not answered well and costs nothing."""
    asked = [_asked(choice, answer) for choice, answer in zip(choices, answers, strict=True)]
    right = np.array([bool(tiers) and answer.right[max(tiers)] for tiers, answer in zip(asked, answers, strict=True)])
    small = np.array([answer.right[Tier.R1_32B] for answer in answers])
    large = np.array([answer.right[Tier.R1_671B] for answer in answers])
    share = {tier: sum(tier in tiers for tiers in asked) / len(asked) for tier in Tier}
    return Quality(
        questions=len(asked),
        accuracy=float(right.mean()),
        always_small=float(small.mean()),
        always_large=float(large.mean()),
        gap=_gap(right, small, large=large),
        interval=_interval(right, small, large=large, resamples=resamples),
        share={tier.label: part for tier, part in share.items()},
        cost=sum(part * cost[tier] for tier, part in share.items()),
        second_opinions=sum(choice.both for choice in choices) / len(choices),
        refused=sum(choice.tier is None for choice in choices) / len(choices),
    )


def _asked(choice: Choice, answer: Answered) -> frozenset[Tier]:
    """The tiers that answer; the answer that counts is the largest one's (two that agree say the same)."""
    if choice.tier is None:
        return frozenset()
    if not choice.both:
        return frozenset({choice.tier})
    return frozenset({Tier.R1_32B, Tier.R1_70B}) if answer.agree else frozenset(Tier)


Flags = npt.NDArray[np.bool_]


def _gap(right: Flags, small: Flags, *, large: Flags) -> float | None:
    between = int(large.sum()) - int(small.sum())
    return (int(right.sum()) - int(small.sum())) / between if between else None


def _interval(right: Flags, small: Flags, *, large: Flags, resamples: int) -> tuple[float, float] | None:
    if not resamples:
        return None
    picks = np.random.default_rng(SEED).integers(len(right), size=(resamples, len(right)))
    won = right.astype(int) - small
    between = large.astype(int) - small
    gained, possible = won[picks].sum(axis=1), between[picks].sum(axis=1)
    kept = possible != 0
    if not kept.any():
        return None
    low, high = np.quantile(gained[kept] / possible[kept], ((1 - MIDDLE) / 2, (1 + MIDDLE) / 2))
    return float(low), float(high)
