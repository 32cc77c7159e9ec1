"""Names in Latin letters: behind a title, with a first name that is known, behind a word that leads up to one.

Words alone in capitals are not read: OKAFOR is found where the record says it or a title stands before it.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from hospital_hub.clinical.identifiers.spans import Identifier, Span

_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞČĆĐŁŚŠŽŻŘ", "a-zà-öø-ÿāăąćčďđēęěğıłńňőřśšşťůűźżž"
_WORD = rf"(?:(?:[OD]['’]|Mc|Mac|De|Di|La|Le)?[{_UPPER}][{_LOWER}]+(?:[-'’][{_UPPER}][{_LOWER}]+)?)"
_PARTICLE = (
    r"(?:de la |de los |van der |van den |von der |al[- ]|el[- ]|bin |ibn |de"
    r" |da |dos |di |du |van |von |del |della |ter )"
)
_INITIAL = rf"[{_UPPER}]\."
_FREE = rf"(?<![{_UPPER}{_LOWER}0-9'’-])"
_CLOSED = rf"(?![{_UPPER}{_LOWER}0-9])"


_CAPITAL = re.compile(rf"[{_UPPER}][{_UPPER}{_LOWER}]")


class _Words(NamedTuple):
    titled: re.Pattern[str]
    several: re.Pattern[str]
    turned: re.Pattern[str]
    before: re.Pattern[str]
    first: frozenset[str]
    alone: frozenset[str]
    never: frozenset[str]


def names_en(text: str) -> Iterator[Span]:
    if not _CAPITAL.search(text):
        return
    words = _words()
    for match in words.titled.finditer(text):
        if match[1].split()[0] not in words.never:
            yield Span(*match.span(1), Identifier.NAME)
    for match in words.turned.finditer(text):
        if match[1] not in words.never and match[2].split()[0] in words.first:
            yield Span(*match.span(), Identifier.NAME)
    for match in words.several.finditer(text):
        yield from _named(text, match, words=words)


def _named(text: str, match: re.Match[str], *, words: _Words) -> Iterator[Span]:
    """The part of a row of capitalised words that is a name."""
    parts = [(part[0], match.start() + part.start(), match.start() + part.end()) for part in _parts(match[0])]
    known = next((index for index, part in enumerate(parts) if part[0] in words.first), None)
    if known is None:
        while parts and parts[0][0] in words.never:
            parts.pop(0)
        named = [part for part in parts if part[0] not in words.never]
        if len(named) == len(parts) > 1 and words.before.search(text[max(0, parts[0][1] - 24) : parts[0][1]]):
            yield Span(parts[0][1], parts[-1][2], Identifier.NAME)
        return
    end = known
    while end + 1 < len(parts) and parts[end + 1][0] not in words.never:
        end += 1
    if end > known or parts[known][0] in words.alone:
        yield Span(parts[known][1], parts[end][2], Identifier.NAME)


def _parts(row: str) -> Iterator[re.Match[str]]:
    return _ROW_PART.finditer(row)


_ROW_PART = re.compile(rf"{_PARTICLE}?(?:{_WORD}|{_INITIAL})")


@lru_cache(maxsize=1)
def _words() -> _Words:
    data = tomllib.loads(resources.files(__package__).joinpath("names_en.toml").read_text("utf-8"))
    first = frozenset(data["first"].split())
    row = rf"(?:{_WORD}|{_INITIAL})(?: {{1,2}}{_PARTICLE}?(?:{_WORD}|{_INITIAL})){{0,4}}"
    titles, before = _any(data["titles"]), _any(data["before"])
    capitals = rf"(?:[{_UPPER}]{{2,20}}(?:[ -][{_UPPER}]{{2,20}}){{0,2}})"
    return _Words(
        titled=re.compile(rf"{_FREE}(?i:{titles})\.? {{1,2}}({row}|{capitals}){_CLOSED}"),
        several=re.compile(rf"{_FREE}{row}{_CLOSED}"),
        turned=re.compile(rf"{_FREE}({_WORD}), ({_WORD}(?: {_INITIAL})?){_CLOSED}"),
        before=re.compile(rf"(?<![A-Za-z])(?:{before})(?:[,:]? |: ?| is |, )$", re.IGNORECASE),
        first=first,
        alone=first - frozenset(data["words_too"].split()),
        never=frozenset(data["never"].split()),
    )


def _any(words: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
