"""What every synthetic resource has in common: the labels that call it synthetic, and who works here."""

import base64
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

Resource = dict[str, Any]

DEMO_SYSTEM = "urn:demo"
ATC = "http://www.whocc.no/atc"
# Raised when the set changes, so that an older data folder is filled anew.
EDITION = "1"
MARKER = "demo-hospital"
TAGS = [
    {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
        "code": "HTEST",
        "display": "test health data",
    },
    {"system": DEMO_SYSTEM, "code": "synthetic", "display": "synthetic patient, 虚构患者"},
]
NO_ALLERGY = {
    language: {
        "coding": [{"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}],
        "text": text,
    }
    for language, text in (("en", "No known allergy"), ("zh", "无已知过敏"))
}
STAFF = {
    "chen": ("demo-dr-chen", "陈", "示范医生"),
    "lin": ("demo-dr-lin", "林", "示范医生"),
    "wang": ("demo-nurse-wang", "王", "示范护士"),
}


def data_file(name: str) -> Traversable:
    return resources.files("hospital_hub.embedded.population").joinpath(name)


def labelled(resource: Resource) -> Resource:
    return {**resource, "meta": {"tag": TAGS}}


def concept(text: str, *, system: str = "", code: str = "") -> Resource:
    return {"coding": [{"system": system, "code": code}], "text": text} if code else {"text": text}


def staff(key: str) -> Resource:
    identifier, family, title = STAFF[key]
    return {"reference": f"Practitioner/{identifier}", "display": f"{family}·{title}"}


def practitioners() -> list[Resource]:
    return [
        labelled(
            {
                "resourceType": "Practitioner",
                "id": identifier,
                "identifier": [{"system": DEMO_SYSTEM, "value": identifier}],
                "active": True,
                "name": [{"text": f"{family}·{title}", "family": family, "suffix": [title]}],
            }
        )
        for identifier, family, title in STAFF.values()
    ]


def hospital() -> Resource:
    name = "示范医院 Demonstration Hospital"
    identifier = [{"system": f"{DEMO_SYSTEM}:edition", "value": EDITION}]
    return labelled(
        {"resourceType": "Organization", "id": MARKER, "identifier": identifier, "active": True, "name": name}
    )


def allergy(patient: str, entry: Resource, *, number: int) -> Resource:
    """`entry`: text, atc, reaction, criticality; or only a language, to say that no allergy is known."""
    if "text" in entry:
        stated = {
            "code": concept(entry["text"], system=ATC, code=entry["atc"]),
            "criticality": entry["criticality"],
            "reaction": [{"manifestation": [{"text": entry["reaction"]}]}],
        }
    else:
        stated = {"code": NO_ALLERGY[entry["language"]]}
    return labelled(
        {
            "resourceType": "AllergyIntolerance",
            "id": f"{patient}-allergy-{number}",
            "clinicalStatus": status("allergyintolerance-clinical", "active"),
            "verificationStatus": status("allergyintolerance-verification", "confirmed"),
            "patient": {"reference": f"Patient/{patient}"},
            **stated,
        }
    )


def status(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def attachment(text: str, *, title: str, language: str) -> Resource:
    data = base64.b64encode(text.encode()).decode("ascii")
    return {"contentType": "text/plain; charset=utf-8", "language": language, "data": data, "title": title}
