"""Whether the numbers of a sentence stand in its sources, with their units. Pure.

A date may be said in parts, a range by its ends, a pressure as two numbers: each part must then be there. A number that
stands in a source beside another unit is another number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from hospital_hub.clinical.evidence import Evidence
from hospital_hub.clinical.quantities import Quantity, Shape
from hospital_hub.clinical.reading import Reading
from hospital_hub.clinical.units import ITEM, NONE, unit_of

# A bare number of this size in a talk is a body temperature, not a count of days.
_TEMPERATURE: Final = (Decimal(35), Decimal(43))
_CELSIUS: Final = unit_of("cel")
_TIME: Final = "time"
# 3/7, 2/52 and 6/12 are days, weeks and months in British notes.
_FRACTIONS_OF_TIME: Final = {Decimal(7): unit_of("day"), Decimal(52): unit_of("week"), Decimal(12): unit_of("month")}
_MONTHS: Final = 12
_DAYS: Final = 31
_OLD: Final = (" old", "-old", " of age")
_CLOSE: Final = 3  # passages between the two numbers of a pair or a range


def unsourced(reading: Reading, evidence: Evidence, *, places: frozenset[int] | None = None) -> Iterator[Quantity]:
    """Numbers that no passage has; with `places`, none of these passages."""
    held = evidence.numbers
    if places is not None:
        held = tuple((one, where & places) for one, where in held if where & places)
    answers: dict[tuple[object, ...], bool] = {}
    missing: list[Quantity] = []
    found: list[Quantity] = []
    for number in reading.numbers:
        if not number.exact:
            continue
        key = (number.values, number.unit.name, number.shape, number.over)
        if key not in answers:
            answers[key] = said(number, held) or _is_age(number, reading.clean, ages=evidence.ages)
        (found if answers[key] else missing).append(number)
    return (number for number in missing if not any(_inside(number, whole) for whole in found))


Held = Sequence[tuple[Quantity, frozenset[int]]]


def said(number: Quantity, held: Held) -> bool:
    if any(_agrees(number, one) or _short_year(number, one) for one, _ in held):
        return True
    if number.shape is Shape.DATE and _said_without_year(number, held):
        return True
    if number.shape is Shape.PAIR:
        # 64/132 is not 132/64, though both hold the same numbers.
        held = [(one, where) for one, where in held if one.shape is not Shape.PAIR]
    return any(_in_parts(parts, held) for parts in _parts(number))


def _inside(number: Quantity, whole: Quantity) -> bool:
    """The 2岁 of 2岁7个月 needs no source of its own."""
    return whole.start <= number.start and number.end <= whole.end and number.span_length < whole.span_length


def _is_age(number: Quantity, clean: str, *, ages: frozenset[Decimal]) -> bool:
    """By a date of birth that the source gives."""
    old = number.unit.name == "year" and ("old" in number.shown or clean[number.end :].startswith(_OLD))
    return old and number.values[0] in ages


def places_of(number: Quantity, evidence: Evidence) -> Iterator[int]:
    return (place for one, where in evidence.numbers if _agrees(number, one) for place in where)


def _agrees(number: Quantity, one: Quantity) -> bool:
    if number.unit.family == _TIME:
        return number.agrees(_with_unit(one))
    return number.agrees(replace(one, unit=NONE) if one.unit == ITEM else one)


def _with_unit(one: Quantity) -> Quantity:
    """What a bare number measures, as far as its size tells."""
    bare = not one.unit.name and one.shape is Shape.ONE
    warm = bare and _TEMPERATURE[0] <= one.values[0] < _TEMPERATURE[1] and one.values[0] % 1 != 0
    return replace(one, unit=_CELSIUS) if warm else one


def _parts(number: Quantity) -> Iterator[list[Quantity]]:
    """Ways to say it in several numbers."""
    if number.shape in {Shape.RANGE, Shape.PAIR}:
        yield [_one(number, value) for value in number.values]
    if number.shape is Shape.PAIR:
        first, second = number.values
        if second in _FRACTIONS_OF_TIME:
            yield [replace(number, values=(first,), shape=Shape.ONE, unit=_FRACTIONS_OF_TIME[second])]
        if 1 <= first <= _MONTHS:
            yield [_month(number, first), _one(number, second, bare=True)]
    if number.shape is Shape.DATE:
        year, month, day = number.values
        yield [_month(number, month), *(_one(number, value, bare=True) for value in (day, year) if value)]
        yield [_one(number, value, bare=True) for value in (month, day, year) if value]
    if number.shape is Shape.CLOCK:
        hour, minute = number.values
        yield [_one(number, hour, bare=True), *([_one(number, minute, bare=True)] if minute else [])]
        yield [_one(number, hour * 100 + minute, bare=True)]


def _one(number: Quantity, value: Decimal, *, bare: bool = False) -> Quantity:
    return replace(number, values=(value,), shape=Shape.ONE, unit=NONE if bare else number.unit)


def _short_year(number: Quantity, one: Quantity) -> bool:
    """`Back in eighty two` is 1982; smaller numbers are too often something else."""
    bare = number.shape is one.shape is Shape.ONE and not number.unit.name and one.unit in {NONE, ITEM}
    return bare and _is_year(number.values[0]) and _DAYS < one.values[0] == number.values[0] % 100


def _is_year(value: Decimal) -> bool:
    return 1900 <= value < 2100  # noqa: PLR2004 - the years that patients live in


def _said_without_year(date: Quantity, held: Held) -> bool:
    """People say the day, and the note adds the year: right if no other year is said beside it."""
    year, month, day = date.values
    if not month or (year > _DAYS * 4 and not _is_year(year)):
        return False
    parts = [_month(date, month), *([_one(date, day, bare=True)] if day else [])]
    found = [{place for one, where in held if _same_part(part, one) for place in where} for part in parts]
    found[0] |= {place for one, where in held if _is_day(one, month=month, day=day) for place in where}
    pairs = [place for place in found[0] if all(_near(place, others) for others in found[1:])]
    alone = {place for one, where in held if day and _is_day(one, month=month, day=day) for place in where}
    years = {place for one, where in held if _names_year(one) for place in where}
    return any(not _near(place, years) for place in {*pairs, *alone}) if year else bool(pairs or alone)


def _is_day(one: Quantity, *, month: Decimal, day: Decimal) -> bool:
    """9/17."""
    return one.shape is Shape.PAIR and one.values == (month, day)


def _names_year(one: Quantity) -> bool:
    return (one.shape is Shape.DATE and bool(one.values[0])) or (one.shape is Shape.ONE and _is_year(one.values[0]))


def _month(number: Quantity, month: Decimal) -> Quantity:
    return replace(number, values=(Decimal(0), month, Decimal(0)), shape=Shape.DATE, unit=NONE)


def _in_parts(parts: Sequence[Quantity], held: Held) -> bool:
    """Every part is said, all of them close together."""
    found = [{place for one, where in held if _same_part(part, one) for place in where} for part in parts]
    return any(all(_near(place, others) for others in found) for place in found[0])


def _same_part(part: Quantity, one: Quantity) -> bool:
    """Two digits of a year are enough."""
    if _agrees(part, one):
        return True
    value = part.values[0]
    years = part.shape is Shape.ONE and one.shape is Shape.ONE and not part.unit.name
    return years and 0 < value < 100 and one.values[0] > 1900 and one.values[0] % 100 == value  # noqa: PLR2004


def _near(place: int, others: set[int]) -> bool:
    return any(place + step in others for step in range(-_CLOSE, _CLOSE + 1))
