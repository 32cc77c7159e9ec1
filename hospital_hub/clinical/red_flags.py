"""Danger in a person's own words, found by rules that clinicians can read (red_flags/*.toml), without a model.

A flag only raises the level. Finding none means "not enough information", never "calm". No I/O but its own data files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from re import Match
from typing import Final

from hospital_hub.clinical.levels import Level, most_urgent
from hospital_hub.clinical.negation import SENTENCE_END
from hospital_hub.clinical.patterns import Held
from hospital_hub.clinical.red_flag_rules import Part, Rule, RulesError, RuleSet, Way, parse_rules
from hospital_hub.clinical.text import Readable
from hospital_hub.clinical.told import Told

__all__ = ["Flag", "Rule", "RuleSet", "RulesError", "find", "flags_in", "level_of", "load_rules", "parse_rules"]
_DATA: Final = "red_flags"


@dataclass(frozen=True)
class Flag:
    """`start` and `end` are places in the text as it was typed, `words` what stands there."""

    rule: str
    level: Level
    start: int
    end: int
    words: str


@dataclass(frozen=True)
class _Reading:
    """One text while it is searched."""

    told: Told
    held: Held

    def standing(self, part: Part) -> Iterator[Match[str]]:
        return self.told.standing(part.group, self.held, excused_by=part.excused_by)


def find(text: str, rule_set: RuleSet | None = None) -> tuple[Flag, ...]:
    """Every flag that the text raises, most urgent first; one for each group of words of its rule."""
    rules = rule_set or load_rules()
    return flags_in(Told.of(text, scopes=rules.scopes), rules)


def flags_in(told: Told, rules: RuleSet) -> tuple[Flag, ...]:
    """The same of a text that other rules read too."""
    reading = _Reading(told, rules.words.held(told.clean))
    flags = [flag for rule in rules.worth_trying(reading.held) for flag in _flags(rule, reading)]
    return tuple(sorted(flags, key=lambda flag: (flag.level, flag.start, flag.rule)))


def level_of(flags: Iterable[Flag]) -> Level | None:
    """The level that the flags demand at least; None when there is none."""
    return most_urgent(*(flag.level for flag in flags))


@lru_cache(maxsize=1)
def load_rules() -> RuleSet:
    """The packaged rules, read from every file of the folder in the order of their names.

    Raises:
        RulesError: a file was changed into something unusable.
    """
    folder = resources.files("hospital_hub.clinical").joinpath(_DATA)
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return parse_rules(*(file.read_text("utf-8") for file in files))


def _flags(rule: Rule, reading: _Reading) -> list[Flag]:
    if any(all(next(reading.standing(part), None) for part in way) for way in rule.unless):
        return []
    for way in rule.ways:
        if all(part.group.possible(reading.held) for part in way):
            found = _together(way, reading) if rule.together else _anywhere(way, reading)
            if found is not None and rule.who.holds(lambda: reading.told.person):
                return [_flag(rule, one, read=reading.told.read) for one in found]
    return []


def _flag(rule: Rule, found: Match[str], *, read: Readable) -> Flag:
    start, end = read.span(found.start(), found.end())
    return Flag(rule.id, rule.level, start, end, read.text[start:end])


def _anywhere(way: Way, reading: _Reading) -> list[Match[str]] | None:
    found = []
    for part in way:
        one = next(reading.standing(part), None)
        if one is None:
            return None
        found.append(one)
    return found


def _together(way: Way, reading: _Reading) -> list[Match[str]] | None:
    """As above, within one sentence."""
    others = [list(reading.standing(part)) for part in way[1:]]
    if not all(others):
        return None
    for first in reading.standing(way[0]):
        start, end = _sentence(reading.told.clean, first)
        inside = [next((one for one in other if start <= one.start() < end), None) for other in others]
        if None not in inside:
            return [first, *(one for one in inside if one is not None)]
    return None


def _sentence(clean: str, found: Match[str]) -> tuple[int, int]:
    ends = [end.end() for end in SENTENCE_END.finditer(clean)]
    start = max((end for end in ends if end <= found.start()), default=0)
    return start, min((end for end in ends if end > found.end()), default=len(clean))
