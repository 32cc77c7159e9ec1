"""Checks what the hub is about to send against the R4B models of fhir.resources (the shapes used are R4's too).

Imported by workers only: the models cost some 30 MB and a third of a second. Their blind spots (required bindings,
reference targets) are checked by hand for the few fields that the hub fills.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir.resources.R4B.composition import Composition
from fhir.resources.R4B.device import Device
from fhir.resources.R4B.documentreference import DocumentReference
from fhir.resources.R4B.encounter import Encounter
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.provenance import Provenance
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from fhir.resources.R4B.riskassessment import RiskAssessment
from fhir.resources.R4B.task import Task
from pydantic import BaseModel, ValidationError

from integrations.fhir.errors import Fault, FhirFault
from integrations.fhir.paths import at, items

_MODELS: Mapping[str, type[BaseModel]] = {
    "Composition": Composition,
    "Device": Device,
    "DocumentReference": DocumentReference,
    "Encounter": Encounter,
    "Observation": Observation,
    "Provenance": Provenance,
    "QuestionnaireResponse": QuestionnaireResponse,
    "RiskAssessment": RiskAssessment,
    "Task": Task,
}
_REPORTED = frozenset(
    {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
)
# Required bindings (R4) of the elements that the hub fills.
_CODES: Mapping[tuple[str, str], frozenset[str]] = {
    ("Composition", "status"): frozenset({"preliminary", "final", "amended", "entered-in-error"}),
    ("Device", "status"): frozenset({"active", "inactive", "entered-in-error", "unknown"}),
    ("DocumentReference", "status"): frozenset({"current", "superseded", "entered-in-error"}),
    ("DocumentReference", "docStatus"): frozenset({"preliminary", "final", "amended", "entered-in-error"}),
    ("Encounter", "status"): frozenset(
        {"planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled"}
        | {"entered-in-error", "unknown"}
    ),
    ("Observation", "status"): _REPORTED,
    ("QuestionnaireResponse", "status"): frozenset(
        {"in-progress", "completed", "amended", "entered-in-error", "stopped"}
    ),
    ("RiskAssessment", "status"): _REPORTED,
    ("Task", "status"): frozenset(
        {"draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress", "on-hold"}
        | {"failed", "completed", "entered-in-error"}
    ),
    ("Task", "intent"): frozenset(
        {"unknown", "proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order"}
        | {"option"}
    ),
    ("Task", "priority"): frozenset({"routine", "urgent", "asap", "stat"}),
}
# Cardinality 1..* (R4), which the models take an empty list for, and what the hub's own kinds cannot do without.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "Composition": ("author", "section", "subject"),
    "Device": ("identifier", "type"),
    "DocumentReference": ("content",),
    "Encounter": ("class", "subject"),
    "Observation": ("code", "subject", "effectiveDateTime"),
    "Provenance": ("target", "agent"),
    "QuestionnaireResponse": ("item", "subject"),
    "RiskAssessment": ("subject",),
    "Task": ("for",),
}
_OPTIONAL = frozenset({("Task", "priority"), ("DocumentReference", "docStatus")})
_ENTITY_ROLES = frozenset({"derivation", "revision", "quotation", "source", "removal"})
# Where the hub names a resource of the server, and of which kind it must be (R4).
_TARGETS: Mapping[str, frozenset[str]] = {
    "subject": frozenset({"Patient"}),
    "for": frozenset({"Patient"}),
    "encounter": frozenset({"Encounter"}),
}
_PLACEHOLDER = "urn:uuid:"


def validate(resource: Mapping[str, Any]) -> None:
    """Pass, or name the first place that is wrong.

    Raises:
        FhirFault: INVALID, with the place and nothing of the content.
    """
    kind = str(resource.get("resourceType"))
    if kind not in _MODELS:
        raise FhirFault(Fault.INVALID, "a kind of resource that the hub does not write")
    try:
        _MODELS[kind].model_validate(resource)
    except ValidationError as wrong:
        place = ".".join(str(part) for part in wrong.errors()[0]["loc"])
        raise FhirFault(Fault.INVALID, f"{kind}.{place}") from None
    for place in _faults(kind, resource):
        raise FhirFault(Fault.INVALID, f"{kind}.{place}")


def _faults(kind: str, resource: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name in _NEEDED[kind] if not resource.get(name))
    for (of_kind, name), allowed in _CODES.items():
        optional = (kind, name) in _OPTIONAL and name not in resource
        if of_kind == kind and not optional and resource.get(name) not in allowed:
            yield name
    if any(entity.get("role") not in _ENTITY_ROLES for entity in items(resource, "entity")):
        yield "entity.role"
    for name, kinds in _TARGETS.items():
        reference = at(resource, name, "reference")
        if isinstance(reference, str) and not reference.startswith((_PLACEHOLDER, *(f"{one}/" for one in kinds))):
            yield f"{name}.reference"
