"""Every number of a text, written or spoken, English or Chinese, with its unit and its place. Pure.

`forty two`, `三十八度五`, `1/2`, `120 over 80`, `half a month` and `two or three days` are numbers. Text must be clean
(clinical/text.py). A spoken number can have several readings; each is a quantity of its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from hospital_hub.clinical.units import NONE, PATTERN, RANK, Unit, unit_of

# Between units of one family (a month has 28 to 31 days); the same unit must have the same number.
CONVERTED: Final = Decimal("0.07")
_DEGREE: Final = "degree"
_SCALE: Final = Decimal(10)


class Shape(StrEnum):
    ONE = "one"
    RANGE = "range"  # from the first to the second
    PAIR = "pair"  # 120/80, 7 out of 10: the order counts
    DATE = "date"  # year, month, day; 0 where the text does not say
    CLOCK = "clock"  # hour, minute


@dataclass(frozen=True)
class Quantity:
    """`start` and `end` are places in the clean text. `spoken` numbers are words, and may mean none (`no one`).

    `over` is how much more it may be, in its unit: 3个多月 is from three months to four.
    """

    values: tuple[Decimal, ...]
    unit: Unit
    start: int
    end: int
    shown: str
    shape: Shape = Shape.ONE
    spoken: bool = False
    over: int = 0

    @property
    def exact(self) -> bool:
        """Worth asking a source for: digits, or words with a unit."""
        return not self.spoken or (self.unit not in {NONE, RANK} and self.values != (Decimal(1),))

    @property
    def span_length(self) -> int:
        return self.end - self.start

    def agrees(self, other: "Quantity") -> bool:
        """The same number, and no unit that speaks against it. A range is said by its ends, together or alone."""
        if Shape.DATE in {self.shape, other.shape}:
            return self.shape is other.shape and _says_date(other.values, self.values)
        if self.shape in {Shape.PAIR, Shape.CLOCK}:
            return self.values == other.values and self.shape is other.shape
        if other.shape in {Shape.PAIR, Shape.CLOCK}:
            return self.shape is Shape.ONE and self._is_of(other)
        if self.over or other.over:
            return _within(self, other) or _within(other, self)
        return all(any(self._equal(value, one, unit=other.unit) for one in other.values) for value in self.values)

    def _is_of(self, pair: "Quantity") -> bool:
        """One of two numbers. The ten of `seven out of ten` is a scale, so that ten days are not in it."""
        scale = bool(self.unit.name) and pair.values[1] == _SCALE
        return self.values[0] in (pair.values[:1] if scale else pair.values)

    def _equal(self, value: Decimal, one: Decimal, *, unit: Unit) -> bool:
        mine = self.unit
        if not mine.name or not unit.name or mine.name == unit.name:
            return value == one
        if mine.family != unit.family:
            return False
        if _DEGREE in {mine.name, unit.name}:
            return value == one
        mine_size, size = value * mine.size, one * unit.size
        return bool(mine_size) and abs(mine_size - size) <= CONVERTED * max(mine_size, size)


def _within(mine: Quantity, other: Quantity) -> bool:
    """Between the other one and the next, in another unit of its family; in the same unit as it is said."""
    if len(mine.values) > 1 or len(other.values) > 1:
        return False
    value, one = mine.values[0], other.values[0]
    if not mine.unit.size or mine.unit.name == other.unit.name or mine.unit.family != other.unit.family:
        return replace(mine, over=0).agrees(replace(other, over=0))
    return one * other.unit.size <= value * mine.unit.size < (one + other.over) * other.unit.size


def _says_date(said: tuple[Decimal, ...], asked: tuple[Decimal, ...]) -> bool:
    """All that is asked for is said; years may be written with two digits."""
    pairs = [(a, b) for a, b in zip(said, asked, strict=True) if b]
    return all(a == b or (max(a, b) > 100 > min(a, b) > 0 and a % 100 == b % 100) for a, b in pairs)  # noqa: PLR2004


_VALUE: Final = r"\d{1,3}(?:,\d{3}){1,4}(?!\d)|\d{1,15}(?:\.\d{1,9})?"
_ISO: Final = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?(?!\d)")
_AMERICAN: Final = re.compile(r"(?<![\d/])(?P<month>\d{1,2})[/-](?P<day>\d{1,2})[/-](?P<year>\d{4}|\d\d)(?![\d/])")
_MONTH_OF_YEAR: Final = re.compile(r"(?<![\d./])(?P<month>0?[1-9]|1[0-2])/(?P<year>(?:19|20)\d\d)(?![\d/])")
_DECADE: Final = re.compile(r"(?<![\w.])(?P<value>(?:1[89]|20)?\d0)'?s\b")
_CLOCK: Final = re.compile(r"(?<![\d:])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::\d\d)?(?![\d:])")
_PAIR: Final = re.compile(
    rf"(?<![\d./a-z])(?P<a>\d+(?:\.\d+)?) ?(?:/|over|out of) ?(?P<b>\d+(?:\.\d+)?)(?![\d/])(?: ?(?P<unit>{PATTERN}))?"
)
_RANGE: Final = re.compile(
    rf"(?<![\d.a-z])(?P<a>{_VALUE})(?: ?(?P<first>{PATTERN}))? ?(?P<joint>-|–|—|~|to|or|至|到|、"
    rf"|,)+ ?(?P<b>{_VALUE})(?![\d/])(?:[ -]{{0,2}}(?P<unit>{PATTERN}))?"
)
_MIXED: Final = re.compile(
    rf"(?<![\d./])(?:(?P<whole>\d+)[ -](?:and )?)?(?P<a>[1-9])/(?P<b>[2-9]"
    rf"|10)(?![\d/])(?=(?:[ -]{{0,2}}(?P<unit>{PATTERN}))?)"
)
_ONE: Final = re.compile(
    rf"(?<![\d.])(?<![a-wyz])(?!(?<=covid-)19)(?<!月零)(?P<value>{_VALUE})(?:[ -]{{0,2}}(?P<unit>{PATTERN}))?"
    r"(?P<rank>(?:st|nd|rd|th)\b)?(?P<half>[半多余]?)(?P<tenth>(?<=[度点])\d(?!\d))?"
)
# In Chinese text a comma between digits divides two numbers (221，223), in English it groups thousands (10,897).
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d),(?=\d)")
# 221.223.216 are three values; 2016.5.3 is a date.
_CHAIN: Final = re.compile(r"(?<![\d.])(?!(?:19|20)\d\d\.)\d{1,4}(?:\.\d{1,4}){2,}(?!\.?\d)")
_LIST_NUMBER: Final = re.compile(r"(?m)^\s*\(?\d{1,2}[.)、](?=\D|$)")


def list_numbers(clean: str) -> list[tuple[int, int]]:
    """Places of the numbers that only count the lines of a list."""
    return [found.span() for found in _LIST_NUMBER.finditer(clean)]


def written(clean: str) -> Iterator[Quantity]:
    """Numbers in digits, the wider shapes first; no digit belongs to two quantities."""
    if any(character > "\u3400" for character in clean):
        clean = _BETWEEN_DIGITS.sub("、", clean)
        clean = _CHAIN.sub(lambda found: found[0].replace(".", "、"), clean)
    taken = bytearray(len(clean))
    for start, end in list_numbers(clean):
        taken[start:end] = b"\1" * (end - start)
    for pattern, read in _READERS:
        place = 0
        while found := pattern.search(clean, place):
            made = None if any(taken[found.start() : found.end()]) else read(found)
            place = found.start() + 1 if made is None else found.end()
            if made is not None:
                taken[found.start() : found.end()] = b"\1" * (found.end() - found.start())
                yield made


def number(digits: str) -> Decimal:
    return Decimal(digits.replace(",", ""))


def _unit(found: re.Match[str]) -> Unit:
    return unit_of(found["unit"]) if found["unit"] else NONE


def _date(found: re.Match[str]) -> Quantity | None:
    year, month, day = (Decimal(found[part]) for part in ("year", "month", "day"))
    if not (1 <= month <= 12 and 1 <= day <= 31):  # noqa: PLR2004 - the calendar
        return None
    return Quantity((year, month, day), NONE, *found.span(), found[0], Shape.DATE)


def _month_of_year(found: re.Match[str]) -> Quantity:
    values = (Decimal(found["year"]), Decimal(found["month"]), Decimal(0))
    return Quantity(values, NONE, *found.span(), found[0], Shape.DATE)


def _decade(found: re.Match[str]) -> Quantity:
    return Quantity((Decimal(found["value"]),), NONE, *found.span(), found[0])


def _clock(found: re.Match[str]) -> Quantity:
    return Quantity((Decimal(found["hour"]), Decimal(found["minute"])), NONE, *found.span(), found[0], Shape.CLOCK)


def _mixed(found: re.Match[str]) -> Quantity | None:
    """`1 1/2` and `1/2 hour`; `1/2` alone can be a pair just as well."""
    if not found["whole"] and not found["unit"]:
        return None
    value = Decimal(found["whole"] or 0) + Decimal(found["a"]) / Decimal(found["b"])
    return Quantity((value,), _unit(found), *found.span(), found[0])


def _pair(found: re.Match[str]) -> Quantity:
    return Quantity((Decimal(found["a"]), Decimal(found["b"])), _unit(found), *found.span(), found[0], Shape.PAIR)


def _range(found: re.Match[str]) -> Quantity | None:
    """Only with something that says that it is one: a unit behind it, or growing numbers."""
    low, high = number(found["a"]), number(found["b"])
    first = unit_of(found["first"]) if found["first"] else NONE
    unit = _unit(found) if found["unit"] else first
    if first.name and first.family != unit.family:
        return None
    if (low >= high and not unit.name) or (found["joint"] in {"、", ","} and high != low + 1):
        return None
    return Quantity((low, high), unit, *found.span(), found[0], Shape.RANGE)


def _one(found: re.Match[str]) -> Quantity:
    value = number(found["value"])
    if found["half"] == "半":
        value += Decimal("0.5")
    if found["tenth"]:
        value += Decimal(found["tenth"]) / 10
    unit = RANK if found["rank"] and not found["unit"] else _unit(found)
    over = int(found["half"] in {"多", "余"} or "多" in (found["unit"] or ""))
    return Quantity((value,), unit, *found.span(), found[0].strip(), over=over)


_READERS: Final = (
    (_ISO, _date),
    (_AMERICAN, _date),
    (_MONTH_OF_YEAR, _month_of_year),
    (_DECADE, _decade),
    (_CLOCK, _clock),
    (_MIXED, _mixed),
    (_PAIR, _pair),
    (_RANGE, _range),
    (_ONE, _one),
)
