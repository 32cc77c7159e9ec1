"""Counts of two kinds of events over the last seconds, in buckets of one second. Pure: the time is an argument."""

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Window:
    """`good` and `bad` are the sums over the last `seconds`; call `forget` before reading them."""

    seconds: int
    good: int = 0
    bad: int = 0
    _buckets: deque[tuple[int, list[int]]] = field(default_factory=deque)

    def add(self, now: float, *, good: int = 0, bad: int = 0) -> None:
        self.forget(now)
        second = int(now)
        if not self._buckets or self._buckets[-1][0] != second:
            self._buckets.append((second, [0, 0]))
        counts = self._buckets[-1][1]
        counts[0] += good
        counts[1] += bad
        self.good += good
        self.bad += bad

    def forget(self, now: float) -> None:
        oldest = int(now) - self.seconds
        while self._buckets and self._buckets[0][0] <= oldest:
            good, bad = self._buckets.popleft()[1]
            self.good -= good
            self.bad -= bad

    def clear(self) -> None:
        self._buckets.clear()
        self.good = self.bad = 0
