"""What a clinician changed in a generated text, word by word (Chinese: character by character). Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from rapidfuzz.distance import Levenshtein

_WORDS = re.compile(r"[A-Za-z0-9.\-]+|\s+|.", re.DOTALL)
# Comparing word by word takes time with the square of the length; longer texts are compared by line.
MOST_WORDS = 4000


LIKENESS_DIGITS: Final = 4


@dataclass(frozen=True)
class Piece:
    kind: Literal["same", "added", "removed"]
    text: str


def changes(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces that make up `after`, with what was removed in its place; a single piece when nothing changed."""
    old, new = _words(before), _words(after)
    if len(old) + len(new) > MOST_WORDS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return tuple(piece for piece in _pieces(old, new) if piece.text)


def likeness(before: str, after: str) -> float:
    """1 minus the edit distance over the longer length (Levenshtein, in characters, as Chinese has no spaces)."""
    return round(Levenshtein.normalized_similarity(before, after), LIKENESS_DIGITS)


def _words(text: str) -> list[str]:
    return _WORDS.findall(text)


def _pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    for tag, from_old, to_old, from_new, to_new in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(new[from_new:to_new]))
            continue
        yield Piece("removed", "".join(old[from_old:to_old]))
        yield Piece("added", "".join(new[from_new:to_new]))
