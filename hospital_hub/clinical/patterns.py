"""Alternatives of which only those are tried whose words the text holds; what one finds hides nothing from another."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from ahocorasick_rs import AhoCorasick

from hospital_hub.clinical.literals import Needs, needed


@dataclass(frozen=True)
class Held:
    """A clean text, and the words that it holds. Each pattern is looked for once, however many groups have it."""

    clean: str
    words: frozenset[str]
    found: dict[re.Pattern[str], tuple[re.Match[str], ...]] = field(default_factory=dict, compare=False)

    def one_of(self, needs: Needs) -> bool:
        return needs is None or not needs.isdisjoint(self.words)

    def all(self, pattern: re.Pattern[str]) -> tuple[re.Match[str], ...]:
        if pattern not in self.found:
            self.found[pattern] = tuple(pattern.finditer(self.clean))
        return self.found[pattern]


class Vocabulary:
    """All words that any of the groups needs, looked for in one pass."""

    def __init__(self, groups: Iterable["Group"]) -> None:
        words = {word for group in groups for one in group.alternatives for word in one.needs or ()}
        self._matcher = AhoCorasick(words, store_patterns=True)

    def held(self, clean: str) -> Held:
        searched = clean.encode("utf-8", "replace").decode()  # the matcher takes no half of a surrogate pair
        return Held(clean, frozenset(self._matcher.find_matches_as_strings(searched, overlapping=True)))


@dataclass(frozen=True)
class Alternative:
    pattern: re.Pattern[str]
    needs: Needs


@dataclass(frozen=True)
class Group:
    """`needs` are those of all alternatives together."""

    alternatives: tuple[Alternative, ...]
    needs: Needs

    @classmethod
    def of(cls, *patterns: str) -> "Group":
        alternatives = tuple(_alternative(pattern) for pattern in patterns)
        needs = [one.needs for one in alternatives if one.needs is not None]
        return cls(alternatives, frozenset().union(*needs) if len(needs) == len(alternatives) else None)

    def possible(self, held: Held) -> bool:
        return held.one_of(self.needs)

    def matches(self, held: Held) -> list[re.Match[str]]:
        """Those of every alternative from left to right; at one place in the order of the alternatives."""
        tried = (one.pattern for one in self.alternatives if held.one_of(one.needs))
        return sorted((match for pattern in tried for match in held.all(pattern)), key=re.Match.start)


@cache
def _alternative(pattern: str) -> Alternative:
    """The same for the same words, whichever groups have them."""
    compiled = re.compile(pattern)
    return Alternative(compiled, needed(compiled))
