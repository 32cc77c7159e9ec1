"""Closed forms and a small Newton solver, so that training needs numpy alone and repeats exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.vectors import WIDTH, Vector

BLOCK = 2048
NEWTON_STEPS = 40
SMALL_STEP = 1e-7
Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sparse:
    """Rows, columns and values of all vectors, sorted by column."""

    rows: Indices
    columns: Indices
    values: Doubles
    count: int

    @classmethod
    def of(cls, vectors: Sequence[Vector]) -> "Sparse":
        rows = np.repeat(np.arange(len(vectors)), [len(vector.positions) for vector in vectors])
        columns = np.concatenate([vector.positions for vector in vectors])
        values = np.concatenate([vector.values for vector in vectors]).astype(np.float64)
        order = np.argsort(columns, kind="stable")
        return cls(rows[order], columns[order], values[order], len(vectors))

    def kernel(self) -> Doubles:
        """All inner products, plus one for the bias."""
        total = np.ones((self.count, self.count), dtype=np.float32)
        for start in range(0, WIDTH, BLOCK):
            first, last = np.searchsorted(self.columns, (start, start + BLOCK))
            block = np.zeros((self.count, BLOCK), dtype=np.float32)
            block[self.rows[first:last], self.columns[first:last] - start] = self.values[first:last]
            total += block @ block.T
        return total.astype(np.float64)

    def weights(self, duals: Doubles) -> Doubles:
        """Weights of the columns from the weights of the rows."""
        return np.stack(
            [
                np.bincount(self.columns, weights=self.values * dual[self.rows], minlength=WIDTH)
                for dual in np.ascontiguousarray(duals.T)
            ],
            axis=1,
        )


def ridge(kernel: Doubles, targets: Doubles, *, penalty: float, groups: Indices) -> tuple[Doubles, Doubles]:
    """Weights of the rows (a column a target) of regularised least squares, and each row's value without its group.

    The second needs no further fit: with G = (K + penalty)^-1 and a = G y, leaving the rows b out gives
    y_b - (G_bb)^-1 a_b (the block form of Allen's PRESS; Hastie, Tibshirani, Friedman 2009, section 7.10).
    """
    inverse = np.linalg.inv(kernel + penalty * np.eye(len(kernel)))
    duals = inverse @ targets
    held_out = np.empty_like(targets)
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        held_out[own] = targets[own] - np.linalg.solve(inverse[np.ix_(own, own)], duals[own])
    return duals, held_out


def logistic(inputs: Doubles, truth: npt.NDArray[np.bool_], *, penalty: float = 1.0) -> Doubles:
    """Weights and bias (last) of a regularised logistic regression; the bias is free."""
    design = np.column_stack((inputs, np.ones(len(inputs))))
    shrink = np.full(design.shape[1], penalty)
    shrink[-1] = 0.0
    weights = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-(design @ weights)))
        slope = design.T @ (chance - truth) + shrink * weights
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(shrink + 1e-9)
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < SMALL_STEP:
            break
    return weights
