"""The gate before what the hub sends: the kinds that it writes, valid in R4, with what the hub's own kinds need.

Imported by workers only: the models cost some 30 MB and a third of a second.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.fhir.checking import problems
from integrations.fhir.errors import Fault, FhirFault
from integrations.fhir.paths import at

# What each kind cannot do without: cardinality 1..* of R4, which the models take an empty list for, and the hub's own.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "Composition": ("author", "subject", "section"),
    "Device": ("identifier", "type"),
    "DocumentReference": ("content",),
    "Encounter": ("class", "subject"),
    "Observation": ("code", "subject", "effectiveDateTime"),
    "Patient": ("identifier", "gender"),
    "Provenance": ("target", "agent"),
    "QuestionnaireResponse": ("item", "subject"),
    "RiskAssessment": ("subject",),
    "Task": ("for",),
}
# Where the hub names a resource of the server, and of which kind it must be.
_TARGETS: Mapping[str, str] = {"subject": "Patient", "for": "Patient", "encounter": "Encounter"}
_PLACEHOLDER = "urn:uuid:"


def validate(resource: Mapping[str, Any]) -> None:
    """Pass, or name the first place that is wrong.

    Raises:
        FhirFault: INVALID, with rule and place and nothing of the content.
    """
    kind = str(resource.get("resourceType"))
    if kind not in _NEEDED:
        raise FhirFault(Fault.INVALID, "a kind of resource that the hub does not write")
    for problem in problems(resource):
        raise FhirFault(Fault.INVALID, f"{problem.rule} {problem.place}")
    for place in _faults(kind, resource):
        raise FhirFault(Fault.INVALID, f"needed {kind}.{place}")


def _faults(kind: str, resource: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name in _NEEDED[kind] if not resource.get(name))
    for name, target in _TARGETS.items():
        reference = at(resource, name, "reference")
        if isinstance(reference, str) and not reference.startswith((_PLACEHOLDER, f"{target}/")):
            yield f"{name}.reference"
