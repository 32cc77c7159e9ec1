"""Reads vital signs from typed Chinese and English. Only labelled figures, or figures with a telling unit, are read.

Fahrenheit and mg/dL are converted. Ages, times, doses and telephone numbers are no vital signs. Pure.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hospital_hub.clinical.patterns import Group, Held, Vocabulary
from hospital_hub.clinical.text import Readable, readable
from hospital_hub.clinical.vital_signs import UNITS, Measurement, Sign, VitalSigns
from hospital_hub.clinical.vital_words import (
    AWAKE,
    DIASTOLIC,
    GCS,
    GLUCOSE,
    HR,
    LINE,
    ON_OXYGEN,
    PAIN,
    PRESSURE,
    ROOM_AIR,
    RR,
    SPO2,
    SPOKEN,
    SPOKEN_OF,
    SYSTOLIC,
    TEMPERATURE,
    WEIGHT,
)

_ZH_DIGITS: Final = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"半": 5}
_HOT: Final = 60  # a temperature from here on is in Fahrenheit
_MG: Final = 35  # a blood sugar from here on is in mg/dL
_NEAR: Final = 40
_LIKE_ONE: Final = (40, 260)  # lowest and highest figure of what looks like a blood pressure


@dataclass(frozen=True)
class _Reader:
    sign: Sign
    figures: Group
    value: Callable[[re.Match[str]], float]


def _plain(found: re.Match[str]) -> float:
    return float(found["n"])


def _celsius(found: re.Match[str]) -> float:
    value = float(found["n"])
    if found["t"] and value.is_integer():
        value += (int(found["t"]) if found["t"].isdigit() else _ZH_DIGITS[found["t"]]) / 10
    unit = found["u"].strip(" °")
    hot = unit.startswith(("f", "degrees f")) or (value >= _HOT and not unit.startswith(("c", "度")) and value > 80)  # noqa: PLR2004
    return round((value - 32) * 5 / 9, 1) if hot else value


def _mmol(found: re.Match[str]) -> float:
    value = float(found["n"])
    milligrams = found["u"].strip().startswith("mg") or (not found["u"].strip() and value >= _MG)
    return round(value / 18.0, 1) if milligrams else value


def _coma(found: re.Match[str]) -> float:
    parts = found.groupdict()
    return float(parts["n"]) if "n" in parts else float(sum(int(parts[name]) for name in "evm"))


def _group(patterns: Iterable[re.Pattern[str]]) -> Group:
    return Group.of(*(pattern.pattern for pattern in patterns))


_READERS: Final = (
    _Reader(Sign.HEART_RATE, _group(HR), _plain),
    _Reader(Sign.RESPIRATORY_RATE, _group(RR), _plain),
    _Reader(Sign.SPO2, _group(SPO2), _plain),
    _Reader(Sign.SYSTOLIC, _group(SYSTOLIC), _plain),
    _Reader(Sign.DIASTOLIC, _group(DIASTOLIC), _plain),
    _Reader(Sign.TEMPERATURE, _group(TEMPERATURE), _celsius),
    _Reader(Sign.GCS, _group(GCS), _coma),
    _Reader(Sign.GLUCOSE, _group(GLUCOSE), _mmol),
    _Reader(Sign.WEIGHT, _group(WEIGHT), _plain),
)
_OTHERS: Final = _group((SPOKEN, PRESSURE, *PAIN))
_STATES: Final = tuple((state, _group((words,))) for state, words in AWAKE)
_OXYGEN: Final = _group((ON_OXYGEN, ROOM_AIR))
_WORDS: Final = Vocabulary([*(one.figures for one in _READERS), _OTHERS, _OXYGEN, *(group for _, group in _STATES)])


def read_vital_signs(text: str) -> VitalSigns:
    """Every figure once, in the order of the text."""
    return signs_in(readable(text))


def signs_in(read: Readable) -> VitalSigns:
    """The same of a text that other rules read too."""
    held = _WORDS.held(read.clean)
    found = {(one.sign, one.start): one for one in reversed(list(_measurements(read, held)))}
    ordered = sorted(found.values(), key=lambda one: (one.start, one.sign))
    awake = next((state for state, words in _STATES if held.first(words.alternatives[0])), None)
    given, none = _OXYGEN.alternatives
    oxygen = True if held.first(given) else False if held.first(none) else None
    return VitalSigns.sorted(ordered, consciousness=awake, on_oxygen=oxygen)


def _measurements(read: Readable, held: Held) -> Iterator[Measurement]:
    labelled = list(_labelled_ones(read, held))
    yield from labelled
    if len(labelled) > 1 or re.search(r"\b(?:vs|vitals?)\b|\bp[ :]{1,2}\d{2,3}\b", read.clean):
        for sign, pattern in LINE:
            for found in pattern.finditer(read.clean):
                yield _measured(
                    read, found, sign=sign, value=_celsius(found) if sign is Sign.TEMPERATURE else _plain(found)
                )


def _labelled_ones(read: Readable, held: Held) -> Iterator[Measurement]:
    for reader in _READERS:
        for figure in reader.figures.alternatives:
            for found in held.all(figure):
                yield _measured(read, found, sign=reader.sign, value=reader.value(found))
    spoken, pressure, named, bare = _OTHERS.alternatives
    for found in held.all(spoken):
        value = _ZH_DIGITS[found["tens"]] * 10 + _ZH_DIGITS[found["ones"] or "零"]
        tenths = found["t"] or "零"
        yield _measured(
            read,
            found,
            sign=Sign.TEMPERATURE,
            value=value + (int(tenths) if tenths.isdigit() else _ZH_DIGITS[tenths]) / 10,
            group=0,
        )
    yield from _pressures(read, held.all(pressure))
    yield from _pains(read, named=held.all(named), bare=held.all(bare))


def _pressures(read: Readable, pairs: Iterable[re.Match[str]]) -> Iterator[Measurement]:
    """Two figures and a stroke are a blood pressure where they are called so, in mmHg, or where one is spoken of."""
    spoken_of = SPOKEN_OF.search(read.clean)
    for found in pairs:
        like_one = found["d"].isdigit() and _LIKE_ONE[0] <= int(found["d"]) < int(found["n"]) <= _LIKE_ONE[1]
        if found["label"] or found["u"] or (spoken_of and like_one):
            yield _measured(read, found, sign=Sign.SYSTOLIC, value=float(found["n"]))
            if found["d"].isdigit():
                yield _measured(read, found, sign=Sign.DIASTOLIC, value=float(found["d"]), group="d")


def _pains(read: Readable, *, named: Iterable[re.Match[str]], bare: Iterable[re.Match[str]]) -> Iterator[Measurement]:
    """`8/10` is pain where pain is spoken of."""
    for found in named:
        yield _measured(read, found, sign=Sign.PAIN, value=float(found["n"]))
    for found in bare:
        around = read.clean[max(0, found.start() - _NEAR) : found.end() + _NEAR]
        if re.search(r"pain|ache|hurt|severity|疼|痛", around):
            yield _measured(
                read, found, sign=Sign.PAIN, value=float(found["n"] or found["m"]), group="n" if found["n"] else "m"
            )


def _measured(
    read: Readable, found: re.Match[str], *, sign: Sign, value: float, group: str | int | None = None
) -> Measurement:
    """The place is that of the figure, so that two ways of reading one figure give one measurement."""
    chosen = group if group is not None else ("n" if "n" in found.groupdict() else 0)
    start, end = read.span(*found.span(chosen))
    whole_start, whole_end = read.span(*found.span())
    return Measurement(sign, round(value, 1), UNITS[sign], start, end, read.text[whole_start:whole_end].strip(" ,;"))
