"""Drafts of a file checked against their sources, one JSON object a line; a broken line stops everything."""

from pathlib import Path
from typing import Any

import orjson

from hospital_hub.cli.lines import BadLine, Line, numbered
from hospital_hub.cli.watched import watched
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.clinical.draft_check import Checked, DraftReport, Source, check_draft
from hospital_hub.clinical.evidence import Passage
from hospital_hub.clinical.omissions import Omission


class DraftSource(Line):
    text: str


class DraftItem(Line):
    """What may stand in a line."""

    sources: list[DraftSource]
    draft: str


def check_file(source: Path, target: Path) -> tuple[int, int]:
    """How many drafts were checked, and how many of their sentences are unsupported.

    Raises:
        BadLine: a line is no JSON object, or has unknown, missing or repeated keys.
    """
    items = [_draft(item, number=number) for number, item in numbered(source, DraftItem)]
    lines, unsupported = [], 0
    for item in watched(items, doing="Checking"):
        report = check_draft(item.draft, [Source(one.id, one.text) for one in item.sources])
        unsupported += sum(1 for one in report.sentences if one.doubts)
        lines.append(orjson.dumps({"id": item.id, **shown(report)}) + b"\n")
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


def _draft(item: DraftItem, *, number: int) -> DraftItem:
    if len({one.id for one in item.sources}) < len(item.sources):
        raise BadLine(f"line {number}: sources: two of them have the same id")
    return item
