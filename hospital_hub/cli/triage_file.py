"""Triage levels for a file of cases, one JSON object a line; a broken line stops everything and nothing is written."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any

import orjson

from hospital_hub.cli.asked_levels import Told
from hospital_hub.cli.lines import Line, numbered
from hospital_hub.cli.watched import watched
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.clinical.acuity import Assessment, reasons
from hospital_hub.clinical.levels import Level, raised
from hospital_hub.clinical.text import language_of

INSUFFICIENT = "insufficient"
Assess = Callable[[str], Assessment]
Suggest = Callable[[Sequence[str]], Iterator[Told]]


class Case(Line):
    """What may stand in a line."""

    text: str


@dataclass
class Counted:
    """How many cases got each level, how many a model made more urgent, and of how many no model told anything."""

    levels: Counter[str] = field(default_factory=Counter)
    raised: int = 0
    failed: int = 0


def assess_file(source: Path, target: Path, *, assessed: Assess, suggested: Suggest | None = None) -> Counted:
    """The most urgent of rules and model for each case; by the rules alone without `suggested`.

    Raises:
        BadLine: a line is no JSON object, or has unknown, missing or repeated keys or ids.
    """
    cases = [case for _, case in numbered(source, Case)]
    counted, lines = Counted(), []
    with closing(_told(cases, suggested)) as told:
        for case, said in zip(watched(cases, doing="Assessing"), told, strict=False):
            lines.append(_line(case, assessed(case.text), told=said, counted=counted))
    written_whole(target, lines)
    return counted


def _told(cases: Sequence[Case], suggested: Suggest | None) -> Generator[Told | None]:
    nobody: Iterable[Told | None] = repeat(None, len(cases))
    yield from nobody if suggested is None else suggested([case.text for case in cases])


def _line(case: Case, found: Assessment, *, told: Told | None, counted: Counted) -> bytes:
    """Places count characters of the text as given; reasons are in its language, the most urgent first."""
    level = found.level if told is None else raised(found.level, told.level)
    counted.levels[_name(level)] += 1
    counted.raised += level is not found.level
    counted.failed += told is not None and bool(told.failure)
    outcome = {"id": case.id, "level": _name(level), **_rules(case, found), **_model(found, told)}
    return orjson.dumps(outcome) + b"\n"


def _rules(case: Case, found: Assessment) -> dict[str, Any]:
    return {
        "provisional": found.provisional,
        "red_flags": [{"rule": flag.rule, "start": flag.start, "end": flag.end} for flag in found.red_flags],
        "acuity": [
            {
                "kind": one.kind,
                "rule": one.rule,
                "level": None if one.level is None else one.level.name,
                "start": one.start,
                "end": one.end,
            }
            for one in found.indicators
        ],
        "reasons": list(reasons(found, language_of(case.text, default="zh-CN"))),
        "missing": list(found.missing),
        "doubtful": [{"sign": one.sign, "start": one.start, "end": one.end} for one in found.doubtful],
    }


def _model(found: Assessment, told: Told | None) -> dict[str, Any]:
    """What the rules alone say, and the model's suggestion apart from it."""
    if told is None:
        return {}
    said = {
        "level": None if told.level is None else told.level.name,
        "reason": told.reason,
        "model": told.model,
        "prompt": told.prompt,
        "failure": told.failure or None,
    }
    return {"rules_level": _name(found.level), "model": said}


def _name(level: Level | None) -> str:
    return INSUFFICIENT if level is None else level.name
