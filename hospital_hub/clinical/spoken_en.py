"""English numbers in words: `one hundred and five`, `one twenty over eighty`, `nineteen eighty four`, `two or three`.

Pure. People leave out what everybody knows (`ninety eight six` is a temperature): each sensible reading is given.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from hospital_hub.clinical.quantities import Quantity, Shape
from hospital_hub.clinical.units import NONE, PATTERN, RANK, Unit, unit_of

_SMALL: Final = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS: Final = [
    "zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth",
    "nineteenth",
]  # fmt: skip
_MONTHS: Final = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
]  # fmt: skip
_WORDS: Final[dict[str, int]] = {
    **{word: value for value, word in enumerate(_SMALL)},
    **{word: 20 + 10 * place for place, word in enumerate(_TENS)},
    **{word: value for value, word in enumerate(_ORDINALS)},
    **{word[:-1] + "ieth": 20 + 10 * place for place, word in enumerate(_TENS)},
    "oh": 0,
    "o": 0,
    "fourty": 40,
    **{word[:-1] + "ies": 20 + 10 * place for place, word in enumerate(_TENS)},
    "dozen": 12,
}
_SCALES: Final = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_LOOSE: Final = {"once": "1", "twice": "2", "thrice": "3", "couple": "2", "half": "0.5", "quarter": "0.25"}
_SPOKEN: Final = "|".join(sorted({*_WORDS, *_SCALES, "point"}, key=len, reverse=True))
_RUN: Final = re.compile(rf"\b(?:{_SPOKEN})\b(?:(?: \. |[ -]+)(?:and )?(?:{_SPOKEN})\b)*")
_UNIT: Final = re.compile(
    rf"(?: and (?P<part>a half|a quarter|one half|half|quarter))?[ -]{{0,2}}(?:more |full |or so )?(?P<unit>{PATTERN})?"
)
_HALF_AFTER: Final = re.compile(r" and a half")
_LEAD: Final = re.compile(rf"\b(?:an?|one|the last|the past|last|past|per|each|every) (?P<unit>{PATTERN})")
_AND_A_HALF: Final = re.compile(rf"\b(?:an?|one) (?P<unit>{PATTERN}) and a half")
_HALF: Final = re.compile(rf"\b(?P<word>half|quarter)(?: of)?(?: an?| of an?)?[ -](?P<unit>{PATTERN})")
_COUPLE: Final = re.compile(rf"\b(?P<word>couple|once|twice|thrice)\b(?: of)?(?: more)?(?: (?P<unit>{PATTERN}))?")
_MONTH: Final = re.compile(rf"\b(?P<month>{'|'.join(f'{one[:3]}(?:{one[3:]})?' for one in _MONTHS)})\b\.?")
_JOINT: Final = re.compile(r"^,? ?(?P<how>to|or|and|-|over|out of|of) ?(?:maybe |about |like |a )?$")
_RANKS: Final = frozenset({*_ORDINALS, *(word[:-1] + "ieth" for word in _TENS)})
# The ends of a scale: `ten being the worst`, `out of ten`.
_SCALE_END: Final = re.compile(
    r" (?:being|is|as) (?:the |no )?(?:worst|best|none|pain|most|highest|lowest)|( is)? being\b"
)
_OUT_OF: Final = re.compile(r"\bout of (?:a )?$")
_BACK: Final = 10
_TOO_LONG: Final = 12
_DAY: Final = unit_of("day")
# The first and the last day may both be counted.
_DAYS_AGO: Final = {"day before yesterday": (2, 3), "yesterday": (1, 2), "last night": (1,)}


@dataclass(frozen=True)
class _Group:
    """Words that make one cardinal number."""

    value: Decimal
    words: tuple[str, ...]


def spoken_english(clean: str) -> Iterator[Quantity]:
    runs = [_read(clean, found) for found in _RUN.finditer(clean)]
    for made in runs:
        yield from made
    yield from _joined(clean, [made for made in runs if made])
    for found in _LEAD.finditer(clean):
        yield _quantity(found, Decimal(1))
    for found in _AND_A_HALF.finditer(clean):
        yield _quantity(found, Decimal("1.5"))
    for pattern in (_HALF, _COUPLE):
        for found in pattern.finditer(clean):
            yield _quantity(found, Decimal(_LOOSE[found["word"]]))
    for word, values in _DAYS_AGO.items():
        if place := clean.find(word) + 1:
            for days in values:
                yield Quantity((Decimal(days),), _DAY, place - 1, place - 1 + len(word), word, spoken=True)
    for found in _MONTH.finditer(clean):
        month = next(place for place, name in enumerate(_MONTHS, 1) if name.startswith(found["month"][:3]))
        yield Quantity((Decimal(0), Decimal(month), Decimal(0)), NONE, *found.span(), found[0], Shape.DATE, spoken=True)


def _quantity(found: re.Match[str], value: Decimal) -> Quantity:
    unit = unit_of(found["unit"]) if found["unit"] else NONE
    return Quantity((value,), unit, *found.span(), found[0], spoken=True)


def _read(clean: str, run: re.Match[str]) -> list[Quantity]:
    spelled = re.findall(r"[a-z]+", run[0].replace(" . ", " point "))
    groups = list(_groups([word for word in spelled if word != "and"]))[:_TOO_LONG]
    behind = _UNIT.match(clean, run.end())
    unit = unit_of(behind["unit"]) if behind and behind["unit"] else NONE
    if not unit.name and (spelled[-1] in _RANKS or _ends_scale(clean, run)):
        unit = RANK
    end = behind.end() if behind and (unit.name or behind["part"]) else run.end()
    part = Decimal(0)
    if behind and behind["part"]:
        part = Decimal("0.25" if "quarter" in behind["part"] else "0.5")
    elif unit.name and _HALF_AFTER.match(clean, end):
        part = Decimal("0.5")
    values = dict.fromkeys(_readings(groups))
    place, shown = (run.start(), end), clean[run.start() : end]
    ones = [Quantity((value + part,), unit, *place, shown, spoken=True) for value in values]
    ranges = [
        Quantity((a.value, b.value), unit, *place, shown, Shape.RANGE, spoken=True)
        for a, b in pairwise(groups)
        if b.value == a.value + 1
    ]
    return [*ones, *ranges]


def _ends_scale(clean: str, run: re.Match[str]) -> bool:
    before = clean[max(0, run.start() - _BACK) : run.start()]
    return bool(_SCALE_END.match(clean, run.end()) or _OUT_OF.search(before))


def _groups(words: Sequence[str]) -> Iterator[_Group]:
    """Cut at each word that cannot go on with the number before it."""
    group: list[str] = []
    for word in words:
        if group and not _goes_on(group, word):
            yield _Group(_value(group), tuple(group))
            group = []
        group.append(word)
    if group:
        yield _Group(_value(group), tuple(group))


def _goes_on(group: Sequence[str], word: str) -> bool:
    last = group[-1]
    if word in _SCALES or word == "point":
        return "point" not in group
    if "point" in group:
        return True
    if last in _SCALES:
        return _WORDS[word] > 0
    return _WORDS[last] >= 20 and _WORDS[last] % 10 == 0 and 0 < _WORDS[word] < 10  # noqa: PLR2004


def _value(words: Sequence[str]) -> Decimal:
    whole, _, rest = " ".join(words).partition("point")
    total, current = 0, 0
    for word in whole.split():
        if word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total += max(current, 1) * _SCALES[word]
            current = 0
        else:
            current += _WORDS[word]
    digits = _behind_point([_WORDS[word] for word in rest.split() if word in _WORDS])
    return Decimal(total + current) + (Decimal(f"0.{digits}") if digits else 0)


def _behind_point(values: Sequence[int]) -> str:
    """`one twenty five` are the digits 125, as `one two five` are."""
    joined: list[int] = []
    for value in values:
        if joined and joined[-1] >= 20 and joined[-1] % 10 == 0 and 0 < value < 10:  # noqa: PLR2004
            joined[-1] += value
        else:
            joined.append(value)
    return "".join(map(str, joined))


def _readings(groups: Sequence[_Group]) -> Iterator[Decimal]:
    """Every group alone, and neighbours as one number: years, hundreds without `hundred`, tenths without `point`."""
    values = [group.value for group in groups]
    yield from values
    for a, b in pairwise(values):
        if a == int(a) and 1 <= a <= 99 and 10 <= b <= 99:  # noqa: PLR2004
            yield a * 100 + b
        if 30 <= a <= 110 and b < 10 and a == int(a):  # noqa: PLR2004 - body temperatures
            yield a + b / 10
    for a, b, c in zip(values, values[1:], values[2:], strict=False):
        if b == 0 and a < 100 and c < 10:  # noqa: PLR2004 - one oh one, nineteen oh five
            yield a * 100 + c
        if 1 <= a <= 9 and 10 <= b <= 99 and c < 10:  # noqa: PLR2004 - one twenty five was cut wrongly by nobody
            yield a * 100 + b + c
    if len(values) > 1 and all(0 <= value < 10 for value in values):  # noqa: PLR2004 - read digit by digit
        yield Decimal("".join(str(int(value)) for value in values))


def _joined(clean: str, runs: Sequence[Sequence[Quantity]]) -> Iterator[Quantity]:
    """`two or three days`, `one twenty over eighty`."""
    for before, after in pairwise(runs):
        between = clean[before[0].end : after[0].start]
        found = _JOINT.match(between)
        if not found:
            continue
        pair = found["how"] in {"over", "out of", "of"}
        unit: Unit = after[0].unit if after[0].unit != RANK else NONE
        for a in before:
            for b in after:
                if pair or a.values < b.values:
                    shape = Shape.PAIR if pair else Shape.RANGE
                    shown = clean[a.start : b.end]
                    yield Quantity((*a.values, *b.values), unit, a.start, b.end, shown, shape, spoken=True)
