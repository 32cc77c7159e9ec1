"""Population stability index: how far the traffic of one window has moved from that of another.

By the usual marks below 0.1 nothing moved and from 0.25 the traffic is another one. Small windows differ by chance:
the index that is expected without any change stands beside each one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MOVED, SHIFTED = 0.1, 0.25
BANDS = 10
# A band that one window lacks counts as half a case there, or the index would be infinite.
LEAST = 0.5


@dataclass(frozen=True)
class Drift:
    """`by_chance` is the index that two windows of these sizes show when nothing has changed."""

    name: str
    index: float
    by_chance: float

    @property
    def mark(self) -> str:
        if self.index < max(MOVED, self.by_chance):
            return "steady"
        return "moved" if self.index < SHIFTED else "shifted"


def drift(before: Sequence[float], after: Sequence[float], *, name: str) -> Drift:
    """Over bands that hold a tenth of the first window each; over the values themselves where they are few."""
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    distinct = np.unique(np.concatenate((first, second)))
    edges = distinct[1:] if len(distinct) <= BANDS else _tenths(first)
    one, two = _counts(first, edges), _counts(second, edges)
    index = float(np.sum((two / len(second) - one / len(first)) * np.log((two * len(first)) / (one * len(second)))))
    return Drift(name, index, len(edges) * (1 / len(first) + 1 / len(second)))


def _tenths(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.unique(np.quantile(values, np.arange(1, BANDS) / BANDS))


def _counts(values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How many lie below the first edge, from it up to the next, and so on."""
    counted = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return np.maximum(counted, LEAST)
