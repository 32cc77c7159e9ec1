"""Chinese numbers in characters: 三十八度五, 半个月, 两三天, 一个半月, 一百二十, 39度多. Pure.

A character number counts only where a unit or a measure word follows, or where it is longer than one character:
一般, 一下 and 十分 are no numbers.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from hospital_hub.clinical.quantities import Quantity, Shape
from hospital_hub.clinical.units import NONE, PATTERN, Unit, unit_of

_DIGITS: Final = {**{character: value for value, character in enumerate("零一二三四五六七八九")}, "两": 2, "〇": 0}
_SCALES: Final = {"十": 10, "百": 100, "千": 1000}
_CHARACTERS: Final = "零〇一二两三四五六七八九十百千万"
_MEASURE: Final = f"(?P<unit>{PATTERN})"
_TENTHS: Final = re.compile(
    rf"(?P<whole>\d{{1,9}}|[{_CHARACTERS}]{{1,9}})[度点](?P<tenth>[{_CHARACTERS}]|\d)(?![\d个天次月年片袋])度?"
)
_HALF: Final = re.compile(rf"(?P<whole>\d{{1,9}}|[{_CHARACTERS}]{{1,9}})?(?P<count>个)?半(?P<unit>{PATTERN})")
_HALF_AFTER: Final = re.compile(rf"(?P<whole>\d{{1,9}}|[{_CHARACTERS}]{{1,9}})(?P<unit>{PATTERN})半")
_ONE: Final = re.compile(
    rf"(?!十分(?!钟))(?!(?<=月)零)(?<!月零)(?P<ordinal>(?<=第))?(?P<value>[{_CHARACTERS}]{{1,9}})(?P<more>多|几|来)?{_MEASURE}(?P<after>[多余])?"
)
_LONG: Final = re.compile(rf"(?<![{_CHARACTERS}])(?P<value>[{_CHARACTERS}]{{2,9}})(?![{_CHARACTERS}几])(?!{PATTERN})")
_RANGE: Final = re.compile(
    rf"(?P<a>[{_CHARACTERS}]{{1,9}})(?P<first>{PATTERN})?[至到、~-](?P<b>[{_CHARACTERS}]{{1,9}})(?:多)?{_MEASURE}?"
)
# Of a baby 一周三个月 are a year and three months.
_COMPOSITE: Final = re.compile(
    rf"(?P<years>\d{{1,9}}|[{_CHARACTERS}]{{1,9}}?)(?:周?岁|周)[零又]?(?P<months>\d{{1,9}}|[{_CHARACTERS}]{{1,9}})个?(?:多)?月"
)
_MONTHS_DAYS: Final = re.compile(
    rf"(?P<months>\d{{1,9}}|[{_CHARACTERS}]{{1,9}}?)个月[零又]?(?P<days>\d{{1,9}}|[{_CHARACTERS}]{{1,9}})天"
)
_DAYS_A_MONTH: Final = 30
_MONTHS_A_YEAR: Final = 12
_MONTH_UNIT: Final = unit_of("月")
_DAY: Final = unit_of("天")
# The first and the last day may both be counted.
_AGO: Final = {"今": (1,), "昨": (1, 2), "前": (2, 3), "大前": (3, 4)}
_DAYS_AGO: Final = re.compile(r"(?:大前|前|昨|今)[天日晚]")
_TYPED: Final = re.compile(r"(?<![\d.])(?P<a>[1-9])[. ]?(?P<b>[2-9])(?P<unit>次|回|天|遍)")


def spoken_chinese(clean: str) -> Iterator[Quantity]:
    yield from _tenths(clean)
    yield from _halves(clean)
    yield from _ages(clean)
    yield from _days_ago(clean)
    yield from _run_together(clean)
    for found in _ONE.finditer(clean):
        if found["ordinal"] is None or _unit(found).family == _DAY.family:  # 第四天 is four days, 第一次 no number
            yield from (_with_more(one, found) for one in _neighbours(found, found["value"], unit=_unit(found)))
    for found in _LONG.finditer(clean):
        yield from _neighbours(found, found["value"], unit=NONE)
    yield from _ranges(clean)


def _tenths(clean: str) -> Iterator[Quantity]:
    for found in _TENTHS.finditer(clean):
        whole, tenth = value_of(found["whole"]), value_of(found["tenth"])
        if whole is not None and tenth is not None and tenth < 10:  # noqa: PLR2004 - one digit
            yield _made(found, (whole + tenth / 10,), unit=unit_of("度") if "度" in found[0] else NONE)


def _halves(clean: str) -> Iterator[Quantity]:
    for pattern in (_HALF, _HALF_AFTER):
        for found in pattern.finditer(clean):
            whole = value_of(found["whole"]) if found["whole"] else Decimal(0)
            if whole is not None:
                yield _made(found, (whole + Decimal("0.5"),), unit=unit_of(found["unit"]))


def _ages(clean: str) -> Iterator[Quantity]:
    """1岁3个月 is also 15个月, and 3个月22天 are 112 days."""
    for found in _COMPOSITE.finditer(clean):
        years, months = value_of(found["years"]), value_of(found["months"])
        if years is not None and months is not None:
            yield _made(found, (years * _MONTHS_A_YEAR + months,), unit=_MONTH_UNIT)
    for found in _MONTHS_DAYS.finditer(clean):
        months, days = value_of(found["months"]), value_of(found["days"])
        if months is not None and days is not None:
            yield _made(found, (months * _DAYS_A_MONTH + days,), unit=_DAY)


def _ranges(clean: str) -> Iterator[Quantity]:
    for found in _RANGE.finditer(clean):
        low, high = value_of(found["a"]), value_of(found["b"])
        if low is not None and high is not None and low < high:
            yield _made(found, (low, high), unit=_unit(found), shape=Shape.RANGE)


def _days_ago(clean: str) -> Iterator[Quantity]:
    for found in _DAYS_AGO.finditer(clean):
        for days in _AGO[found[0][:-1]]:
            yield _made(found, (Decimal(days),), unit=_DAY)


def _run_together(clean: str) -> Iterator[Quantity]:
    """People type 4.5次 and 78次 where they mean four or five, seven or eight times."""
    for found in _TYPED.finditer(clean):
        low, high = Decimal(found["a"]), Decimal(found["b"])
        if high == low + 1:
            yield _made(found, (low, high), unit=unit_of(found["unit"]), shape=Shape.RANGE)


def value_of(written: str) -> Decimal | None:
    """三十八, 一百零五, 二〇一六, 38; None for what is no number."""
    if written.isdecimal():
        return Decimal(written)
    if not any(character in _SCALES or character == "万" for character in written):
        digits = [_DIGITS.get(character) for character in written]
        return None if None in digits else Decimal("".join(map(str, digits)))
    before, _, after = written.rpartition("万")
    if before:
        high, low = value_of(before), value_of(after) if after else Decimal(0)
        return None if high is None or low is None else high * 10_000 + low
    total, current = 0, 0
    for character in after:
        if character in _SCALES:
            total += (current or 1) * _SCALES[character]
            current = 0
        else:
            current = _DIGITS.get(character, 0)
    return Decimal(total + current)


def _neighbours(found: re.Match[str], written: str, *, unit: Unit) -> Iterator[Quantity]:
    """两三 is two or three, 十二三 is twelve or thirteen; other characters are one number."""
    value, stem = value_of(written), value_of(written[:-2]) if written[:-2] else Decimal(0)
    low, high = (_DIGITS.get(character, 0) for character in f"  {written}"[-2:])
    if stem is not None and low and high == low + 1:
        yield _made(found, (stem + low, stem + high), unit=unit, shape=Shape.RANGE)
    elif value is not None:
        yield _made(found, (value,), unit=unit)


def _with_more(one: Quantity, found: re.Match[str]) -> Quantity:
    """十多天 is up to twenty, 三个多月 and 三年多 up to four."""
    if found["more"] in {"多", "几"}:
        return replace(one, over=10 if one.values[0] % 10 == 0 else 1)
    return replace(one, over=1) if found["after"] or "多" in found["unit"] else one


def _unit(found: re.Match[str]) -> Unit:
    return unit_of(found["unit"]) if found["unit"] else NONE


def _made(
    found: re.Match[str], values: tuple[Decimal, ...], *, unit: Unit = NONE, shape: Shape = Shape.ONE
) -> Quantity:
    return Quantity(values, unit, *found.span(), found[0], shape, spoken=True)
