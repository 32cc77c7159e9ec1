"""What a text must hold for a pattern to match at all: literal words, read off the compiled pattern itself.

A search for words is some fifty times as fast as the pattern, and leaves no match out: where a pattern's words cannot
be told, it is always tried. Never decides anything by itself.

`throat ~ (closing|shut)` needs two things: `throat`, and one of `closing` and `shut`.
"""

import re
from collections.abc import Iterable
from re import _parser  # type: ignore[attr-defined]  # how the standard library itself reads patterns
from typing import Any, Final

_LITERAL: Final = "LITERAL"
_MOST_WORDS: Final = 400
Clause = frozenset[str]
Needs = tuple[Clause, ...]


def needed(pattern: re.Pattern[str]) -> Needs:
    """Clauses that hold in every match, each by one of its words at least; none where that cannot be told."""
    if pattern.flags & re.IGNORECASE:
        return ()
    return tuple(dict.fromkeys(_of_sequence(_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))))


def _of_sequence(parts: Iterable[Any]) -> list[Clause]:
    """What the parts need one after another: runs of literals, and what single parts need."""
    found: list[Clause] = []
    run = ""
    for kind, value in parts:
        if str(kind) == _LITERAL:
            run += chr(value)
            continue
        if run:
            found.append(frozenset({run}))
            run = ""
        found += _of_part(str(kind), value)
    if run:
        found.append(frozenset({run}))
    return found


def _of_part(kind: str, value: Any) -> list[Clause]:  # noqa: ANN401 - the parser's own tree has no types
    if kind == "SUBPATTERN":
        return [] if value[1] & re.IGNORECASE else _of_sequence(value[3])
    if kind == "BRANCH":
        return _of_any(value[1])
    if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"} and value[0] > 0:
        return _of_sequence(value[2])
    if kind == "ATOMIC_GROUP":
        return _of_sequence(value)
    if kind == "IN" and all(str(one) == _LITERAL for one, _ in value):
        return [frozenset(chr(code) for _, code in value)]
    return []


def _of_any(branches: Iterable[Iterable[Any]]) -> list[Clause]:
    """The best clause of each branch, all in one; nothing if one of them needs nothing."""
    words: set[str] = set()
    for branch in branches:
        best = max(_of_sequence(branch), key=_worth, default=None)
        if best is None:
            return []
        words |= best
    return [frozenset(words)] if len(words) <= _MOST_WORDS else []


def _worth(words: Clause) -> tuple[int, int]:
    """Long words are rare in a text, and few are fast to look for."""
    return min(map(len, words)), -len(words)
