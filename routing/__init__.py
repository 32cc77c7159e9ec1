"""Which of the three models serves a request, and why. Pure: no I/O, no clock, no randomness."""

from routing.decide import decide
from routing.policy import Policy, load_policy
from routing.values import (
    Decision,
    Fleet,
    Lane,
    Refusal,
    Replica,
    Request,
    SecondOpinion,
    Task,
    Tier,
    TierView,
)

__all__ = [
    "Decision",
    "Fleet",
    "Lane",
    "Policy",
    "Refusal",
    "Replica",
    "Request",
    "SecondOpinion",
    "Task",
    "Tier",
    "TierView",
    "decide",
    "load_policy",
]
