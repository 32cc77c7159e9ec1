"""All identifiers of a text with their places, and the text without them.

What is left is searched again until nothing more is found. No rule knows every name: a share that is measured, not
none, stays (tests/hospital_hub/clinical/identifiers).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hospital_hub.clinical.identifiers.dates import dates
from hospital_hub.clinical.identifiers.folded import folded
from hospital_hub.clinical.identifiers.known import Record, known
from hospital_hub.clinical.identifiers.names_en import names_en
from hospital_hub.clinical.identifiers.names_zh import names_zh
from hospital_hub.clinical.identifiers.numbers import numbers
from hospital_hub.clinical.identifiers.places import places
from hospital_hub.clinical.identifiers.spans import Identifier, Span, merged

_TIMES: Final = 4
_NOBODY: Final[Mapping[str, str]] = {}


@dataclass(frozen=True)
class Found:
    """`spans` count characters of the text as given; in `text` each stands as its type in brackets."""

    text: str
    spans: tuple[Span, ...]


def identifiers(text: str, record: Record = _NOBODY) -> Found:
    """Searched again with every find taken out, so that what stood beside one is found as well."""
    read = folded(text)
    spans = merged((*known(read.text, record), *_spans(read.text)))
    for _ in range(_TIMES if spans else 0):
        more = tuple(_spans(_taken_out(read.text, spans)))
        if not more:
            break
        spans = merged((*spans, *more))
    placed = merged(Span(*read.place(span.start, span.end), span.type) for span in spans)
    return Found(_replaced(text, placed), placed)


def _spans(text: str) -> Iterator[Span]:
    yield from numbers(text)
    yield from dates(text)
    yield from places(text)
    if not text.isascii():
        yield from names_zh(text)
    yield from names_en(text)


_GAP: Final = "\ue000"  # private use: no letter, no digit, no sign


def _taken_out(text: str, spans: tuple[Span, ...]) -> str:
    parts, at = list[str](), 0
    for span in spans:
        parts += [text[at : span.start], _GAP * (span.end - span.start)]
        at = span.end
    return "".join([*parts, text[at:]])


def _replaced(text: str, spans: tuple[Span, ...]) -> str:
    parts, at = list[str](), 0
    for span in spans:
        parts += [text[at : span.start], f"[{span.type.name}]"]
        at = span.end
    return "".join([*parts, text[at:]])


__all__ = ["Found", "Identifier", "Span", "identifiers"]
