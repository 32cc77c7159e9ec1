"""Reads a batch: one JSON object a line, `{"id": optional text, "question": text}`. Whole or not at all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hospital_hub.errors import BadInput, BadLines, LineError, TooLong
from hospital_hub.web.languages import marked

MOST_LINES: Final = 10_000
LONGEST_QUESTION: Final = 8_000
LONGEST_ID: Final = 200
MOST_ERRORS: Final = 20
BOM: Final = b"\xef\xbb\xbf"
FIELDS: Final = frozenset({"id", "question"})
_ONE_OBJECT: Final = marked('Each line is one JSON object such as {{"id": "1", "question": "..."}}.')


@dataclass(frozen=True)
class Line:
    """`name` is the researcher's own id of the question, empty when none was given."""

    question: str
    name: str = ""


class _Wrong(Exception):
    def __init__(self, code: str, message: str, *, most: int | None = None) -> None:
        super().__init__(code)
        self.code, self.message = code, message
        self.limits = {} if most is None else {"most": most}


def read_lines(body: bytes) -> tuple[Line, ...]:
    """All lines; blank ones are passed over but counted in the numbers of the others.

    Raises:
        BadLines: with the first twenty wrong lines. TooLong: more lines than one batch takes. BadInput: none at all.
    """
    raw = [(number, line) for number, line in enumerate(body.removeprefix(BOM).split(b"\n"), 1) if line.strip()]
    if not raw:
        raise BadInput("The batch holds no question.", "Give one JSON object a line.", code="empty_batch")
    if len(raw) > MOST_LINES:
        raise TooLong("The batch has more than 10,000 lines.", "Split it into several batches.", code="too_many_lines")
    lines, errors, names = list[Line](), list[LineError](), set[str]()
    for number, text in raw:
        try:
            lines.append(_line(text, names=names))
        except _Wrong as wrong:
            errors.append(LineError(number, wrong.code, wrong.message, wrong.limits))
            if len(errors) == MOST_ERRORS:
                break
    if errors:
        raise BadLines("Some lines cannot be used.", "Correct them and send the batch again.", lines=errors)
    return tuple(lines)


def _line(text: bytes, *, names: set[str]) -> Line:
    found = _object(text)
    unknown = found.keys() - FIELDS
    if unknown:
        raise _Wrong("extra_field", marked("Only the fields id and question are known."))
    line = Line(question=_question(found.get("question")), name=_name(found.get("id")))
    if line.name in names:
        raise _Wrong("duplicate_id", marked("Another line has the same id."))
    if line.name:
        names.add(line.name)
    return line


def _object(text: bytes) -> Mapping[str, Any]:
    """For orjson NaN, half surrogates and endless nesting are no JSON; json sees a field that comes twice."""
    try:
        found = orjson.loads(text)
        pairs = json.loads(text, object_pairs_hook=list)
    except ValueError as wrong:
        raise _Wrong("broken_json", _ONE_OBJECT) from wrong
    if not isinstance(found, dict):
        raise _Wrong("not_an_object", _ONE_OBJECT)
    if len(pairs) != len(found):
        raise _Wrong("duplicate_field", marked("A field comes twice."))
    return found


def _question(value: object) -> str:
    if value is None:
        raise _Wrong("missing", marked("The question is missing."))
    if not isinstance(value, str):
        raise _Wrong("not_text", marked("The question must be text."))
    if not value.strip():
        raise _Wrong("empty", marked("The question is empty."))
    if len(value) > LONGEST_QUESTION:
        raise _Wrong("too_long", marked("The question is longer than {most} characters."), most=LONGEST_QUESTION)
    return value.strip()


def _name(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Wrong("id_not_text", marked("The id must be text."))
    if len(value) > LONGEST_ID:
        raise _Wrong("id_too_long", marked("The id is longer than {most} characters."), most=LONGEST_ID)
    return value
