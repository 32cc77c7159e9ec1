"""Triage levels for a file of cases, one JSON object a line; a broken line stops everything and nothing is written."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hospital_hub.cli.route_file import BadLine
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.clinical.acuity import Assessment, reasons
from hospital_hub.clinical.text import language_of

INSUFFICIENT = "insufficient"
Assess = Callable[[str], Assessment]
Watch = Callable[[list["Case"]], Iterable["Case"]]


class Case(BaseModel):
    """What may stand in a line."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(min_length=1)]
    text: str


def assess_file(source: Path, target: Path, *, assessed: Assess, watched: Watch) -> dict[str, int]:
    """How many cases got each level. `watched` passes the cases on and shows how far they are.

    Raises:
        BadLine: a line is no JSON object, or has unknown, missing or repeated keys or ids.
    """
    cases = list(_cases(source))
    counts: dict[str, int] = {}
    lines = []
    for case in watched(cases):
        level, line = _line(case, assessed(case.text))
        counts[level] = counts.get(level, 0) + 1
        lines.append(line)
    written_whole(target, lines)
    return counts


def _cases(source: Path) -> Iterator[Case]:
    seen: set[str] = set()
    with source.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            case = _case(line, number)
            if case.id in seen:
                raise BadLine(f"line {number}: the id {case.id} occurs twice")
            seen.add(case.id)
            yield case


def _case(line: bytes, number: int) -> Case:
    try:
        return Case.model_validate_json(line)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        raise BadLine(f"line {number}: {place}: {first['msg']}") from None


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
