"""Files of one JSON object a line: read whole and checked before anything is done with them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class BadLine(Exception):
    """The message names the line and what is wrong with it."""


class Line(BaseModel):
    """What may stand in a line, and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(min_length=1)]


T = TypeVar("T", bound=Line)


def numbered(source: Path, kind: type[T]) -> Iterator[tuple[int, T]]:
    """Each object with the number of its line; empty lines are passed over.

    Raises:
        BadLine: a line is no such object, or its id occurs twice.
    """
    seen: set[str] = set()
    with source.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                item = _item(line, number, kind=kind)
                if item.id in seen:
                    raise BadLine(f"line {number}: the id {item.id} occurs twice")
                seen.add(item.id)
                yield number, item


def _item(line: bytes, number: int, *, kind: type[T]) -> T:
    try:
        return kind.model_validate_json(line)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        raise BadLine(f"line {number}: {place}: {first['msg']}") from None
