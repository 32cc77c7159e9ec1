"""Drafts of a file checked against their sources, one JSON object a line; a broken line stops everything."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hospital_hub.cli.route_file import BadLine
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.clinical.draft_check import Checked, DraftReport, Source, check_draft
from hospital_hub.clinical.evidence import Passage
from hospital_hub.clinical.omissions import Omission

_STRICT = ConfigDict(extra="forbid", strict=True)


class DraftSource(BaseModel):
    model_config = _STRICT

    id: Annotated[str, Field(min_length=1)]
    text: str


class DraftItem(BaseModel):
    """What may stand in a line."""

    model_config = _STRICT

    id: Annotated[str, Field(min_length=1)]
    sources: list[DraftSource]
    draft: str


def check_file(source: Path, target: Path, *, told: Callable[[int], None]) -> tuple[int, int]:
    """How many drafts were checked, and how many of their sentences are unsupported; `told` hears of each draft.

    Raises:
        BadLine: a line is no JSON object, or has unknown, missing or repeated keys.
    """
    items = list(_items(source))
    lines, unsupported = [], 0
    for done, item in enumerate(items, start=1):
        report = check_draft(item.draft, [Source(one.id, one.text) for one in item.sources])
        unsupported += sum(1 for one in report.sentences if one.doubts)
        lines.append(orjson.dumps({"id": item.id, **shown(report)}) + b"\n")
        told(done)
    written_whole(target, lines)
    return len(lines), unsupported


def shown(report: DraftReport) -> dict[str, Any]:
    """As JSON; `start` and `end` count code points of the draft or of the source that is named."""
    return {
        "sentences": [_sentence(one) for one in report.sentences],
        "omissions": [_omission(one) for one in report.omissions],
    }


def _sentence(one: Checked) -> dict[str, Any]:
    reasons = [f"{doubt.kind.value}: {doubt.words}" if doubt.words else doubt.kind.value for doubt in one.doubts]
    return {
        "start": one.start,
        "end": one.end,
        "supported": not one.doubts,
        "sources": [_place(passage) for passage in one.sources],
        "reason": "; ".join(reasons),
        "copied_from": one.copied_from or None,
    }


def _omission(one: Omission) -> dict[str, Any]:
    return {"kind": one.kind, "text": one.words, "source": _place(one.passage)}


def _place(passage: Passage) -> dict[str, Any]:
    return {"id": passage.source, "start": passage.start, "end": passage.end}


def _items(source: Path) -> Iterator[DraftItem]:
    seen: set[str] = set()
    with source.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            item = _item(line, number)
            if item.id in seen:
                raise BadLine(f"line {number}: the id {item.id} occurs twice")
            seen.add(item.id)
            yield item


def _item(line: bytes, number: int) -> DraftItem:
    try:
        item = DraftItem.model_validate_json(line)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        raise BadLine(f"line {number}: {place}: {first['msg']}") from None
    if len({one.id for one in item.sources}) < len(item.sources):
        raise BadLine(f"line {number}: sources: two of them have the same id")
    return item
