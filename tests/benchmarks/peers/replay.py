"""What decisions would have earned on published answers of three sizes: the formula of the project's scorer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routing import Tier

SIZES = {Tier.R1_32B: "32B", Tier.R1_70B: "70B", Tier.R1_671B: "671B"}
# Assumed GPU seconds a token relative to the 32B.
COST = {Tier.R1_32B: 1.0, Tier.R1_70B: 2.2, Tier.R1_671B: 4.4}
# Two opinions where a decision names no single tier.
Choice = Tier | None


@dataclass(frozen=True)
class Earned:
    """Shares of questions that reach each tier, GPU cost a question, and the share of the accuracy gap recovered."""

    share: Mapping[Tier, float]
    cost: float
    recovered: float

    @property
    def over_chance(self) -> float:
        """Above what a coin between the 32B and the 671B recovers at the same cost."""
        chance = (self.cost - COST[Tier.R1_32B]) / (COST[Tier.R1_671B] - COST[Tier.R1_32B])
        return self.recovered - chance


def replay(records: Sequence[Mapping[str, Any]], choices: Mapping[str, Choice]) -> Earned:
    used: Counter[Tier] = Counter()
    right = small = large = 0
    for record in records:
        said, truth = record["extra"]["predicted"], record["label"]["answer"]
        asked = _asked(choices[record["id"]], said)
        used.update(asked)
        right += said[SIZES[asked[-1]]] == truth
        small += said["32B"] == truth
        large += said["671B"] == truth
    share = {tier: used[tier] / len(records) for tier in Tier}
    cost = sum(share[tier] * COST[tier] for tier in Tier)
    return Earned(share, cost, (right - small) / (large - small))


def _asked(choice: Choice, said: Mapping[str, str]) -> list[Tier]:
    """Every tier that works on it; the last one's answer stands."""
    if choice is not None:
        return [choice]
    if said["32B"] == said["70B"]:
        return [Tier.R1_32B, Tier.R1_70B]
    return list(Tier)
