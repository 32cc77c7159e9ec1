"""Fits Models from examples: ridge columns over the grams, then logistic heads over held-out columns."""

from collections.abc import Callable, Sequence

import numpy as np

from routing.folding import fold
from routing.hashing import SIZE
from routing.models import HEADS, TASKS, WORDS, Models
from routing.training.algebra import Doubles, Indices, Sparse, logistic, ridge
from routing.training.example import Example, Outcomes, fold_of
from routing.training.sets import SOURCES, for_task
from routing.training.written import PLAIN, varied
from routing.vectors import Floats, Vector, counts, vector_of

FOLDS = 5
TASK_PENALTY, KIND_PENALTY, SOFT_PENALTY = 3.0, 1.0, 20.0
TASK_HEAD_PENALTY, NEED_HEAD_PENALTY = 0.1, 0.2
# The table's features tell tasks apart; for the need they would learn the style of the sets, so they count less.
NEED_TABLE = 0.6
# Scores of single answers lie close together; doubled they share the heads' penalty fairly with the kinds.
SOFT_SCALE = 2.0
OWN = 0.5


def fit(examples: Sequence[Example], version: str) -> Models:
    """Examples with outcomes teach the need, all teach the task."""
    asked = [example for example in examples if example.outcomes]
    rarity = _rarity(examples)
    tasks, task_heads = _tasks(varied(for_task(examples)), rarity)
    needs, need_heads = _needs(varied(asked), rarity)
    weights = np.column_stack((tasks[0], needs[0]))
    return Models(
        version=version,
        rarity=rarity,
        weights=weights.astype(np.float16).astype(np.float32),
        bias=np.concatenate((tasks[1], needs[1])).astype(np.float32),
        task_heads=task_heads.astype(np.float32),
        need_heads=need_heads.astype(np.float32),
    )


def _rarity(examples: Sequence[Example]) -> Floats:
    seen = np.zeros(SIZE, dtype=np.int64)
    for example in examples:
        seen[counts(fold(example.text)).positions] += 1
    rarity = np.log((len(examples) + 1) / (seen + 1)) + 1
    return rarity.astype(np.float16).astype(np.float32)


Columns = tuple[Doubles, Doubles]


def _tasks(examples: Sequence[Example], rarity: Floats) -> tuple[Columns, Doubles]:
    targets = np.array(
        [[*(float(example.task is task) for task in TASKS), float(example.source == PLAIN)] for example in examples]
    )
    sparse = Sparse.of([vector_of(example.text, rarity) for example in examples])
    columns, held_out = _columns(sparse, targets, folds=_sets_apart(examples), penalties=np.full(WORDS, TASK_PENALTY))
    heads = np.stack([logistic(held_out, targets[:, index] > OWN, penalty=TASK_HEAD_PENALTY) for index in range(WORDS)])
    return columns, heads


def _sets_apart(examples: Sequence[Example]) -> Indices:
    """Whole sets are held out together, so that the heads learn how far the columns can be believed on other sets.

    What was written for this project has many voices in one set and is split by its texts.
    """
    sets = sorted({example.source for example in examples})
    place = {name: FOLDS + number for number, name in enumerate(sets)}
    own = [example.source not in SOURCES for example in examples]
    return np.array(
        [
            fold_of(example.key, FOLDS) if mine else place[example.source]
            for example, mine in zip(examples, own, strict=True)
        ]
    )


def _needs(asked: Sequence[Example], rarity: Floats) -> tuple[Columns, Doubles]:
    outcomes = [example.outcomes for example in asked if example.outcomes]
    kinds = sorted({example.source for example in asked})
    kind = np.array([[float(example.source == name) for name in kinds] for example in asked])
    soft = SOFT_SCALE * np.array([_soft(outcome) for outcome in outcomes])
    penalties = np.array([KIND_PENALTY] * kind.shape[1] + [SOFT_PENALTY] * soft.shape[1])
    sparse = Sparse.of([_table_scaled(vector_of(example.text, rarity)) for example in asked])
    folds = np.array([fold_of(example.key, FOLDS) for example in asked])
    columns, held_out = _columns(sparse, np.column_stack((kind, soft)), folds=folds, penalties=penalties)
    columns[0][SIZE:] *= NEED_TABLE
    truth = [np.array([TRUTH[name](outcome) for outcome in outcomes]) for name in HEADS]
    chinese = np.array([example.translated for example in asked])
    return columns, np.stack(
        [
            logistic(held_out[rows], one[rows], penalty=NEED_HEAD_PENALTY)
            for rows in (~chinese, chinese if chinese.any() else ~chinese)
            for one in truth
        ]
    )


def _table_scaled(plain: Vector) -> Vector:
    scale = np.where(plain.positions >= SIZE, np.float32(NEED_TABLE), np.float32(1))
    return Vector(plain.positions, plain.values * scale)


def _columns(sparse: Sparse, targets: Doubles, *, folds: Indices, penalties: Doubles) -> tuple[Columns, Doubles]:
    """Weights and bias of each column, and its values on examples that it has not seen."""
    kernel = sparse.kernel()
    duals, held_out = np.zeros_like(targets), np.zeros_like(targets)
    for penalty in sorted(set(penalties.tolist())):
        same = penalties == penalty
        duals[:, same], held_out[:, same] = ridge(kernel, targets[:, same], penalty=penalty, groups=folds)
    return (sparse.weights(duals), duals.sum(axis=0)), held_out


def _soft(outcome: Outcomes) -> tuple[float, ...]:
    """One run of one model is a noisy label: half of it, and half of what several models of the size did."""
    only_large = float(outcome.large and not outcome.small)
    return (
        OWN * only_large + (1 - OWN) * outcome.large_rate * (1 - outcome.small_rate),
        OWN * outcome.small + (1 - OWN) * outcome.small_rate,
        OWN * outcome.large + (1 - OWN) * outcome.large_rate,
        float(outcome.differ),
    )


TRUTH: dict[str, Callable[[Outcomes], bool]] = {
    "small": lambda outcome: outcome.small,
    "middle": lambda outcome: outcome.middle,
    "large": lambda outcome: outcome.large,
    "only_large": lambda outcome: outcome.large and not outcome.small,
    "beyond_middle": lambda outcome: outcome.large and not outcome.middle,
    "differ": lambda outcome: outcome.differ,
}
