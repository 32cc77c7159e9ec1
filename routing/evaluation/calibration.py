"""Whether a probability means what it says: calibration error, and how well it tells the two outcomes apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 10
Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Bin:
    """Predictions from `low` up to `high`: their mean, and the share of them that came true."""

    low: float
    high: float
    count: int
    said: float
    came: float


@dataclass(frozen=True)
class Calibration:
    """`error` is the expected calibration error over bins of equal width; `auc` None where only one outcome occurs."""

    count: int
    rate: float
    error: float
    auc: float | None
    bins: tuple[Bin, ...]


def calibration(chances: Sequence[float], came: Sequence[bool]) -> Calibration:
    said, true = np.asarray(chances, dtype=np.float64), np.asarray(came, dtype=np.bool_)
    place = np.minimum((said * BINS).astype(int), BINS - 1)
    bins = tuple(_bin(number, said[place == number], came=true[place == number]) for number in np.unique(place))
    error = sum(one.count * abs(one.said - one.came) for one in bins) / len(said)
    return Calibration(len(said), float(true.mean()), float(error), auc(said, true), bins)


def _bin(number: int, said: Numbers, *, came: Flags) -> Bin:
    return Bin(int(number) / BINS, (int(number) + 1) / BINS, len(said), float(said.mean()), float(came.mean()))


def auc(said: Numbers, came: Flags) -> float | None:
    """Chance that a case that came true was given the higher probability; equal ones count half."""
    positive, negative = int(came.sum()), int((~came).sum())
    if not positive or not negative:
        return None
    _, group, sizes = np.unique(said, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    rank = (last - (sizes - 1) / 2)[group]
    return float((rank[came].sum() - positive * (positive + 1) / 2) / (positive * negative))
