"""The writing of a draft as an R4 Task: how far it is, and under which name its note is or will be in the EMR. Pure."""

from collections.abc import Mapping
from typing import Final

from hospital_hub.notes.ai_record import HUB
from hospital_hub.notes.document import URN
from hospital_hub.notes.draft import State
from hospital_hub.notes.store import Kept
from integrations.fhir.bundles import Resource

# The Task is the drafting, not the signing: it is completed when there is a text to read.
STATUS: Final[Mapping[State, str]] = {
    **dict.fromkeys(State, "completed"),
    State.WRITING: "in-progress",
    State.DISCARDED: "cancelled",
    State.ENTERED_IN_ERROR: "entered-in-error",
}


def draft_task(kept: Kept) -> Resource:
    """References are absolute: what they name stands in the EMR, not here."""
    row, about, draft = kept.row, kept.about, kept.draft
    task: Resource = {
        "resourceType": "Task",
        "id": str(row.id),
        "status": STATUS[draft.state],
        "businessStatus": {"coding": [{"system": f"{HUB}:note-state", "code": draft.state.value}]},
        "intent": "proposal",
        "code": {"coding": [{"system": f"{HUB}:task", "code": "draft-note"}], "text": "Draft a progress note"},
        "for": {"reference": f"{row.issuer}/Patient/{about.patient}"},
        "authoredOn": row.created_at.isoformat(timespec="milliseconds"),
        "lastModified": max(row.created_at, row.updated_at).isoformat(timespec="milliseconds"),
        "requester": {"display": row.author_name},
    }
    if about.practitioner:
        task["requester"]["reference"] = f"{row.issuer}/{about.practitioner}"
    if about.encounter:
        task["encounter"] = {"reference": f"{row.issuer}/Encounter/{about.encounter}"}
    if STATUS[draft.state] == "completed":
        task["output"] = [{"type": {"text": "Note"}, "valueReference": _note(kept)}]
    return task


def _note(kept: Kept) -> Resource:
    named: Resource = {
        "type": "DocumentReference",
        "identifier": {"system": URN, "value": f"urn:uuid:{kept.row.id}"},
    }
    return {**named, "reference": f"{kept.row.issuer}/{kept.draft.resource}"} if kept.draft.resource else named
