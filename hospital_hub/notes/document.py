"""The signed note as FHIR R4: a DocumentReference that says what an AI made, and a Provenance that says who answers.

Pure. Sources: HL7 v3 ObservationValue AIAST; AI Transparency on FHIR (label, assembler, verifier, sources).
"""

import base64
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from hospital_hub.notes.ai_record import ARTIFICIAL, HUB
from hospital_hub.notes.draft import Signature, text_hash
from hospital_hub.notes.emr_profile import Arrives
from integrations.fhir.client import Resource
from integrations.fhir.paths import items, word

AI_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
AI_ASSERTED = {"system": AI_SYSTEM, "code": "AIAST", "display": "Artificial Intelligence asserted"}
PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
DOCUMENT_ACTIVITY = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion",
    "code": "LA",
    "display": "legally authenticated",
}
URN = "urn:ietf:rfc:3986"
MOST_SOURCES = 100
EXTRACT = "Facts of the chart, put together by rules"


@dataclass(frozen=True)
class MadeBy:
    """What generated the text; `call` is the id under which the hub keeps what the model was asked."""

    tier: str
    weights: str
    prompt: str
    policy: str
    notice: str = ""
    call: str = ""

    @property
    def by_ai(self) -> bool:
        """A draft of the chart's facts alone was put together by rules."""
        return self.weights not in {"", self.tier}

    @property
    def labels(self) -> Resource:
        return {"meta": {"security": [AI_ASSERTED]}} if self.by_ai else {}

    @property
    def shown(self) -> str:
        return f"{self.weights} ({self.tier})" + (f", {self.notice}" if self.notice else "")


@dataclass(frozen=True)
class DocumentType:
    """A LOINC code, and what people call such a document, by language."""

    code: str = "11506-3"
    display: str = "Progress note"
    titles: tuple[tuple[str, str], ...] = (("en", "Progress note"), ("zh-CN", "病程记录"))

    def title(self, language: str) -> str:
        return dict(self.titles).get(language, self.display)

    def concept(self, language: str) -> Resource:
        coding = {"system": "http://loinc.org", "code": self.code, "display": self.display}
        return {"coding": [coding], "text": self.title(language)}


@dataclass(frozen=True)
class Replaced:
    """The version in the record that a new one replaces: its place, the hash of its text, and why."""

    reference: str
    sha256: str
    reason: str


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
    replaces: Replaced | None = None
    type: DocumentType = field(default_factory=DocumentType)

    @property
    def identifier(self) -> str:
        return f"urn:uuid:{self.id}"

    @property
    def moment(self) -> str:
        return self.signature.at.isoformat(timespec="seconds")

    @property
    def status(self) -> str:
        return "final" if self.replaces is None else "amended"


def document_reference(note: SignedNote, *, arrives: Arrives = Arrives.FINAL) -> Resource:
    resource: Resource = {
        "resourceType": "DocumentReference",
        **note.made_by.labels,
        "identifier": [{"system": URN, "value": note.identifier}],
        "status": "current",
        "type": note.type.concept(note.language),
        "subject": {"reference": f"Patient/{note.patient}"},
        "date": note.moment,
        "author": [clinician(note)],
        "authenticator": clinician(note),
        "content": [{"attachment": _attachment(note)}],
    }
    if arrives is not Arrives.UNSAID:
        resource["docStatus"] = note.status if arrives is Arrives.FINAL else arrives.value
    if note.replaces is not None:
        resource["relatesTo"] = [{"code": "replaces", "target": {"reference": note.replaces.reference}}]
        resource["description"] = note.replaces.reason
    if note.encounter:
        resource["context"] = {"encounter": [{"reference": f"Encounter/{note.encounter}"}]}
    return resource


def _attachment(note: SignedNote) -> Resource:
    data = note.text.encode()
    return {
        "contentType": "text/plain; charset=utf-8",
        "language": note.language,
        "data": base64.b64encode(data).decode("ascii"),
        "size": len(data),
        # R4 asks for SHA-1 here; the signature itself is over SHA-256 and stands in the Provenance.
        "hash": base64.b64encode(hashlib.sha1(data).digest()).decode("ascii"),  # noqa: S324
        "title": note.type.title(note.language),
    }


def same_document(note: SignedNote, found: Resource) -> bool:
    """Whether what the server has under the note's identifier is the signed text, for this patient."""
    return text_hashes(found) == [text_hash(note.text)] and is_about(found, note.patient)


def text_hashes(document: Resource) -> list[str]:
    """The SHA-256 of each content, bytes as they are; empty for one that holds none."""
    data = [word(one, "attachment", "data") for one in items(document, "content")]
    return [_sha256(one) for one in data]


def is_about(document: Resource, patient: str) -> bool:
    return word(document, "subject", "reference").endswith(f"Patient/{patient}")


def _sha256(data: str) -> str:
    try:
        return hashlib.sha256(base64.b64decode(data, validate=True)).hexdigest() if data else ""
    except ValueError:
        return ""


@dataclass(frozen=True)
class AiParts:
    """References of the model's device, its card and the prompt; empty where the EMR does not hold them."""

    device: str = ""
    card: str = ""
    prompt: str = ""


def provenance(note: SignedNote, *, target: str, also: Sequence[str] = (), parts: AiParts | None = None) -> Resource:
    """`target` is the DocumentReference as filed, `DocumentReference/<id>`; `also` the Composition, if there is one."""
    made, known = note.made_by, parts or AiParts()
    reasons: list[Resource] = [{"coding": [AI_ASSERTED]}] if made.by_ai else []
    if note.replaces is not None:
        reasons.append({"text": note.replaces.reason})
    record: Resource = {
        "resourceType": "Provenance",
        **made.labels,
        "target": [{"reference": one} for one in (target, *also)],
        "occurredDateTime": note.moment,
        "recorded": note.moment,
        "activity": {"coding": [DOCUMENT_ACTIVITY]},
        "agent": [_assembler(made, known.device), {"type": role_of("verifier", "Verifier"), "who": clinician(note)}],
        "entity": [*_inputs(note, known), *_source_entities(note.sources)],
    }
    if made.policy:
        record["policy"] = [f"{HUB}:policy:{made.policy}"]
    if reasons:
        record["reason"] = reasons
    return record


def _inputs(note: SignedNote, parts: AiParts) -> list[Resource]:
    made, signature = note.made_by, note.signature
    named = [
        *([_entity("prompt", made.prompt)] if made.prompt else []),
        *([_entity("model-call", made.call)] if made.call else []),
        *([_entity("rules", signature.rules)] if signature.rules else []),
        _entity("text-sha256", signature.sha256),
    ]
    held = [{"role": "derivation", "what": {"reference": one}} for one in (parts.card, parts.prompt) if one]
    before = [{"role": "revision", "what": {"reference": note.replaces.reference}}] if note.replaces else []
    return [*held, *named, *before]


def clinician(note: SignedNote) -> Resource:
    return {"reference": note.practitioner, "display": note.signature.name}


def _assembler(made: MadeBy, reference: str) -> Resource:
    """The model as a device; where the FHIR server does not hold it, named by its weights. Without one, the rules."""
    if not made.by_ai:
        rules = {"type": "Device", "identifier": {"system": f"{HUB}:rules", "value": EXTRACT}, "display": EXTRACT}
        return {"type": role_of("assembler", "Assembler"), "who": rules}
    named = {"type": "Device", "identifier": {"system": f"{HUB}:weights", "value": made.weights}}
    who = {"reference": reference} if reference else named
    role = {"coding": [ARTIFICIAL]}
    return {"type": role_of("assembler", "Assembler"), "role": [role], "who": {**who, "display": made.shown}}


def role_of(code: str, display: str) -> Resource:
    return {"coding": [{"system": PARTICIPANT, "code": code, "display": display}]}


def _entity(kind: str, value: str) -> Resource:
    return {"role": "source", "what": {"identifier": {"system": f"{HUB}:{kind}", "value": value}}}


def _source_entities(sources: Sequence[str]) -> list[Resource]:
    """Each chart resource once."""
    return [{"role": "source", "what": {"reference": one}} for one in dict.fromkeys(sources)][:MOST_SOURCES]
