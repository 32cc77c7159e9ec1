"""Decisions for a file of items, one JSON object a line; a broken line stops everything and nothing is written."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hospital_hub.cli.whole_file import written_whole
from hospital_hub.inference.question import estimate_tokens
from routing import Decision, Lane, Refusal, Request, Task

ANSWER_TOKENS = 512
DEADLINE_SECONDS = 120.0
LANES = {"patient": Lane.KIOSK, "nurse": Lane.CLINICIAN, "doctor": Lane.CLINICIAN, "researcher": Lane.BATCH}


class BadLine(Exception):
    """The message names the line and what is wrong with it."""


class Item(BaseModel):
    """What may stand in a line."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(min_length=1)]
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
    items = list(_items(source))
    lines = [
        _line(item, decided(item, item.request(second_opinion=second_opinion)), number=number) for number, item in items
    ]
    written_whole(target, lines)
    return len(lines)


def _items(source: Path) -> Iterator[tuple[int, Item]]:
    seen: set[str] = set()
    with source.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            item = _item(line, number)
            if item.id in seen:
                raise BadLine(f"line {number}: the id {item.id} occurs twice")
            seen.add(item.id)
            yield number, item


def _item(line: bytes, number: int) -> Item:
    try:
        item = Item.model_validate_json(line)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        raise BadLine(f"line {number}: {place}: {first['msg']}") from None
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
