"""Reads a note back from the EMR and holds its text against the hub's: what stands there, who signed it there.

A note that was carried over by hand and signed there is found by its text among the patient's newest documents.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hospital_hub.audit.events import Deed, record
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.document import is_about
from hospital_hub.notes.draft import normalise, text_hash
from hospital_hub.notes.emr import from_fhir
from hospital_hub.notes.emr_profile import BASE
from hospital_hub.notes.marks import SUPERSEDED, WRONG
from hospital_hub.notes.store import Kept
from integrations.fhir.client import Resource
from integrations.fhir.errors import Fault, FhirFault
from integrations.fhir.paths import items, word

NEWEST: Final = 20
SIGNED: Final = frozenset({"final", "amended"})


class Standing(StrEnum):
    SAME_SIGNED = "same_signed"  # exactly this text, signed
    SAME_UNSIGNED = "same_unsigned"  # exactly this text, which nobody has signed there yet
    OTHER_TEXT = "other_text"
    SUPERSEDED = "superseded"
    STRUCK = "struck"  # entered in error
    ABSENT = "absent"


@dataclass(frozen=True)
class ReadBack:
    """`signer` is the name that the EMR gives; empty where it gives none."""

    standing: Standing
    reference: str = ""
    signer: str = ""
    date: str = ""


def compared(document: Resource, *, text: str, patient: str) -> ReadBack:
    """Pure. A document about somebody else is not what was asked for, whatever it says."""
    if not is_about(document, patient):
        return ReadBack(Standing.ABSENT)
    status = word(document, "status")
    if status == WRONG or word(document, "docStatus") == WRONG:
        standing = Standing.STRUCK
    elif _hash(document) != text_hash(normalise(text)):
        standing = Standing.OTHER_TEXT
    elif status == SUPERSEDED:
        standing = Standing.SUPERSEDED
    else:
        standing = Standing.SAME_SIGNED if word(document, "docStatus") in SIGNED else Standing.SAME_UNSIGNED
    signer = word(document, "authenticator", "display") or word(document, "author", 0, "display")
    return ReadBack(standing, f"{BASE}/{word(document, 'id')}", signer, word(document, "date"))


def found_among(documents: Sequence[Resource], *, text: str, patient: str) -> ReadBack:
    """The one with exactly this text, a signed one first. Pure."""
    same = [compared(one, text=text, patient=patient) for one in documents]
    for wanted in (Standing.SAME_SIGNED, Standing.SAME_UNSIGNED, Standing.SUPERSEDED):
        if found := [one for one in same if one.standing is wanted]:
            return found[0]
    return ReadBack(Standing.ABSENT)


async def read_back(desk: Desk, kept: Kept) -> ReadBack:
    """What the EMR has of this note now, read with the clinician's own permission.

    Raises:
        HubError: the EMR does not say.
    """
    async with desk.resources.database.work() as session:
        event = record(
            session, desk.who, deed=Deed.READ, entity=kept.draft.resource or "DocumentReference", subject=desk.subject
        )
        event.request_id = desk.request_id
    text, patient = kept.draft.text, kept.about.patient
    try:
        if kept.draft.resource:
            document = await desk.fhir.read(BASE, kept.draft.resource.rpartition("/")[2])
            return compared(document, text=text, patient=patient)
        query = {"patient": f"Patient/{patient}", "_sort": "-date", "_count": str(NEWEST)}
        return found_among(await desk.fhir.search(BASE, query, limit=NEWEST), text=text, patient=patient)
    except FhirFault as fault:
        if fault.fault is Fault.NOT_FOUND:
            return ReadBack(Standing.ABSENT)
        raise from_fhir(fault) from fault


def _hash(document: Resource) -> str:
    """Of the text, with line breaks as the hub keeps them; empty where there is none to read."""
    for content in items(document, "content"):
        data = word(content, "attachment", "data")
        if data and word(content, "attachment", "contentType").startswith("text/plain"):
            try:
                return text_hash(normalise(base64.b64decode(data, validate=True).decode()))
            except ValueError:
                return ""
    return ""
