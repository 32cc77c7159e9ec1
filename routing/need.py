"""Which tier the need asks for, and whether two smaller models may answer together instead. Pure rules."""

from dataclasses import dataclass

from routing.policy import Policy
from routing.values import Need, SecondOpinion, Task, Tier


@dataclass(frozen=True)
class Wish:
    """The tier that the need asks for, before room, with the sentence that explains it."""

    tier: Tier
    why: str


def wish(need: Need, *, start: Tier, bar: float, policy: Policy) -> Wish:
    """From `start` upwards: a larger tier is taken while each unit of its GPU cost saves at least `bar` of failures."""
    tier, why = start, f"{_percent(need.lost[start])} lost at {start.label}"
    for larger in Tier:
        if larger > tier:
            worth = (need.lost[tier] - need.lost[larger]) / (policy.cost[larger] - policy.cost[tier])
            if worth >= bar:
                why = f"{larger.label} saves {worth:.3f} failures a unit of cost over {tier.label}, bar {bar:.3f}"
                tier = larger
    return Wish(tier, why)


def bar_of(task: Task, *, known: bool, policy: Policy) -> float:
    """A task that only the text suggests cannot ask for more saving than text of no task at all does."""
    return policy.bar[task] if known else min(policy.bar[task], policy.bar[Task.OTHER])


@dataclass(frozen=True)
class Opinions:
    """`plan` when two models answer first; `alone` is the tier that answers without a check."""

    plan: SecondOpinion | None
    alone: Tier | None
    rule: str
    why: str


def advantage(need: Need) -> float:
    """How much more often the 671B is expected to be right than the 32B; a difference of probabilities."""
    return need.well[Tier.R1_671B] - need.well[Tier.R1_32B]


def hidden_by_agreement(need: Need) -> float:
    """Failures of the 32B that the 671B would not make, as a share of the expected agreements of 32B and 70B."""
    return need.lost[Tier.R1_32B] / max(1 - need.differ, 1e-6)


def opinions(need: Need, *, task: Task, known: bool, policy: Policy) -> Opinions:
    """No check where the largest would hardly do better; the arbiter at once where agreement is not to be trusted."""
    rules = policy.second_opinion
    if task not in rules.tasks and (known or Task.OTHER not in rules.tasks):
        return Opinions(None, None, "not_for_task", f"not asked for {task.value}")
    better = advantage(need)
    if better < rules.skip_below:
        why = f"{Tier.R1_671B.label} is expected to be right {_percent(better)} more often"
        return Opinions(None, Tier.R1_32B, "no_check_needed", why)
    hidden = hidden_by_agreement(need)
    if hidden >= rules.arbiter_from:
        return Opinions(None, Tier.R1_671B, "arbiter_at_once", f"agreement would hide too much: {hidden:.2f}")
    plan = SecondOpinion(Tier.R1_32B, Tier.R1_70B, Tier.R1_671B)
    return Opinions(plan, None, "due", f"the two are expected to differ in {_percent(need.differ)}")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
