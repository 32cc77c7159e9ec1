"""What the record says of a person, found in every spelling: spaces, case, width, order, initials, forms of a day.

Pinyin is matched where the record gives it, with or without blanks and in either order; none is made from characters.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from hospital_hub.clinical.identifiers.dates import forms_of
from hospital_hub.clinical.identifiers.folded import folded
from hospital_hub.clinical.identifiers.spans import Identifier, Span

Record = Mapping[str, str | Sequence[str] | None]
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_SHORTEST: Final = 2
_FEWEST_DIGITS: Final = 5  # a bed's number would take doses with it
_DAY: Final = re.compile(r"((?:19|20)\d\d)[-/.年]?(\d\d?)[-/.月]?(\d\d?)日?")
_COMPOUND: Final = 4  # a name as long as this has a surname of two characters
_BETWEEN: Final = frozenset(" \t\n\r().,·・•/-'’")
_WIDEST: Final = 4  # between two letters of one value
_PREFIX: Final = re.compile(r"\(?\+?(?:00)?86\)?[ .-]{0,2}$")
_CHINA: Final = re.compile(r"(?:00)?86(1[3-9]\d{9})")
_NAMES: Final = ("name", "pinyin", "contact")


@dataclass(frozen=True)
class _Squeezed:
    """A text in small letters without blanks and signs, and where each of its letters stands."""

    text: str
    places: Sequence[int]
    given: str

    def find(self, letters: str) -> Iterator[tuple[int, int]]:
        """Where the letters stand as a word of their own, not torn apart."""
        at = self.text.find(letters)
        while at >= 0:
            places = self.places[at : at + len(letters)]
            if max(map(int.__sub__, places[1:], places), default=0) <= _WIDEST and self._is_whole(places):
                yield places[0], places[-1] + 1
            at = self.text.find(letters, at + 1)

    def _is_whole(self, places: Sequence[int]) -> bool:
        start, end = places[0], places[-1] + 1
        return not (_joined(self.given[start - 1 : start], self.given[start]) and not self._has_prefix(start)) and not (
            _joined(self.given[end - 1], self.given[end : end + 1])
        )

    def _has_prefix(self, start: int) -> bool:
        return self.given[start] == "1" and _PREFIX.search(self.given[max(0, start - 8) : start]) is not None


def _joined(left: str, right: str) -> bool:
    """Both are ASCII letters or digits; beside Chinese characters every border is one."""
    return left.isascii() and right.isascii() and left.isalnum() and right.isalnum()


def known(text: str, record: Record) -> Iterator[Span]:
    """Places in the folded text."""
    if not record:
        return
    places = [place for place, letter in enumerate(text) if letter not in _BETWEEN]
    small = text.lower()
    if len(small) != len(text):  # a few letters have two when small
        small = "".join([letter if len(low := letter.lower()) != 1 else low for letter in text])
    squeezed = _Squeezed("".join([small[place] for place in places]), places, text)
    for key, given in record.items():
        for value in [given] if isinstance(given, str) else given or ():
            for start, end in _of(squeezed, key, value=folded(value).text.strip()):
                yield Span(start, end, Identifier.KNOWN)


def _of(squeezed: _Squeezed, key: str, *, value: str) -> Iterator[tuple[int, int]]:
    letters = "".join(letter for letter in value.lower() if letter not in _BETWEEN)
    if len(letters) < _SHORTEST:
        return
    if day := _day(value):
        for match in _forms(day).finditer(squeezed.given):
            yield match.span()
    digits = sum(map(str.isdigit, letters))
    if letters.isdigit() and digits < _FEWEST_DIGITS:
        return
    phone = _CHINA.fullmatch(letters.lstrip("+"))
    for start, end in squeezed.find(phone[1] if phone else letters):
        prefix = _PREFIX.search(squeezed.given[max(0, start - 8) : start]) if squeezed.given[start] == "1" else None
        yield start - len(prefix[0]) if prefix else start, end
    if any(word in key for word in _NAMES) and not digits:
        yield from _name(squeezed, value, letters=letters)


def _name(squeezed: _Squeezed, value: str, *, letters: str) -> Iterator[tuple[int, int]]:
    if _HAN.search(value):
        given = letters[2:] if len(letters) >= _COMPOUND else letters[1:]
        if len(given) >= _SHORTEST:
            yield from squeezed.find(given)
        return
    parts = [part for part in re.split(r"[\s,.]+", value.lower()) if part]
    if len(parts) < _SHORTEST:
        return
    plain = ["".join(letter for letter in part if letter not in _BETWEEN) for part in parts]
    first, last = plain[0], plain[-1]
    for form in (last + first, first + last, first[:1] + last, last + first[:1], "".join(reversed(plain))):
        yield from squeezed.find(form)
    for part in plain:
        if len(part) > _SHORTEST:
            yield from (span for span in squeezed.find(part) if squeezed.given[span[0]].isupper())


@lru_cache(maxsize=256)
def _forms(day: date) -> re.Pattern[str]:
    return re.compile(forms_of(day), re.IGNORECASE)


def _day(value: str) -> date | None:
    match = _DAY.fullmatch(value)
    if not match:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
