"""A filed document marked as superseded or as entered in error, over exactly the version that was read. Pure."""

from collections.abc import Sequence
from typing import Final

from hospital_hub.notes.document import SignedNote, role_of
from hospital_hub.notes.draft import Withdrawal
from integrations.fhir.client import Resource
from integrations.fhir.paths import word

NULLIFY: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-DataOperation",
    "code": "NULLIFY",
    "display": "nullify",
}
WRONG: Final = "entered-in-error"
SUPERSEDED: Final = "superseded"


def superseded(document: Resource) -> Resource:
    return {**document, "status": SUPERSEDED}


def struck(resource: Resource) -> Resource:
    """A Composition has one status; a DocumentReference has that of the reference and that of the document."""
    marked = {**resource, "status": WRONG}
    return {**marked, "docStatus": WRONG} if resource["resourceType"] == "DocumentReference" else marked


def is_struck(resource: Resource) -> bool:
    return word(resource, "status") == WRONG


def nullification(note: SignedNote, *, targets: Sequence[str], withdrawal: Withdrawal) -> Resource:
    """That what stands at `targets` was an error, why, and who says so."""
    who = {"reference": note.practitioner, "display": withdrawal.name}
    return {
        "resourceType": "Provenance",
        "target": [{"reference": one} for one in targets],
        "recorded": withdrawal.at.isoformat(timespec="seconds"),
        "reason": [{"text": withdrawal.reason}],
        "activity": {"coding": [NULLIFY]},
        "agent": [{"type": role_of("author", "Author"), "who": who}],
    }
