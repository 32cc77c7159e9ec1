"""What practice says of the need model: outcomes of answers become a correction of how well each tier answers.

Needs no text: the probability that was predicted and what became of the answer are enough for a logistic
recalibration a tier (Platt 1999), held near "change nothing" as long as outcomes are few. Isotonic regression would
need thousands of outcomes a tier, and could not be taken back from a stored prediction.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from routing.learned import Correction, logit
from routing.training.algebra import Doubles
from routing.values import Task, Tier
from routing.vectors import Floats

LEAST = 200  # outcomes of a tier below which nothing changes
# Of one kind of evidence both answers must occur so often: what is only ever noted when it fails (an answer cut at
# its limit) or when it went well cannot say how often.
LEAST_OF_EACH = 20
# In units of information: an outcome at 80 % says about 0.16 of a bias, so the start weighs as much as 250 outcomes.
PRIOR = 40.0
STEPS, SMALL_STEP = 50, 1e-10
SLOPES, BIASES = (0.25, 4.0), (-2.0, 2.0)
# The strongest first: of one answer the first of these is what counts. An override is not among them: the automatic
# level comes from rules, so a nurse's other level says nothing of the model that put the question.
EVIDENCE = ("thumb", "edit", "escalation", "failed_check")
# Signed after changes, thrown away, asked for anew: ends of one draft, so they are counted together.
FAMILY = {"edit": "draft", "escalation": "draft"}
EVEN = 0.5


@dataclass(frozen=True)
class Outcome:
    """`well` is what the need model itself predicted for `tier`, which answered; `value` from 0 to 1."""

    call: str
    tier: Tier
    task: Task
    kind: str
    value: float
    well: float


@dataclass(frozen=True)
class Learned:
    """What a tier's outcomes came to; with fewer than LEAST `correction` changes nothing."""

    tier: Tier
    outcomes: int
    predicted: float
    seen: float
    correction: Correction


def learned(outcomes: Iterable[Outcome]) -> tuple[Learned, ...]:
    """One a tier. The order of the outcomes does not matter."""
    counted = defaultdict(list)
    for outcome in _one_a_call(_two_sided(sorted(outcomes, key=lambda one: (one.call, one.kind, one.value)))):
        counted[outcome.tier].append(outcome)
    return tuple(_of_tier(tier, counted[tier]) for tier in Tier)


def recalibration(found: Sequence[Learned]) -> Floats | None:
    """The artefact's array, a row a tier; None when nothing changes, so that the artefact is what it was."""
    if all(one.correction == Correction() for one in found):
        return None
    return np.array([(one.correction.slope, one.correction.bias) for one in found], dtype=np.float32)


def _of_tier(tier: Tier, some: Sequence[Outcome]) -> Learned:
    if not some:
        return Learned(tier, outcomes=0, predicted=0.0, seen=0.0, correction=Correction())
    well, value = np.array([one.well for one in some]), np.array([one.value for one in some])
    correction = _platt(logit(well), value) if len(some) >= LEAST else Correction()
    return Learned(tier, len(some), float(well.mean()), float(value.mean()), correction)


def _two_sided(outcomes: Sequence[Outcome]) -> list[Outcome]:
    good, bad = defaultdict[tuple[Task, str], int](int), defaultdict[tuple[Task, str], int](int)
    for outcome in outcomes:
        (good if outcome.value >= EVEN else bad)[_group(outcome)] += 1
    usable = {group for group in good if min(good[group], bad[group]) >= LEAST_OF_EACH}
    return [outcome for outcome in outcomes if outcome.kind in EVIDENCE and _group(outcome) in usable]


def _group(outcome: Outcome) -> tuple[Task, str]:
    return outcome.task, FAMILY.get(outcome.kind, outcome.kind)


def _one_a_call(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Of several thumbs for one answer the lowest: what failed somebody has not served its purpose."""
    strongest: dict[str, Outcome] = {}
    for outcome in outcomes:
        before = strongest.get(outcome.call)
        if before is None or EVIDENCE.index(outcome.kind) < EVIDENCE.index(before.kind):
            strongest[outcome.call] = outcome
    return list(strongest.values())


def _platt(inputs: Doubles, values: Doubles) -> Correction:
    """Newton's method for the penalised logistic loss; the penalty pulls to slope 1 and bias 0."""
    design = np.column_stack((inputs, np.ones_like(inputs)))
    start = np.array([1.0, 0.0])
    weights = start.copy()
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-(design @ weights)))
        gradient = design.T @ (chances - values) + PRIOR * (weights - start)
        curvature = (design * (chances * (1 - chances))[:, None]).T @ design + PRIOR * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < SMALL_STEP:
            break
    return Correction(float(np.clip(weights[0], *SLOPES)), float(np.clip(weights[1], *BIASES)))
