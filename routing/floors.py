"""The floor: the highest of all rules. Nothing lowers it, so a text can only raise it."""

from dataclasses import dataclass

from routing.policy import Policy
from routing.values import Facts, Reason, Task, Tier


@dataclass(frozen=True)
class Floor:
    tier: Tier
    reasons: tuple[Reason, ...]


def floor_of(facts: Facts, task: Task, *, risky: tuple[str, ...], policy: Policy) -> Floor:
    """A task counts only when the caller's page says it: what the text looks like can be reworded."""
    counted = task if facts.surface is not None else Task.OTHER
    rules = [(policy.task_floor[counted], f"task:{counted.value}", "the policy's floor for the task")]
    if facts.red_flags:
        rules.append((policy.red_flag_floor, "red_flag", ", ".join(facts.red_flags)))
    if risky and facts.surface in {None, Task.OTHER, Task.NOTE}:
        rules.append((policy.clinical_floor, "clinical_question", ", ".join(risky)))
    if facts.minimum is not None:
        rules.append((facts.minimum, "caller", "the caller's minimum"))
    rules.sort(key=lambda rule: rule[0])
    return Floor(rules[-1][0], tuple(Reason("floor", rule, f"{tier.label}: {why}") for tier, rule, why in rules))
