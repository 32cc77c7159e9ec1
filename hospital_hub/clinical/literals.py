"""What a text must hold for a pattern to match at all: literal words, read off the compiled pattern itself.

A search for words is some fifty times as fast as the pattern, and leaves no match out: where a pattern's words cannot
be told, it is always tried. Never decides anything by itself.
"""

import re
from collections.abc import Iterable
from re import _parser  # type: ignore[attr-defined]  # how the standard library itself reads patterns
from typing import Any, Final

_LITERAL: Final = "LITERAL"
_MOST_WORDS: Final = 400
Needs = frozenset[str] | None


def needed(pattern: re.Pattern[str]) -> Needs:
    """Words of which at least one stands in every match; None where that cannot be told."""
    if pattern.flags & re.IGNORECASE:
        return None
    return _of_sequence(_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))


def _of_sequence(parts: Iterable[Any]) -> Needs:
    """The best of what the parts need one after another: runs of literals, and what single parts need."""
    found: list[frozenset[str]] = []
    run = ""
    for kind, value in parts:
        if str(kind) == _LITERAL:
            run += chr(value)
            continue
        if run:
            found.append(frozenset({run}))
            run = ""
        part = _of_part(str(kind), value)
        if part:
            found.append(part)
    if run:
        found.append(frozenset({run}))
    return max(found, key=_worth, default=None)


def _of_part(kind: str, value: Any) -> Needs:  # noqa: ANN401 - the parser's own tree has no types
    if kind == "SUBPATTERN":
        return None if value[1] & re.IGNORECASE else _of_sequence(value[3])
    if kind == "BRANCH":
        return _of_any(value[1])
    if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"} and value[0] > 0:
        return _of_sequence(value[2])
    if kind == "ATOMIC_GROUP":
        return _of_sequence(value)
    if kind == "IN" and all(str(one) == _LITERAL for one, _ in value):
        return frozenset(chr(code) for _, code in value)
    return None


def _of_any(branches: Iterable[Iterable[Any]]) -> Needs:
    """All that one of the branches needs; nothing if one of them needs nothing."""
    words: set[str] = set()
    for branch in branches:
        needs = _of_sequence(branch)
        if needs is None:
            return None
        words |= needs
    return frozenset(words) if len(words) <= _MOST_WORDS else None


def _worth(words: frozenset[str]) -> tuple[int, int]:
    """Long words are rare in a text, and few are fast to look for."""
    return min(map(len, words)), -len(words)
