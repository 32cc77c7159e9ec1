"""The breaker of one model server: closed, open for a while, then one probe decides. Pure: the time is an argument.

What a server cannot be blamed for (429, a wrong request, a caller who left) never reaches it.
"""

from dataclasses import dataclass, field
from typing import Final

from hospital_hub.inference.window import Window

IN_A_ROW: Final = 5
WINDOW_SECONDS: Final = 30
LEAST: Final = 20  # results in the window before its share of faults counts
SHARE: Final = 0.5
OPEN_SECONDS: Final = 15.0


@dataclass
class Breaker:
    """`take` before a request, then exactly one of `well`, `fault` or `neither` after it with what `take` said."""

    _open_until: float | None = None
    _probing: bool = False
    _in_a_row: int = 0
    _recent: Window = field(default_factory=lambda: Window(WINDOW_SECONDS))

    def is_open(self, now: float) -> bool:
        """Whether no request may go there now."""
        return self._open_until is not None and (self._probing or now < self._open_until)

    @property
    def tripped(self) -> bool:
        """Open, or waiting for what its probe says."""
        return self._open_until is not None

    def take(self) -> bool:
        """Count on one request; true when it is the probe of an open breaker."""
        if self._open_until is None:
            return False
        self._probing = True
        return True

    def well(self, now: float, *, probe: bool) -> None:
        if probe:
            self.close()
        if self._open_until is None:
            self._in_a_row = 0
            self._recent.add(now, good=1)

    def fault(self, now: float, *, probe: bool) -> None:
        if probe:
            self.trip(now)
        elif self._open_until is None:  # what began before it opened says nothing new
            self._in_a_row += 1
            self._recent.add(now, bad=1)
            if self._in_a_row >= IN_A_ROW or self._mostly_bad():
                self.trip(now)

    def neither(self, *, probe: bool) -> None:
        self._probing = self._probing and not probe

    def trip(self, now: float) -> None:
        self._open_until, self._probing = now + OPEN_SECONDS, False

    def close(self) -> None:
        self._open_until, self._probing, self._in_a_row = None, False, 0
        self._recent.clear()

    def _mostly_bad(self) -> bool:
        total = self._recent.good + self._recent.bad
        return total >= LEAST and self._recent.bad >= SHARE * total
