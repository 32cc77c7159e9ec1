"""The order of the board and its clocks. Pure.

A case without a level is one that nobody knows anything about: it stands behind the severe ones (I, II) and before
the merely urgent (III), because unknown is not calm. Cases that a nurse has levelled stand below those that wait.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.packs import DEFAULT_PACK, load_pack

UNKNOWN_LIMIT: Final = timedelta(minutes=10)
SOONEST_LOOK: Final = timedelta(minutes=5)  # a clock of zero minutes would always be ringing
LATEST_LOOK: Final = timedelta(minutes=60)
UNKNOWN: Final = (Level.II + Level.III) / 2
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Standing:
    """What decides a case's place in the queue. `pack` is the rule pack that the case was assessed by."""

    automatic: Level | None
    final: Level | None
    created_at: datetime
    called: bool = False
    pack: str = ""

    @property
    def level(self) -> Level | None:
        """The nurse's, else the automatic one."""
        return self.final or self.automatic

    @property
    def due(self) -> datetime:
        """When the time that the level allows is over."""
        return self.created_at + limit(self.level, pack=self.pack)


@dataclass(frozen=True)
class Clock:
    """How much of the time that the level allows has passed, in whole minutes."""

    waited: timedelta
    limit: timedelta

    @property
    def minutes(self) -> int:
        return self.waited // _MINUTE

    @property
    def allowed(self) -> int:
        return self.limit // _MINUTE

    @property
    def overdue(self) -> bool:
        return self.waited > self.limit

    @property
    def left(self) -> int:
        """Counted up, so that 0 is never shown before it is true; 0 when overdue."""
        return max(-((self.waited - self.limit) // _MINUTE), 0)

    @property
    def over(self) -> int:
        return max((self.waited - self.limit) // _MINUTE, 0)


def limit(level: Level | None, *, pack: str = "") -> timedelta:
    """How long after arrival a person of this level may wait, by the site's standard."""
    return UNKNOWN_LIMIT if level is None else load_pack(pack or DEFAULT_PACK).minutes[level] * _MINUTE


def clock(standing: Standing, *, now: datetime) -> Clock:
    return Clock(max(now - standing.created_at, timedelta()), limit(standing.level, pack=standing.pack))


def look_again_after(level: Level, *, pack: str = "") -> timedelta:
    """After a nurse has set this level, or looked and left it, how soon somebody should look again."""
    return min(max(limit(level, pack=pack), SOONEST_LOOK), LATEST_LOOK)


def place(standing: Standing) -> tuple[bool, float, bool, datetime]:
    """A sort key: waiting before levelled, urgent before calm, called before silent, the first to be due first."""
    level = standing.level
    return standing.final is not None, UNKNOWN if level is None else level, not standing.called, standing.due
