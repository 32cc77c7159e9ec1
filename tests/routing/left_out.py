"""Task models as training makes them, once for every source set left out: one kernel, one inverse, small updates.

The rarity of grams is that of all sets; everything else is as if the set had never been there.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from routing.models import HEADS, TASKS, WORDS, Models
from routing.training.algebra import Doubles, Indices, Sparse, logistic
from routing.training.example import Example
from routing.training.fit import OWN, TASK_HEAD_PENALTY, TASK_PENALTY, _sets_apart
from routing.training.written import PLAIN
from routing.vectors import Floats, vector_of


def without_each(examples: Sequence[Example], rarity: Floats, *, sources: Sequence[str]) -> Iterator[Models]:
    """In the order of `sources`. The models know tasks only; their need says nothing."""
    sparse = Sparse.of([vector_of(example.text, rarity) for example in examples])
    kernel = sparse.kernel()
    inverse = np.asarray(np.linalg.inv(kernel + TASK_PENALTY * np.eye(len(kernel))), dtype=np.float64)
    targets = np.array(
        [[*(float(example.task is task) for task in TASKS), float(example.source == PLAIN)] for example in examples]
    )
    groups = _sets_apart(examples)
    for name in sources:
        out = np.flatnonzero([example.source == name for example in examples])
        duals, held_out = _without(inverse, targets, groups=groups, out=out)
        rest = np.setdiff1d(np.arange(len(examples)), out)
        yield _models(sparse, duals, rarity, heads=_heads(held_out[rest], targets[rest]))


def _without(inverse: Doubles, targets: Doubles, *, groups: Indices, out: Indices) -> tuple[Doubles, Doubles]:
    """Weights of all rows (zero for `out`), and each row's value without `out` and without its own group.

    The inverse of a matrix without some rows and columns is P - P_:s (P_ss)^-1 P_s: of the whole one's inverse P.
    """
    known = targets.copy()
    known[out] = 0
    across = np.linalg.solve(inverse[np.ix_(out, out)], inverse[out])
    plain = inverse @ known
    duals = plain - inverse[:, out] @ (across @ known)
    duals[out] = 0
    held_out = np.zeros_like(targets)
    for group in np.unique(groups):
        own = np.setdiff1d(np.flatnonzero(groups == group), out)
        if len(own):
            block = inverse[np.ix_(own, own)] - inverse[np.ix_(own, out)] @ across[:, own]
            held_out[own] = targets[own] - np.linalg.solve(block, duals[own])
    return duals, held_out


def _heads(columns: Doubles, targets: Doubles) -> Doubles:
    return np.stack([logistic(columns, targets[:, index] > OWN, penalty=TASK_HEAD_PENALTY) for index in range(WORDS)])


def _models(sparse: Sparse, duals: Doubles, rarity: Floats, *, heads: Doubles) -> Models:
    return Models(
        version="a set left out",
        rarity=rarity,
        weights=sparse.weights(duals).astype(np.float16).astype(np.float32),
        bias=duals.sum(axis=0).astype(np.float32),
        task_heads=heads.astype(np.float32),
        need_heads=np.zeros((2 * len(HEADS), 1), dtype=np.float32),
    )
