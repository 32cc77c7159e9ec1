"""Codes that R4 requires and fhir.resources does not know or does not look at, by type and element.

Sources: the value sets with a required binding in http://hl7.org/fhir/R4/terminologies-valuesets.html.
"""

from collections.abc import Mapping
from typing import Final

from integrations.fhir.paths import items, word

_REPORTED: Final = frozenset(
    {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
)
_COMPARATORS: Final = frozenset({"<", "<=", ">=", ">"})
_ENCOUNTER: Final = frozenset(
    {"planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error", "unknown"}
)
# The types of issue with their own sub-types (http://hl7.org/fhir/R4/valueset-issue-type.html).
ISSUE_TYPES: Final = frozenset(
    {"invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired", "forbidden"}
    | {"suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long"}
    | {"code-invalid", "extension", "too-costly", "business-rule", "conflict", "transient", "lock-error", "no-store"}
    | {"exception", "timeout", "incomplete", "throttled", "informational"}
)
CODES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("Observation", "status"): _REPORTED,
    ("RiskAssessment", "status"): _REPORTED,
    ("DiagnosticReport", "status"): (_REPORTED - {"unknown"}) | {"partial", "appended", "unknown"},
    ("Encounter", "status"): _ENCOUNTER,
    ("EncounterStatusHistory", "status"): _ENCOUNTER,
    ("Task", "status"): frozenset(
        {"draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress", "on-hold"}
        | {"failed", "completed", "entered-in-error"}
    ),
    ("Composition", "confidentiality"): frozenset("ULMNRV"),
    ("OperationOutcomeIssue", "code"): ISSUE_TYPES,
    ("DeviceUdiCarrier", "entryType"): frozenset({"barcode", "rfid", "manual", "card", "self-reported", "unknown"}),
    # The hub speaks R4 alone, whatever the package that checks it was made for.
    ("CapabilityStatement", "fhirVersion"): frozenset({"4.0.1"}),
    # The models list "mime type" here as if it were a code.
    ("CapabilityStatement", "format"): frozenset(
        {"json", "xml", "ttl", "application/fhir+json", "application/fhir+xml", "application/fhir+turtle"}
    ),
    **{(kind, "comparator"): _COMPARATORS for kind in ("Quantity", "Age", "Count", "Distance", "Duration")},
}
_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
_CLINICAL: Final = frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"})
# CodeableConcepts: the system that must be among the codings, and its codes.
CONCEPTS: Final[Mapping[tuple[str, str], tuple[str, frozenset[str]]]] = {
    ("Condition", "clinicalStatus"): (f"{_TERMINOLOGY}/condition-clinical", _CLINICAL),
    ("Condition", "verificationStatus"): (
        f"{_TERMINOLOGY}/condition-ver-status",
        frozenset({"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"}),
    ),
    ("AllergyIntolerance", "clinicalStatus"): (
        f"{_TERMINOLOGY}/allergyintolerance-clinical",
        frozenset({"active", "inactive", "resolved"}),
    ),
    ("AllergyIntolerance", "verificationStatus"): (
        f"{_TERMINOLOGY}/allergyintolerance-verification",
        frozenset({"unconfirmed", "confirmed", "refuted", "entered-in-error"}),
    ),
}
# In the models, and no types of R4 4.0.1.
NOT_R4: Final = frozenset(
    {"AdministrableProductDefinition", "Citation", "ClinicalUseDefinition", "Ingredient", "ManufacturedItemDefinition"}
    | {"MedicinalProductDefinition", "NutritionProduct", "PackagedProductDefinition", "RegulatedAuthorization"}
    | {"SubscriptionStatus", "SubscriptionTopic", "SubstanceDefinition"}
)
# Where R4 allows fewer targets of a reference than the models' R4B.
TARGETS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("Observation", "subject"): frozenset({"Patient", "Group", "Device", "Location"}),
}


def concept_is_bound(value: object, *, kind: str, name: str) -> bool:
    """Whether a CodeableConcept has a code of its required value set, and no wrong one of that system."""
    if (kind, name) not in CONCEPTS:
        return True
    system, allowed = CONCEPTS[kind, name]
    found = [word(coding, "code") for coding in items(value, "coding") if word(coding, "system") == system]
    return bool(found) and allowed.issuperset(found)
