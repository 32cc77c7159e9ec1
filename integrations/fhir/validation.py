"""Checks what the hub is about to send against the R4B models of fhir.resources (the shapes used are R4's too).

Imported by workers only: the models cost some 30 MB and a third of a second. Their blind spots (required bindings,
reference targets) are checked by hand for the few fields that the hub fills.
"""

from collections.abc import Mapping
from typing import Any

from fhir.resources.R4B.documentreference import DocumentReference
from fhir.resources.R4B.provenance import Provenance
from pydantic import ValidationError

from integrations.fhir.errors import Fault, FhirFault

_MODELS: Mapping[str, type[DocumentReference] | type[Provenance]] = {
    "DocumentReference": DocumentReference,
    "Provenance": Provenance,
}
# Required bindings (R4): DocumentReference.status, .docStatus; Provenance.entity.role.
_CODES: Mapping[tuple[str, str], frozenset[str]] = {
    ("DocumentReference", "status"): frozenset({"current", "superseded", "entered-in-error"}),
    ("DocumentReference", "docStatus"): frozenset({"preliminary", "final", "amended", "entered-in-error"}),
}
# Cardinality 1..* (R4): the models take an empty list for one.
_NEEDED: Mapping[str, tuple[str, ...]] = {"DocumentReference": ("content",), "Provenance": ("target", "agent")}
_ENTITY_ROLES = frozenset({"derivation", "revision", "quotation", "source", "removal"})


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
    for name in _NEEDED[kind]:
        if not resource.get(name):
            raise FhirFault(Fault.INVALID, f"{kind}.{name}")
    for (of_kind, name), allowed in _CODES.items():
        if of_kind == kind and resource.get(name) not in allowed:
            raise FhirFault(Fault.INVALID, f"{kind}.{name}")
    if any(entity.get("role") not in _ENTITY_ROLES for entity in resource.get("entity", [])):
        raise FhirFault(Fault.INVALID, f"{kind}.entity.role")
