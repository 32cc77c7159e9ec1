"""Triage levels I to IV of the Chinese four-level standard; I is the most urgent. There is no default level."""

from enum import IntEnum


class Level(IntEnum):
    """Ordered by urgency: a smaller number is more urgent. "Not enough information" is None, never IV."""

    I = 1  # noqa: E741 - the level's own name
    II = 2
    III = 3
    IV = 4


def most_urgent(*levels: Level | None) -> Level | None:
    """The most urgent of those that are known; None when none is."""
    return min((level for level in levels if level is not None), default=None)
