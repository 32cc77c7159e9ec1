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
EDGE: Final = "\0"  # in a word: here is the edge of a whole word
_NO_LETTER: Final = re.compile(r"\W")
Clause = frozenset[str]
Needs = tuple[Clause, ...]
Edges = tuple[bool, bool]  # whether a part begins and ends at the edge of a whole word
_NONE: Final = (False, False)


def whole_words(clean: str) -> str:
    """The text in which words that have an edge are looked for: everything that is no letter or digit is an edge."""
    return f"{EDGE}{_NO_LETTER.sub(EDGE, clean)}{EDGE}"


def needed(pattern: re.Pattern[str]) -> Needs:
    """Clauses that hold in every match, each by one of its words at least; none where that cannot be told."""
    if pattern.flags & re.IGNORECASE:
        return ()
    return tuple(dict.fromkeys(_of_sequence(_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG), _NONE)))


def _of_sequence(parts: Iterable[Any], edges: Edges) -> list[Clause]:
    """What the parts need one after another: runs of literals, and what single parts need."""
    found: list[Clause] = []
    run, begins = "", False
    for kind, value, (left, right) in _with_edges([(str(kind), value) for kind, value in parts], edges):
        if kind == _LITERAL:
            begins = begins if run else left
            run += chr(value)
            if right:
                found.append(frozenset({_edged(run, (begins, True))}))
                run = ""
            continue
        if run and kind not in _WITHOUT_WIDTH:
            found.append(frozenset({_edged(run, (begins, False))}))
            run = ""
        found += _of_part(kind, value, edges=(left, right))
    if run:
        found.append(frozenset({_edged(run, (begins, False))}))
    return found


def _with_edges(parts: list[tuple[str, Any]], edges: Edges) -> Iterable[tuple[str, Any, Edges]]:
    """Each part with whether the places before and behind it are edges; what has no width leaves a place as it is."""
    lefts, rights = _edges(parts, edges[0]), _edges(parts[::-1], edges[1])[::-1]
    return ((kind, value, here) for (kind, value), here in zip(parts, zip(lefts, rights, strict=True), strict=True))


def _edges(parts: list[tuple[str, Any]], first: bool) -> list[bool]:
    found, edge = [], first
    for kind, value in parts:
        found.append(edge)
        edge = (edge or _is_edge(kind, value)) if kind in _WITHOUT_WIDTH else False
    return found


_WITHOUT_WIDTH: Final = frozenset({"AT", "ASSERT", "ASSERT_NOT"})


def _is_edge(kind: str, value: Any) -> bool:  # noqa: ANN401 - the parser's own tree has no types
    r"""`\b`, and `(?<!\w)` and `(?!\w)`, whatever else they forbid beside letters and digits."""
    if kind == "AT":
        return str(value) == "AT_BOUNDARY"
    if kind != "ASSERT_NOT" or len(value[1]) != 1:
        return False
    (one,) = value[1]
    return str(one[0]) == "IN" and any(str(what) == "CATEGORY_WORD" for _, what in one[1]) and _not_negated(one[1])


def _not_negated(items: Any) -> bool:  # noqa: ANN401
    return all(str(kind) != "NEGATE" for kind, _ in items)


def _edged(run: str, edges: Edges) -> str:
    """The word with its edges; only a letter or digit can stand at one."""
    begins, ends = (
        edge and not _NO_LETTER.match(letter) for edge, letter in zip(edges, (run[0], run[-1]), strict=True)
    )
    if not (begins or ends):
        return run
    return f"{EDGE * begins}{_NO_LETTER.sub(EDGE, run)}{EDGE * ends}"


def _of_part(kind: str, value: Any, *, edges: Edges) -> list[Clause]:  # noqa: ANN401 - as above
    if kind == "SUBPATTERN":
        return [] if value[1] & re.IGNORECASE else _of_sequence(value[3], edges)
    if kind == "BRANCH":
        return _of_any(value[1], edges)
    if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"} and value[0] > 0:
        return _of_sequence(value[2], (edges[0], False))
    if kind == "ATOMIC_GROUP":
        return _of_sequence(value, edges)
    if kind == "IN" and all(str(one) == _LITERAL for one, _ in value):
        return [frozenset(_edged(chr(code), edges) for _, code in value)]
    return []


def _of_any(branches: Iterable[Iterable[Any]], edges: Edges) -> list[Clause]:
    """The best clause of each branch, all in one; nothing if one of them needs nothing."""
    words: set[str] = set()
    for branch in branches:
        best = max(_of_sequence(branch, edges), key=worth, default=None)
        if best is None:
            return []
        words |= best
    return [frozenset(words)] if len(words) <= _MOST_WORDS else []


def worth(words: Clause) -> tuple[int, int]:
    """Long words are rare in a text, and few are fast to look for."""
    return min(map(len, words)), -len(words)
