"""Decisions for a file of items, one JSON object a line; a broken line stops everything and nothing is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import orjson
from pydantic import Field

from hospital_hub.cli.lines import BadLine, Line, numbered
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.inference.question import estimate_tokens
from routing import Decision, Lane, Refusal, Request, Task

ANSWER_TOKENS = 512
DEADLINE_SECONDS = 120.0
LANES = {"patient": Lane.KIOSK, "nurse": Lane.CLINICIAN, "doctor": Lane.CLINICIAN, "researcher": Lane.BATCH}


class Item(Line):
    """What may stand in a line."""

    text: str
    surface: str | None = None
    role: str | None = None
    context_tokens: Annotated[int, Field(ge=0)] | None = None

    def request(self, *, second_opinion: bool) -> Request:
        """`role` chooses the lane; unknown roles wait as staff do."""
        return Request(
            text=self.text,
            lane=LANES.get(self.role or "", Lane.STAFF),
            context_tokens=estimate_tokens(self.text) if self.context_tokens is None else self.context_tokens,
            answer_tokens=ANSWER_TOKENS,
            deadline=DEADLINE_SECONDS,
            surface=None if self.surface is None else Task(self.surface),
            second_opinion=second_opinion,
        )


Decide = Callable[[Item, Request], Decision | Refusal]


def decide_file(source: Path, target: Path, *, second_opinion: bool, decided: Decide) -> int:
    """How many items were decided.

    Raises:
        BadLine: a line is no JSON object, has unknown or missing keys, or cannot be served.
    """
    items = [(number, _item(item, number=number)) for number, item in numbered(source, Item)]
    lines = [
        _line(item, decided(item, item.request(second_opinion=second_opinion)), number=number) for number, item in items
    ]
    written_whole(target, lines)
    return len(lines)


def _item(item: Item, *, number: int) -> Item:
    if item.surface is not None and item.surface not in set(Task):
        raise BadLine(f"line {number}: surface: one of {', '.join(Task)} is expected")
    return item


def _line(item: Item, outcome: Decision | Refusal, *, number: int) -> bytes:
    if isinstance(outcome, Refusal):
        raise BadLine(f"line {number}: no tier can serve it ({outcome.code})")
    trace = outcome.trace
    decision = {
        "id": item.id,
        "task": trace.task.value,
        "tier": outcome.tier.label,
        "second_opinion": outcome.second_opinion is not None,
        "floor": trace.floor.label,
        "need": dict(trace.need),
        "reasons": [f"{reason.step} {reason.rule}: {reason.detail}" for reason in trace.reasons],
    }
    return orjson.dumps(decision) + b"\n"
