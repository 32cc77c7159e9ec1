"""The order of the board. Pure.

A case without a level is one that nobody knows anything about: it stands behind the severe ones (I, II) and before
the merely urgent (III), because unknown is not calm. Cases that a nurse has levelled stand below those that wait.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hospital_hub.clinical.levels import Level

_UNKNOWN: Final = (Level.II + Level.III) / 2


@dataclass(frozen=True)
class Standing:
    """What decides a case's place in the queue."""

    automatic: Level | None
    final: Level | None
    created_at: datetime
    called: bool = False

    @property
    def level(self) -> Level | None:
        """The nurse's, else the automatic one."""
        return self.final or self.automatic


def place(standing: Standing) -> tuple[bool, float, bool, datetime]:
    """A sort key: waiting before levelled, urgent before calm, called before silent, old before new."""
    level = standing.level
    return standing.final is not None, _UNKNOWN if level is None else level, not standing.called, standing.created_at
