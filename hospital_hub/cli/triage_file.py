"""Triage levels for a file of cases, one JSON object a line; a broken line stops everything and nothing is written."""

from collections.abc import Callable
from pathlib import Path

import orjson

from hospital_hub.cli.lines import Line, numbered
from hospital_hub.cli.watched import watched
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.clinical.acuity import Assessment, reasons
from hospital_hub.clinical.text import language_of

INSUFFICIENT = "insufficient"
Assess = Callable[[str], Assessment]


class Case(Line):
    """What may stand in a line."""

    text: str


def assess_file(source: Path, target: Path, *, assessed: Assess) -> dict[str, int]:
    """How many cases got each level.

    Raises:
        BadLine: a line is no JSON object, or has unknown, missing or repeated keys or ids.
    """
    cases = [case for _, case in numbered(source, Case)]
    counts: dict[str, int] = {}
    lines = []
    for case in watched(cases, doing="Assessing"):
        level, line = _line(case, assessed(case.text))
        counts[level] = counts.get(level, 0) + 1
        lines.append(line)
    written_whole(target, lines)
    return counts


def _line(case: Case, found: Assessment) -> tuple[str, bytes]:
    """Places count characters of the text as given; reasons are in its language, the most urgent first."""
    language = language_of(case.text, default="zh-CN")
    level = INSUFFICIENT if found.level is None else found.level.name
    outcome = {
        "id": case.id,
        "level": level,
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
        "reasons": list(reasons(found, language)),
        "missing": list(found.missing),
        "doubtful": [{"sign": one.sign, "start": one.start, "end": one.end} for one in found.doubtful],
    }
    return level, orjson.dumps(outcome) + b"\n"
