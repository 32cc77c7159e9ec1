"""Why a case has its automatic level: the rules that fired with their words, the signs and values, what is missing.

`case.acuity` is read as it is: what an older rule pack did not write is simply not shown. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.red_flags import Rule, load_rules
from hospital_hub.clinical.text import Language
from hospital_hub.triage.vital_signs import SIGNS

Names = Mapping[Language, str]
Told = Mapping[int, str]  # ordinal of a turn, what stands there
# The level stands beside the sentence as a badge.
_LEVEL_AT_THE_END: Final = re.compile(r"\s*→\s*(?:I{1,3}|IV)(?:\s*级)?$")
Marks = Sequence[Mapping[str, Any]]  # with turn, start and end, as flags and indicators have them
_SIGNS: Mapping[str, str] = {sign.name: sign.label for sign in SIGNS}


@dataclass(frozen=True)
class Piece:
    """A stretch of what was said; `marked` where a rule matched."""

    text: str
    marked: bool


@dataclass(frozen=True)
class Fired:
    """One red flag of the trace, with the person's own words that raised it."""

    rule: Rule
    words: tuple[str, ...]


@dataclass(frozen=True)
class Indicator:
    """One finding of the rule pack: "SpO2 91 -> III". `words` are the person's, where it comes from words."""

    kind: str
    rule: str
    level: Level | None
    names: Names
    words: str = ""


@dataclass(frozen=True)
class Named:
    """A missing sign or a doubtful value; `words` as it was typed."""

    names: Names
    words: str = ""


@dataclass(frozen=True)
class Department:
    names: Names
    reasons: Names


@dataclass(frozen=True)
class Acuity:
    """What the rule pack found, as a page shows it."""

    level: Level | None = None
    indicators: tuple[Indicator, ...] = ()
    missing: tuple[Named, ...] = ()
    doubtful: tuple[Named, ...] = ()
    departments: tuple[Department, ...] = ()
    score: Mapping[str, Any] = field(default_factory=dict)


def pieces(text: str, marks: Marks, *, turn: int = 0, exact: bool = True) -> tuple[Piece, ...]:
    """What was said, cut where marks begin and end; overlapping marks are one.

    `exact` is false where the rules read something else than the words themselves, such as what a "yes" says.
    """
    own = [mark for mark in marks if mark.get("turn", 0) == turn and range(*_span(mark))]
    if own and not exact:
        return (Piece(text, marked=True),)
    marked = {place for mark in own for place in range(*_span(mark))}
    edges = {place for place in range(1, len(text)) if (place in marked) != (place - 1 in marked)}
    cuts = [0, *sorted(edges), len(text)]
    return tuple(Piece(text[start:end], start in marked) for start, end in pairwise(cuts) if end > start)


def trace(heard: Told, flags: Marks) -> tuple[Fired, ...]:
    """Red flags in the order of their urgency, each with its words; `heard` is what the rules read."""
    words: dict[str, list[str]] = {}
    for flag in flags:
        start, end = _span(flag)
        said = heard.get(flag.get("turn", 0), "")[start:end]
        known = words.setdefault(flag["rule"], [])
        if said and said not in known:
            known.append(said)
    return tuple(Fired(rule, tuple(words[rule.id])) for rule in load_rules().named(words))


def acuity_of(found: Mapping[str, Any], heard: Told) -> Acuity:
    """From the sealed JSON; red flags stand in a trace of their own."""
    indicators = tuple(
        _indicator(one, heard) for one in found.get("indicators") or () if one.get("kind") not in {"red_flag", "flag"}
    )
    return Acuity(
        level=_level(found.get("level")),
        indicators=tuple(sorted(indicators, key=lambda one: one.level or Level.IV + 1)),
        missing=tuple(_named(one) for one in found.get("missing") or ()),
        doubtful=tuple(_named(one) for one in found.get("doubtful") or ()),
        departments=tuple(_department(one) for one in found.get("departments") or ()),
        score=found.get("score") or {},
    )


def _span(mark: Mapping[str, Any]) -> tuple[int, int]:
    start, end = mark.get("start"), mark.get("end")
    return (start, end) if isinstance(start, int) and isinstance(end, int) else (0, 0)


def _indicator(one: Mapping[str, Any], heard: Told) -> Indicator:
    start, end = _span(one)
    said = heard.get(one.get("turn") or 0, "")[start:end]
    rule, names = str(one.get("rule", "")), _both(one)
    bare: Names = {language: _LEVEL_AT_THE_END.sub("", name) for language, name in names.items()}
    level = _level(one.get("level"))
    return Indicator(str(one.get("kind", "")), rule, level, bare or {"zh-CN": rule, "en": rule}, said)


def _named(one: object) -> Named:
    """A name of a sign, or Chinese and English with the words that were typed."""
    if isinstance(one, Mapping):
        return Named(_both(one), str(one.get("words", "")))
    label = _SIGNS.get(str(one), str(one))
    return Named({"zh-CN": label, "en": label})


def _department(one: Mapping[str, Any]) -> Department:
    return Department(_both(one), {"zh-CN": str(one.get("reason_zh", "")), "en": str(one.get("reason_en", ""))})


def _both(one: Mapping[str, Any]) -> Names:
    if not one.get("zh") and not one.get("en"):
        return {}
    return {"zh-CN": str(one.get("zh") or one.get("en")), "en": str(one.get("en") or one.get("zh"))}


def _level(value: object) -> Level | None:
    return Level(value) if isinstance(value, int) and value in set(Level) else None
