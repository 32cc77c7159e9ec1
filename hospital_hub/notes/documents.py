"""The texts of recent notes as facts, sentence by sentence with their places, the patient's names taken out. Pure."""

import base64
import binascii
import re
from collections.abc import Sequence

from hospital_hub.clinical.grounding import Fact, FactKind
from hospital_hub.clinical.sentences import split
from integrations.fhir.client import Resource
from integrations.fhir.paths import items, word

LONGEST = 20_000
MOST_SENTENCES = 60
SHORTEST = 6  # characters; below that it is a heading
# A draft of somebody else is not a fact yet.
READABLE = frozenset({"final", "amended", ""})


def sentences_of(found: Sequence[Resource], *, hidden: tuple[str, ...], instead: str) -> list[Fact]:
    """Newest note first; `hidden` words are replaced by `instead` in the fact, not in the place it points to."""
    facts = []
    for document in sorted(found, key=lambda one: word(one, "date"), reverse=True):
        source = f"DocumentReference/{word(document, 'id')}"
        for span in split(text_of(document)):
            if len(span.text) < SHORTEST:
                continue
            said = without(span.text, hidden, instead=instead)
            facts.append(Fact("", source, FactKind.NOTE, said, span=(span.start, span.end)))
    return facts[:MOST_SENTENCES]


def text_of(document: Resource) -> str:
    """The plain text inside a DocumentReference; empty for other media types and for what lies elsewhere."""
    if word(document, "docStatus") not in READABLE:
        return ""
    for content in items(document, "content"):
        media = word(content, "attachment", "contentType").split(";")[0].strip().lower()
        data = word(content, "attachment", "data")
        if media == "text/plain" and data:
            return _decoded(data)
    return ""


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()[:LONGEST]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def without(text: str, hidden: tuple[str, ...], *, instead: str) -> str:
    """`text` with each hidden word replaced."""
    if not hidden:
        return text
    told = re.sub("|".join(re.escape(one) for one in hidden), instead, text, flags=re.IGNORECASE)
    return told.replace(instead * 2, instead)  # `patient Li` in Chinese is `患者李`
