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


def raised(known: Level | None, suggested: Level | None) -> Level | None:
    """The most urgent of what the rules know and what a model suggests; nothing lowers the rules.

    Where the rules know nothing, no calm level of a model takes the place of "not enough information".
    """
    calm = suggested is not None and suggested > Level.II
    return known if known is None and calm else most_urgent(known, suggested)
