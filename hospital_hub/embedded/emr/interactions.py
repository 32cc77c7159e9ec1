"""What a FHIR request does, and whose record it touches. Pure; it knows no scopes and reads nothing."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hospital_hub.embedded.emr.failures import FhirRefusal, forbidden

_TYPE = re.compile(r"^[A-Z][A-Za-z]+$")
_ID = re.compile(r"^(?=.*[A-Za-z0-9])[A-Za-z0-9.-]{1,64}$")
# Which element of a type names the patient (R4 Patient compartment, the types this EMR shows to apps).
PATIENT_ELEMENT = {
    "AllergyIntolerance": "patient",
    "Condition": "subject",
    "DiagnosticReport": "subject",
    "DocumentReference": "subject",
    "Encounter": "subject",
    "MedicationRequest": "subject",
    "Observation": "subject",
    "ServiceRequest": "subject",
}
# They bring in, or ask about, resources beside the type that the scope was checked for.
_BESIDE = ("_include", "_revinclude", "_has")


@dataclass(frozen=True)
class Interaction:
    """`letter` is the one of SMART scopes v2 that it needs."""

    letter: str
    kind: str
    id: str = ""
    searches: bool = False


def interaction(method: str, path: str) -> Interaction:
    match (method, path.strip("/").split("/")):
        case ("GET", [kind]) | ("POST", [kind, "_search"]):
            found = Interaction("s", kind, searches=True)
        case ("GET", [kind, identifier] | [kind, identifier, "_history"]):
            found = Interaction("r", kind, identifier)
        case ("GET", [kind, identifier, "_history", version]) if _ID.match(version):
            found = Interaction("r", kind, identifier)
        case ("POST", [kind]):
            found = Interaction("c", kind)
        case ("PUT" | "PATCH", [kind, identifier]):
            found = Interaction("u", kind, identifier)
        case ("DELETE", [kind, identifier]):
            found = Interaction("d", kind, identifier)
        case _:
            raise FhirRefusal(405, "not-supported", text="This EMR offers no such interaction")
    if not _TYPE.match(found.kind) or (found.id and not _ID.match(found.id)):
        raise FhirRefusal(404, "not-found", text="There is nothing at this address")
    return found


def plain_search(query: Iterable[tuple[str, str]]) -> None:
    for name, _ in query:
        if name.split(":")[0] in _BESIDE or "." in name:
            raise FhirRefusal(400, "not-supported", text=f'This EMR offers apps no search by "{name.split(":")[0]}"')


def belongs(resource: Mapping[str, Any], patient: str) -> bool:
    kind = resource.get("resourceType", "")
    if kind == "Patient":
        return bool(resource.get("id") == patient)
    about = resource.get(PATIENT_ELEMENT.get(kind, ""))
    return isinstance(about, Mapping) and about.get("reference") == f"Patient/{patient}"


def all_belong(resource: Mapping[str, Any], patient: str) -> bool:
    """A resource, or a searchset or history of resources."""
    if resource.get("resourceType") != "Bundle":
        return belongs(resource, patient)
    return all(belongs(entry["resource"], patient) for entry in resource.get("entry", []) if "resource" in entry)


def within_record(query: list[tuple[str, str]], *, kind: str, patient: str) -> list[tuple[str, str]]:
    """The search, held to one patient's record; asking for another's is refused, not silently emptied."""
    own = ("_id", patient) if kind == "Patient" else ("patient", f"Patient/{patient}")
    names = {"_id"} if kind == "Patient" else {"patient", "subject"}
    for name, value in query:
        if name.split(":")[0] in names and value.rsplit("/", maxsplit=1)[-1] != patient:
            raise forbidden("The token is for another patient's record")
    return [*query, own] if own not in query else query
