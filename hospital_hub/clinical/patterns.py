"""Alternatives of which only those are tried whose words the text holds; the matches are those of one `a|b|c`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from hospital_hub.clinical.literals import Needs, needed


@dataclass(frozen=True)
class Held:
    """A clean text, and the words that it holds."""

    clean: str
    words: frozenset[str]

    def one_of(self, needs: Needs) -> bool:
        return needs is None or not needs.isdisjoint(self.words)


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
        compiled = (re.compile(pattern) for pattern in patterns)
        alternatives = tuple(Alternative(pattern, needed(pattern)) for pattern in compiled)
        needs = [one.needs for one in alternatives if one.needs is not None]
        return cls(alternatives, frozenset().union(*needs) if len(needs) == len(alternatives) else None)

    def possible(self, held: Held) -> bool:
        return held.one_of(self.needs)

    def matches(self, held: Held) -> Iterator[re.Match[str]]:
        """From left to right without overlap; at one place the first alternative that matches there."""
        tried = [one.pattern for one in self.alternatives if held.one_of(one.needs)]
        ahead = [pattern.search(held.clean) for pattern in tried]
        while True:
            best = min((found for found in ahead if found is not None), key=re.Match[str].start, default=None)
            if best is None:
                return
            yield best
            end = max(best.end(), best.start() + 1)
            ahead = [
                pattern.search(held.clean, end) if found is not None and found.start() < end else found
                for pattern, found in zip(tried, ahead, strict=True)
            ]
