"""How old somebody is by a date of birth and the latest date that a text names. Pure.

People give their date of birth and the clerk writes the age. Without a second date nothing is worked out.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from hospital_hub.clinical.quantities import Quantity, Shape
from hospital_hub.clinical.reading import Reading

_BIRTH: Final = re.compile(r"(?:date of birth|birth ?date|birthday|\bdob\b|\bborn\b|出生|生日)[^\n.;。；]{0,24}$")
_BEFORE: Final = 48  # characters
_CENTURY: Final = 100
_THIS_CENTURY: Final = 30  # 21 is 2021, 62 is 1962


def possible_ages(readings: Iterable[Reading]) -> frozenset[Decimal]:
    """In whole years: before and after the birthday of the latest year that is named."""
    births: set[Decimal] = set()
    others: set[Decimal] = set()
    for reading in readings:
        for date in _dates(reading):
            born = _BIRTH.search(reading.clean[max(0, date.start - _BEFORE) : date.start])
            (births if born else others).add(_year(date.values[0]))
    if len(births) != 1 or not others:
        return frozenset()
    years = max(others) - births.pop()
    return frozenset({years, years - 1}) if years > 0 else frozenset()


def _dates(reading: Reading) -> Iterator[Quantity]:
    return (number for number in reading.numbers if number.shape is Shape.DATE and number.values[0])


def _year(said: Decimal) -> Decimal:
    if said >= _CENTURY:
        return said
    return said + (2000 if said <= _THIS_CENTURY else 1900)
