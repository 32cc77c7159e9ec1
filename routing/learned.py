"""How practice corrects the need: slope and bias of a tier, on the log-odds of answering well. Can be undone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.values import Need, Tier

Doubles = npt.NDArray[np.float64]
EDGE = 1e-4  # chances are kept so far from 0 and 1


@dataclass(frozen=True)
class Correction:
    """Changes nothing as it is. The slope is above 0, so that no correction turns the order of two requests round."""

    slope: float = 1.0
    bias: float = 0.0

    def of(self, chance: float) -> float:
        return chance if self == Correction() else _chance(self.slope * float(logit(chance)) + self.bias)

    def undone(self, chance: float) -> float:
        """What `of` made this chance from."""
        return chance if self == Correction() else _chance((float(logit(chance)) - self.bias) / self.slope)


def logit(chance: float | Doubles) -> Doubles:
    kept = np.clip(chance, EDGE, 1 - EDGE)
    return np.asarray(np.log(kept / (1 - kept)))


def corrected(need: Need, by: Mapping[Tier, Correction]) -> Need:
    """`lost` follows: that a tier fails where the largest does not, as often among its failures as before."""
    if not by:
        return need
    well = {tier: by[tier].of(chance) for tier, chance in need.well.items()}
    largest = max(well)
    lost = {
        tier: min(chance * _ratio(well, need.well, tier=tier, largest=largest), 1 - well[tier], well[largest])
        for tier, chance in need.lost.items()
    }
    return Need(well=well, lost=lost, differ=need.differ)


def _ratio(well: Mapping[Tier, float], before: Mapping[Tier, float], *, tier: Tier, largest: Tier) -> float:
    fails = (1 - well[tier]) / max(1 - before[tier], EDGE)
    return fails * well[largest] / max(before[largest], EDGE)


def _chance(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))
