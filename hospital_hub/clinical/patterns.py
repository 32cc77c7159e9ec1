"""Alternatives of which only those are tried whose words the text holds; what one finds hides nothing from another."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from ahocorasick_rs import AhoCorasick

from hospital_hub.clinical.literals import EDGE, Needs, needed, whole_words, worth


@dataclass(frozen=True, eq=False)
class Alternative:
    """One pattern and the words it needs. One object a pattern, so that it is its own key."""

    pattern: re.Pattern[str]
    needs: Needs


@dataclass(frozen=True)
class Held:
    """A clean text, and the alternatives that may match in it. Each is looked for once, however many groups have it."""

    clean: str
    live: frozenset[Alternative]
    found: dict[Alternative, tuple[re.Match[str], ...]] = field(default_factory=dict, compare=False)

    def all(self, one: Alternative) -> tuple[re.Match[str], ...]:
        if one not in self.live:
            return ()
        if one not in self.found:
            self.found[one] = tuple(one.pattern.finditer(self.clean))
        return self.found[one]

    def first(self, one: Alternative) -> re.Match[str] | None:
        return one.pattern.search(self.clean) if one in self.live else None


class Vocabulary:
    """All words that any of the groups needs, looked for in one pass; whole words in a second one."""

    def __init__(self, groups: Iterable["Group"]) -> None:
        alternatives = list(dict.fromkeys(one for group in groups for one in group.alternatives))
        self._always = frozenset(one for one in alternatives if not one.needs)
        self._by_word: dict[str, list[tuple[Alternative, Needs]]] = {}  # by the words of its rarest clause
        words: set[str] = set()
        for one in alternatives:
            rarest, *others = sorted(_telling(one.needs), key=worth, reverse=True) or [frozenset[str]()]
            words |= rarest.union(*others)
            for word in rarest:
                self._by_word.setdefault(word, []).append((one, tuple(others)))
        self._parts = AhoCorasick([word for word in words if EDGE not in word], store_patterns=True)
        self._words = AhoCorasick([word for word in words if EDGE in word], store_patterns=True)

    def held(self, clean: str) -> Held:
        found = _matches(self._parts, clean) | _matches(self._words, whole_words(clean))
        live = set(self._always)
        for word in found & self._by_word.keys():
            for one, others in self._by_word[word]:
                if not any(clause.isdisjoint(found) for clause in others):
                    live.add(one)
        return Held(clean, frozenset(live))


def _matches(matcher: AhoCorasick, text: str) -> set[str]:
    searched = text.encode("utf-8", "replace").decode()  # the matcher takes no half of a surrogate pair
    return set(matcher.find_matches_as_strings(searched, overlapping=True))


@dataclass(frozen=True)
class Group:
    alternatives: tuple[Alternative, ...]

    @classmethod
    def of(cls, *patterns: str) -> "Group":
        return cls(tuple(alternative(pattern) for pattern in patterns))

    @cached_property
    def members(self) -> frozenset[Alternative]:
        return frozenset(self.alternatives)

    def possible(self, held: Held) -> bool:
        return not held.live.isdisjoint(self.members)

    def matches(self, held: Held) -> list[re.Match[str]]:
        """Those of every alternative from left to right; at one place in the order of the alternatives."""
        return sorted((match for one in self.alternatives for match in held.all(one)), key=re.Match.start)


def _telling(needs: Needs) -> Needs:
    """Without clauses that nearly every text fulfils, where others are left."""
    return tuple(clause for clause in needs if min(map(len, map(str.encode, clause))) > 1) or needs


@cache
def alternative(pattern: str) -> Alternative:
    """The same for the same words, whichever groups have them."""
    compiled = re.compile(pattern)
    return Alternative(compiled, needed(compiled))


class Index:
    """For each alternative the places of what has it in its groups."""

    def __init__(self, groups: Sequence[Iterable[Alternative]]) -> None:
        found: dict[Alternative, set[int]] = {}
        for place, alternatives in enumerate(groups):
            for one in alternatives:
                found.setdefault(one, set()).add(place)
        self._places: Mapping[Alternative, frozenset[int]] = {one: frozenset(places) for one, places in found.items()}

    def worth_trying(self, held: Held) -> list[int]:
        """The places of those of which something may match, in their order."""
        return sorted({place for one in held.live for place in self._places.get(one, ())})
