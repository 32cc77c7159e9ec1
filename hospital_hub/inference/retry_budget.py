"""How many second attempts a tier may cause: one in ten of its questions, and a few where there are few questions.

With it a fault of the whole tier costs a tenth more requests, not a multiple of them.
"""

from dataclasses import dataclass, field
from typing import Final

from hospital_hub.inference.window import Window

WINDOW_SECONDS: Final = 30
SHARE: Final = 0.1
AT_LEAST: Final = 3


@dataclass
class RetryBudget:
    _window: Window = field(default_factory=lambda: Window(WINDOW_SECONDS))

    def asked(self, now: float) -> None:
        """A question's first attempt."""
        self._window.add(now, good=1)

    def take(self, now: float) -> bool:
        """Whether one more attempt may be made now; counts it if so."""
        self._window.forget(now)
        if self._window.bad >= max(AT_LEAST, SHARE * self._window.good):
            return False
        self.spend(now)
        return True

    def spend(self, now: float) -> None:
        """Count one that is made in any case."""
        self._window.add(now, bad=1)
