"""The words of a text as meanings: names with the same meaning become one, empty words fall away. Pure.

The tables are data (lexicon*.toml), read once. A word that no table knows means itself.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from importlib import resources
from typing import Any, Final

from hospital_hub.clinical.stems import stem

_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")
_HAN: Final = re.compile(r"[\u3400-\u9fff]+")
_LONGEST: Final = 8  # words or characters of a name
Names = Mapping[str, Sequence[str]]


class Kind(StrEnum):
    FINDING = "finding"
    CONDITION = "condition"
    MEDICINE = "medicine"
    CARE = "care"  # tests, operations, advice
    BODY = "body"
    OTHER = "other"
    ROUTINE = "routine"  # words of the form of a note
    PLAIN = "plain"  # known to no table


# Somebody has them or has not. A test that shows nothing was still made.
COMPARED: Final = frozenset({Kind.FINDING, Kind.CONDITION})
IMPROVED: Final = frozenset({"好转"})


@dataclass(frozen=True)
class Term:
    """`start` and `end` are places in the clean text; `parts` are the stems or characters that it is made of."""

    name: str
    kind: Kind
    start: int
    end: int
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lexicon:
    """English names by their stems, Chinese ones as they are; `empty` words claim nothing."""

    phrases: Mapping[tuple[str, ...], tuple[str, Kind]]
    wide: Mapping[str, tuple[str, Kind]]
    empty: frozenset[str]
    routine: frozenset[str]
    empty_wide: frozenset[str]
    organs: frozenset[str]

    @classmethod
    def parse(cls, lists: Mapping[str, Mapping[str, str]], *, english: Names, chinese: Names) -> "Lexicon":
        phrases = {tuple(_stems(name)): (first, kind) for first, kind, name in _entries(english)}
        wide = {"".join(name.split()): (first, kind) for first, kind, name in _entries(chinese)}
        wide |= {word: (word, Kind.ROUTINE) for word in lists["zh"]["routine"].split() if word not in wide}
        wide |= {word: ("", Kind.ROUTINE) for word in lists["zh"]["function"].split() if word not in wide}
        return cls(
            phrases=phrases,
            wide=wide,
            empty=frozenset(lists["en"]["function"].split()),
            routine=frozenset(stem(word) for word in lists["en"]["routine"].split()),
            empty_wide=frozenset(lists["zh"]["function"].split()),
            organs=frozenset(lists["en"]["organs"].split()) | frozenset(lists["zh"]["organs"].split()),
        )

    def terms(self, clean: str) -> tuple[Term, ...]:
        """What a clean text says, from left to right within each language."""
        return (*self._english(clean), *self._chinese(clean))

    def _english(self, clean: str) -> Iterator[Term]:
        words = [(found[0], found.start(), found.end()) for found in _WORD.finditer(clean)]
        stems = [stem(word) for word, _, _ in words]
        place = 0
        while place < len(words):
            length, meaning = self._phrase(stems, place)
            start, end = words[place][1], words[place + length - 1][2]
            word = words[place][0]
            parts = tuple(one for one in stems[place : place + length] if one not in self.empty)
            if meaning and (length > 1 or word not in self.empty):
                yield Term(*meaning, start, end, parts)
            elif word not in self.empty and len(word) > 1:
                kind = Kind.ROUTINE if stems[place] in self.routine else Kind.PLAIN
                yield Term(stems[place], kind, start, end, parts)
            place += length

    def _phrase(self, stems: Sequence[str], place: int) -> tuple[int, tuple[str, Kind] | None]:
        for length in range(min(_LONGEST, len(stems) - place), 0, -1):
            meaning = self.phrases.get(tuple(stems[place : place + length]))
            if meaning:
                return length, meaning
        return 1, None

    def _chinese(self, clean: str) -> Iterator[Term]:
        for run in _HAN.finditer(clean):
            yield from self._run(run[0], run.start())

    @cached_property
    def _lengths(self) -> Mapping[str, tuple[int, ...]]:
        """By the first character, how long its names are, longest first."""
        found: dict[str, set[int]] = {}
        for name in self.wide:
            found.setdefault(name[0], set()).add(len(name))
        return {first: tuple(sorted(lengths, reverse=True)) for first, lengths in found.items()}

    def _known(self, run: str, place: int) -> int:
        """The length of the longest name that begins here, 0 for none."""
        for length in self._lengths.get(run[place], ()):
            if place + length <= len(run) and run[place : place + length] in self.wide:
                return length
        return 0

    def _run(self, run: str, offset: int) -> Iterator[Term]:
        """Longest known names first; what lies between them as pairs of characters."""
        place, unknown = 0, 0
        while place < len(run):
            length = self._known(run, place)
            if not length:
                place += 1
                continue
            yield from _pairs(run[unknown:place], offset + unknown)
            name, kind = self.wide[run[place : place + length]]
            if name:
                yield Term(name, kind, offset + place, offset + place + length, tuple(run[place : place + length]))
            place += length
            unknown = place
        yield from _pairs(run[unknown:], offset + unknown)


@cache
def lexicon() -> Lexicon:
    """The tables that come with the hub."""
    lists, english, chinese = (_table(name) for name in ("lexicon.toml", "lexicon_en.toml", "lexicon_zh.toml"))
    return Lexicon.parse(lists, english=english, chinese=chinese)


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text("utf-8"))


def _entries(names: Names) -> Iterator[tuple[str, Kind, str]]:
    """Meaning, kind, name; a name that stands in two lines belongs to the first one."""
    seen: set[str] = set()
    for kind, lines in names.items():
        for line in lines:
            every = [name.strip() for name in line.split("|")]
            for name in every:
                if name not in seen:
                    seen.add(name)
                    yield every[0], Kind(kind), name


def _stems(name: str) -> Iterable[str]:
    return [stem(word) for word in _WORD.findall(name)]


def _pairs(run: str, offset: int) -> Iterator[Term]:
    if len(run) == 1:
        yield Term(run, Kind.PLAIN, offset, offset + 1, (run,))
    for place in range(len(run) - 1):
        pair = run[place : place + 2]
        yield Term(pair, Kind.PLAIN, offset + place, offset + place + 2, tuple(pair))
