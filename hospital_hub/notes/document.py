"""The signed note as FHIR R4: a DocumentReference that says what an AI made, and a Provenance that says who answers.

Pure. Sources: HL7 v3 ObservationValue AIAST; AI Transparency on FHIR (label, assembler, verifier, sources).
"""

import base64
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from hospital_hub.notes.draft import Signature
from integrations.fhir.client import Resource

AI_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
AI_ASSERTED = {"system": AI_SYSTEM, "code": "AIAST", "display": "Artificial Intelligence asserted"}
PROGRESS_NOTE = {"system": "http://loinc.org", "code": "11506-3", "display": "Progress note"}
TITLES = {"en": "Progress note", "zh-CN": "病程记录"}
PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
DOCUMENT_ACTIVITY = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion",
    "code": "LA",
    "display": "legally authenticated",
}
URN = "urn:ietf:rfc:3986"
HUB = "urn:hospital-hub"
MOST_SOURCES = 100


@dataclass(frozen=True)
class MadeBy:
    """What generated the text."""

    tier: str
    weights: str
    prompt: str
    policy: str
    notice: str = ""


@dataclass(frozen=True)
class SignedNote:
    """`patient` and `encounter` are bare ids, `practitioner` a reference; `sources` are references of the facts."""

    id: uuid.UUID
    text: str
    language: str
    patient: str
    encounter: str
    practitioner: str
    signature: Signature
    made_by: MadeBy
    sources: tuple[str, ...]

    @property
    def identifier(self) -> str:
        return f"urn:uuid:{self.id}"


def document_reference(note: SignedNote) -> Resource:
    data = note.text.encode()
    resource: Resource = {
        "resourceType": "DocumentReference",
        "meta": {"security": [AI_ASSERTED]},
        "identifier": [{"system": URN, "value": note.identifier}],
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [PROGRESS_NOTE], "text": TITLES[note.language]},
        "subject": {"reference": f"Patient/{note.patient}"},
        "date": note.signature.at.isoformat(timespec="seconds"),
        "author": [_clinician(note)],
        "authenticator": _clinician(note),
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    "language": note.language,
                    "data": base64.b64encode(data).decode("ascii"),
                    "size": len(data),
                    # R4 asks for SHA-1 here; the signature itself is over SHA-256 and stands in the Provenance.
                    "hash": base64.b64encode(hashlib.sha1(data).digest()).decode("ascii"),  # noqa: S324
                    "title": TITLES[note.language],
                }
            }
        ],
    }
    if note.encounter:
        resource["context"] = {"encounter": [{"reference": f"Encounter/{note.encounter}"}]}
    return resource


def same_document(note: SignedNote, found: Resource) -> bool:
    """Whether what the server has under the note's identifier is the signed text, for this patient."""
    expected = document_reference(note)
    theirs = [
        content.get("attachment", {}).get("data")
        for content in found.get("content", [])
        if isinstance(content, dict) and isinstance(content.get("attachment"), dict)
    ]
    subject = found.get("subject", {}).get("reference", "")
    return theirs == [expected["content"][0]["attachment"]["data"]] and subject.endswith(f"Patient/{note.patient}")


def provenance(note: SignedNote, *, target: str) -> Resource:
    """`target` is the DocumentReference as filed, `DocumentReference/<id>`."""
    made = note.made_by
    return {
        "resourceType": "Provenance",
        "meta": {"security": [AI_ASSERTED]},
        "target": [{"reference": target}],
        "occurredDateTime": note.signature.at.isoformat(timespec="seconds"),
        "recorded": note.signature.at.isoformat(timespec="seconds"),
        "policy": [f"{HUB}:policy:{made.policy}"],
        "reason": [{"coding": [AI_ASSERTED]}],
        "activity": {"coding": [DOCUMENT_ACTIVITY]},
        "agent": [_assembler(made), {"type": _role("verifier", "Verifier"), "who": _clinician(note)}],
        "entity": [
            _entity("prompt", made.prompt),
            _entity("text-sha256", note.signature.sha256),
            *_source_entities(note.sources),
        ],
    }


def _clinician(note: SignedNote) -> Resource:
    return {"reference": note.practitioner, "display": note.signature.name}


def _assembler(made: MadeBy) -> Resource:
    """The model as a device that the FHIR server need not hold: named by its weights."""
    shown = f"{made.weights} ({made.tier})" + (f", {made.notice}" if made.notice else "")
    device = {"type": "Device", "identifier": {"system": f"{HUB}:weights", "value": made.weights}, "display": shown}
    return {"type": _role("assembler", "Assembler"), "who": device}


def _role(code: str, display: str) -> Resource:
    return {"coding": [{"system": PARTICIPANT, "code": code, "display": display}]}


def _entity(kind: str, value: str) -> Resource:
    return {"role": "source", "what": {"identifier": {"system": f"{HUB}:{kind}", "value": value}}}


def _source_entities(sources: Sequence[str]) -> list[Resource]:
    """Each chart resource once."""
    return [{"role": "source", "what": {"reference": one}} for one in dict.fromkeys(sources)][:MOST_SOURCES]
