"""Notes without their identifiers for a file of notes; a broken line stops everything and nothing is written."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
from pydantic import Field

from hospital_hub.cli.lines import Line, numbered
from hospital_hub.cli.watched import watched
from hospital_hub.cli.whole_file import written_whole
from hospital_hub.clinical.identifiers.find import Found, identifiers


class Note(Line):
    """What may stand in a line; `known` holds what the record says, one value or several each."""

    text: str
    known: dict[str, str | list[str] | None] = Field(default_factory=dict)


def deidentify_file(source: Path, target: Path) -> tuple[int, Counter[str]]:
    """How many notes, and how many identifiers of each type.

    Raises:
        BadLine: a line is no JSON object, or has unknown, missing or repeated keys or ids.
    """
    notes = [note for _, note in numbered(source, Note)]
    counted = Counter[str]()
    written_whole(target, _lines(notes, counted))
    return len(notes), counted


def _lines(notes: Sequence[Note], counted: Counter[str]) -> Iterator[bytes]:
    for note in watched(notes, doing="De-identifying"):
        found = identifiers(note.text, note.known)
        counted.update(span.type.value for span in found.spans)
        yield orjson.dumps(_line(note.id, found)) + b"\n"


def _line(note_id: str, found: Found) -> dict[str, object]:
    spans = [{"start": span.start, "end": span.end, "type": span.type.value} for span in found.spans]
    return {"id": note_id, "text": found.text, "spans": spans}
