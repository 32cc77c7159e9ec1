"""Two small charts, one in English and one in Chinese, as an EMR would send them."""

import base64
from typing import Any

Json = dict[str, Any]


def _of(kind: str, identifier: str, patient: str, **fields: Any) -> Json:  # noqa: ANN401 - JSON
    owner = "patient" if kind == "AllergyIntolerance" else "subject"
    return {"resourceType": kind, "id": identifier, owner: {"reference": f"Patient/{patient}"}, **fields}


def _active(system: str) -> Json:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": "active"}]}


def document(identifier: str, patient: str, *, text: str, date: str) -> Json:
    data = base64.b64encode(text.encode()).decode()
    content = [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}]
    return _of(
        "DocumentReference", identifier, patient, status="current", docStatus="final", date=date, content=content
    )


def observation(identifier: str, patient: str, *, name: str, value: float, unit: str, flag: str = "") -> Json:
    mark = {"interpretation": [{"coding": [{"code": flag}]}]} if flag else {}
    return _of(
        "Observation",
        identifier,
        patient,
        status="final",
        code={"text": name},
        effectiveDateTime="2026-11-01T08:00:00+08:00",
        valueQuantity={"value": value, "unit": unit},
        **mark,
    )


def english(patient: str = "p1") -> list[Json]:
    return [
        {
            "resourceType": "Patient",
            "id": patient,
            "name": [{"text": "Alder Demo", "family": "Demo", "given": ["Alder"]}],
            "gender": "female",
            "birthDate": "1960-05-18",
        },
        _of(
            "Encounter",
            "e1",
            patient,
            status="in-progress",
            period={"start": "2026-10-31T11:48:00Z"},
            reasonCode=[{"text": "Pneumonia"}],
            **{"class": {"code": "IMP"}},
        ),
        _of("Condition", "c1", patient, clinicalStatus=_active("condition-clinical"), code={"text": "Pneumonia"}),
        _of(
            "AllergyIntolerance",
            "a1",
            patient,
            clinicalStatus=_active("allergyintolerance-clinical"),
            code={"text": "Sulfonamide antibiotic"},
            reaction=[{"manifestation": [{"text": "Urticaria"}]}],
        ),
        _of(
            "MedicationRequest",
            "m1",
            patient,
            status="active",
            intent="order",
            medicationCodeableConcept={"text": "Ceftriaxone"},
            dosageInstruction=[{"text": "1 g IV daily"}],
        ),
        observation("o1", patient, name="Body temperature", value=38.0, unit="Cel", flag="H"),
        observation("o2", patient, name="Heart rate", value=99, unit="/min"),
        document("d1", patient, text="Alder Demo slept well. Denies chest pain.", date="2026-11-01T07:00:00Z"),
    ]


def chinese(patient: str = "p1") -> list[Json]:
    return [
        {
            "resourceType": "Patient",
            "id": patient,
            "name": [{"text": "测试·张一"}],
            "gender": "male",
            "birthDate": "1968-03-12",
        },
        _of(
            "Encounter",
            "e1",
            patient,
            status="in-progress",
            period={"start": "2026-10-30T09:20:00+08:00"},
            reasonCode=[{"text": "口干、多饮8年"}],
            **{"class": {"code": "IMP"}},
        ),
        _of("Condition", "c1", patient, clinicalStatus=_active("condition-clinical"), code={"text": "2型糖尿病"}),
        _of(
            "AllergyIntolerance",
            "a1",
            patient,
            clinicalStatus=_active("allergyintolerance-clinical"),
            code={"text": "青霉素"},
            reaction=[{"manifestation": [{"text": "全身皮疹"}]}],
        ),
        _of(
            "MedicationRequest",
            "m1",
            patient,
            status="active",
            intent="order",
            medicationCodeableConcept={"text": "盐酸二甲双胍缓释片"},
            dosageInstruction=[{"text": "0.5 g 口服 每日2次"}],
        ),
        observation("o1", patient, name="空腹血糖", value=12.6, unit="mmol/L", flag="H"),
        document("d1", patient, text="患者测试·张一诉双足麻木减轻，无低血糖发作。", date="2026-11-01T07:00:00Z"),
    ]
