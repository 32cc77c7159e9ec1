"""Cuts Chinese and English text into sentences, with their places. Pure.

A line break always ends a sentence: notes are written in lines.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A full stop ends a sentence when white space follows and no abbreviation, number or initial precedes it.
_END = re.compile(
    r"[。！？!?]+[”’」』)）]*|(?<!\bDr)(?<!\bvs)(?<!\be\.g)(?<!\bi\.e)(?<!\bNo)(?<!\bq\.d)(?<!^\d)(?<!\n\d)\.(?=\s|$)|\n+"
)


@dataclass(frozen=True)
class Span:
    text: str
    start: int
    end: int


def split(text: str) -> tuple[Span, ...]:
    """The sentences of a whole text, without the white space around them."""
    return tuple(span for span in _pieces(text) if span.text)


def complete(text: str) -> tuple[tuple[Span, ...], str]:
    """The sentences of a text that still grows, and the rest that may go on."""
    ends = [match.end() for match in _END.finditer(text) if match.end() < len(text) or match.group() != "."]
    cut = ends[-1] if ends else 0
    return split(text[:cut]), text[cut:]


def _pieces(text: str) -> Iterator[Span]:
    start = 0
    for match in _END.finditer(text):
        yield _trimmed(text, start=start, end=match.end())
        start = match.end()
    yield _trimmed(text, start=start, end=len(text))


def _trimmed(text: str, *, start: int, end: int) -> Span:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    return Span(piece.strip(), left, left + len(piece.strip()))
