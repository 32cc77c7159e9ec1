"""Alternatives of which only those are tried whose words the text holds; what one finds hides nothing from another."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property

from ahocorasick_rs import AhoCorasick

from hospital_hub.clinical.literals import Needs, needed


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
        if one not in self.found:
            self.found[one] = tuple(one.pattern.finditer(self.clean))
        return self.found[one]


class Vocabulary:
    """All words that any of the groups needs, looked for in one pass."""

    def __init__(self, groups: Iterable["Group"]) -> None:
        alternatives = list(dict.fromkeys(one for group in groups for one in group.alternatives))
        self._always = frozenset(one for one in alternatives if not one.needs)
        # A clause is a bit of its alternative, which is live when all of its bits are set.
        telling = {one: _telling(one.needs) for one in alternatives}
        self._whole = {one: (1 << len(needs)) - 1 for one, needs in telling.items()}
        self._clauses: dict[str, list[tuple[Alternative, int]]] = {}
        for one, needs in telling.items():
            for place, clause in enumerate(needs):
                for word in clause:
                    self._clauses.setdefault(word, []).append((one, 1 << place))
        self._matcher = AhoCorasick(self._clauses, store_patterns=True)

    def held(self, clean: str) -> Held:
        searched = clean.encode("utf-8", "replace").decode()  # the matcher takes no half of a surrogate pair
        bits: dict[Alternative, int] = {}
        for word in set(self._matcher.find_matches_as_strings(searched, overlapping=True)):
            for one, bit in self._clauses[word]:
                bits[one] = bits.get(one, 0) | bit
        return Held(clean, self._always.union(one for one, set_ in bits.items() if set_ == self._whole[one]))


@dataclass(frozen=True)
class Group:
    alternatives: tuple[Alternative, ...]

    @classmethod
    def of(cls, *patterns: str) -> "Group":
        return cls(tuple(_alternative(pattern) for pattern in patterns))

    @cached_property
    def members(self) -> frozenset[Alternative]:
        return frozenset(self.alternatives)

    def possible(self, held: Held) -> bool:
        return not held.live.isdisjoint(self.members)

    def matches(self, held: Held) -> list[re.Match[str]]:
        """Those of every alternative from left to right; at one place in the order of the alternatives."""
        tried = (one for one in self.alternatives if one in held.live)
        return sorted((match for one in tried for match in held.all(one)), key=re.Match.start)


def _telling(needs: Needs) -> Needs:
    """Without clauses that nearly every text fulfils, where others are left."""
    return tuple(clause for clause in needs if min(map(len, map(str.encode, clause))) > 1) or needs


@cache
def _alternative(pattern: str) -> Alternative:
    """The same for the same words, whichever groups have them."""
    compiled = re.compile(pattern)
    return Alternative(compiled, needed(compiled))
