"""What was decided, reduced to what figures need, and how decisions share out over the tiers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from routing.values import Decision, Refusal, Task, Tier

BOTH = "second opinion"
REFUSED = "refused"
WAYS = (*(tier.label for tier in Tier), BOTH, REFUSED)


@dataclass(frozen=True)
class Choice:
    """`tier` is None when the request was refused; `both` when 32B and 70B answer and the 671B decides."""

    task: Task
    tier: Tier | None
    both: bool = False

    @property
    def way(self) -> str:
        if self.tier is None:
            return REFUSED
        return BOTH if self.both else self.tier.label


def choice_of(outcome: Decision | Refusal) -> Choice:
    if isinstance(outcome, Refusal):
        return Choice(outcome.trace.task, None)
    return Choice(outcome.trace.task, outcome.tier, both=outcome.second_opinion is not None)


def ways(choices: Sequence[Choice]) -> Mapping[str, float]:
    """Share of each way to answer, 0 to 1."""
    counted = Counter(choice.way for choice in choices)
    return {way: counted[way] / max(len(choices), 1) for way in WAYS}


def ways_by_task(choices: Sequence[Choice]) -> Mapping[str, tuple[int, Mapping[str, float]]]:
    """How many requests each task has, and their shares; tasks without any are left out."""
    by_task = {task: [choice for choice in choices if choice.task is task] for task in Task}
    return {task.value: (len(own), ways(own)) for task, own in by_task.items() if own}
