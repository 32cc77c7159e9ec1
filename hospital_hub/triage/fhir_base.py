"""What the resources of one case have in common: identifiers, references to each other, patient, visit, people. Pure.

A resource that the server has not named yet is known by a placeholder that follows from case, binding and role.
"""

import uuid
from datetime import datetime

from hospital_hub.triage.fhir_codes import HUB, TRIAGE
from hospital_hub.triage.filed_case import FiledCase, Person
from integrations.fhir.client import Resource


def key_of(binding: int, role: str) -> str:
    """The name of a resource among all that were ever filed for a case."""
    return f"{binding}.{role}"


def identifier(case_id: uuid.UUID, key: str) -> Resource:
    return {"system": TRIAGE, "value": f"{case_id}.{key}"}


def identifier_of(case: FiledCase, role: str) -> Resource:
    return identifier(case.id, key_of(case.binding, role))


def placeholder_url(case_id: uuid.UUID, key: str) -> str:
    return uuid.uuid5(case_id, key).urn


def placeholder(case: FiledCase, role: str) -> Resource:
    return {"reference": placeholder_url(case.id, key_of(case.binding, role))}


def patient_of(case: FiledCase) -> Resource:
    return {"reference": f"Patient/{case.patient}"}


def visit(case: FiledCase) -> Resource:
    """The encounter of the hospital system, or the one that the hub opens."""
    return {"reference": case.encounter} if case.encounter else placeholder(case, "encounter")


def nurse(person: Person) -> Resource:
    """The hub knows her account; which Practitioner that is, the hospital system may look up."""
    known = {"system": f"{HUB}:account", "value": person.id}
    return {"type": "Practitioner", "identifier": known, "display": person.name}


def device(kind: str, value: str, *, shown: str) -> Resource:
    """Software as a Device that the server need not hold."""
    return {"type": "Device", "identifier": {"system": f"{HUB}:{kind}", "value": value}, "display": shown}


def rules_device(case: FiledCase) -> Resource:
    judged = case.judged
    return device("rules", f"{judged.pack}@{judged.rules}", shown=f"Triage rules {judged.pack} {judged.rules}")


def moment(time: datetime) -> str:
    return time.isoformat(timespec="seconds")
