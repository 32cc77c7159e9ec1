"""Clocks two to four of one answer: first content token, between chunks, whole answer.

One timer a stream, re-armed when it goes off and not at every chunk: a chunk costs a subtraction, not a timer.
The time in which the caller holds a chunk does not count as silence of the server; it does count to the whole answer.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

CONNECT, FIRST_TOKEN, BETWEEN, TOTAL = "connect", "first_token", "between", "total"


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds: to connect, to the first content token, between two chunks, for the whole answer."""

    connect: float
    first_token: float
    between: float
    total: float


class Watch:
    """Calls `stop` once when a clock has run out; `ran_out` then names it."""

    __slots__ = (
        "_clocks",
        "_heard",
        "_loop",
        "_overdue",
        "_started",
        "_stop",
        "_timer",
        "_waiting",
        "ran_out",
        "spoke",
    )

    def __init__(
        self, clocks: Clocks, *, loop: asyncio.AbstractEventLoop, started: float, stop: Callable[[], None]
    ) -> None:
        """`started` by the loop's clock, when the question was sent."""
        self._loop = loop
        self._clocks, self._started, self._stop = clocks, started, stop
        self._heard: float | None = None
        self._waiting = self._overdue = self.spoke = False
        self.ran_out = ""
        self._timer = self._loop.call_at(started + self._shortest, self._look)

    def wait(self, *, heard: bool) -> None:
        """The caller waits for the server from now on; `heard` if the server said something since it last did."""
        if heard:
            self._heard = self._loop.time()
        self._waiting = True
        if self._overdue:
            self._overdue = False
            self._timer.cancel()
            self._look()

    def hold(self) -> None:
        """The server has spoken; its silence counts again from `wait`."""
        self._waiting = False

    def end(self) -> None:
        self._timer.cancel()

    @property
    def _shortest(self) -> float:
        """The timer never looks away for longer: what is due may come nearer in the meantime."""
        return min(self._clocks.first_token, self._clocks.between, self._clocks.total)

    def _due(self) -> tuple[float, str]:
        """When the next clock runs out, by the loop's clock, and its name."""
        due = (self._started + self._clocks.total, TOTAL)
        if not self.spoke:
            due = min(due, (self._started + self._clocks.first_token, FIRST_TOKEN))
        if self._heard is not None:
            due = min(due, (self._heard + self._clocks.between, BETWEEN))
        return due

    def _look(self) -> None:
        now = self._loop.time()
        when, clock = self._due()
        if when <= now and not self._waiting and clock != TOTAL:
            self._overdue = True
            when, clock = self._started + self._clocks.total, TOTAL
        if when > now:
            self._timer = self._loop.call_at(min(when, now + self._shortest), self._look)
        else:
            self.ran_out = clock
            self._stop()
