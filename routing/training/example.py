"""What is learned from: a text with its task, or with how models of the three sizes answered it."""

import hashlib
from dataclasses import dataclass

from routing.values import Task


@dataclass(frozen=True)
class Outcomes:
    """Whether each size was right; `small_rate` and `large_rate` over several models of such sizes, 0 to 1."""

    small: bool
    middle: bool
    large: bool
    differ: bool
    small_rate: float
    large_rate: float


@dataclass(frozen=True)
class Example:
    """`key` names what must not be split between folds (twins, one exam stem, one patient).

    `translated` says that the text is this project's own translation of a record of the set.
    """

    source: str
    key: str
    text: str
    task: Task
    outcomes: Outcomes | None = None
    translated: bool = False


def fold_of(key: str, folds: int) -> int:
    """Which of so many folds the key belongs to, the same on every machine."""
    return int(hashlib.sha256(f"fold:{key}".encode()).hexdigest(), 16) % folds
