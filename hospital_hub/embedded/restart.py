"""Decides whether a part that ended by itself is started again. Pure: the clock is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class RestartPolicy:
    """Seconds, but for `most`."""

    most: int = 5
    within: float = 60.0
    first_delay: float = 0.5
    longest_delay: float = 8.0


@dataclass(frozen=True)
class RestartAfter:
    delay: float


@dataclass(frozen=True)
class GiveUp:
    reason: str


@dataclass(frozen=True)
class Exit:
    """How a part ended; a negative code is the signal that ended it."""

    code: int
    was_ready: bool

    def __str__(self) -> str:
        return f"ended by signal {-self.code}" if self.code < 0 else f"ended with code {self.code}"


def decide(ended: Exit, ends: Sequence[float], *, policy: RestartPolicy, now: float) -> RestartAfter | GiveUp:
    """`ends` holds the times of all unexpected ends of this part, this one included."""
    if not ended.was_ready and len(ends) == 1 and ended.code >= 0:
        # It said no by itself on its first start: a wrong setting does not get better by waiting.
        return GiveUp(f"{ended} before it was ready")
    recent = sum(1 for end in ends if now - end <= policy.within)
    if recent > policy.most:
        return GiveUp(f"{ended}, {recent} times within {policy.within:g} s")
    return RestartAfter(min(policy.first_delay * 2 ** (recent - 1), policy.longest_delay))
