"""A small chart with something for every rule, as an EMR would send it. Dates are relative to the day of the test."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")  # noqa: TID251 - a test's clock


def concept(text: str, code: str = "", system: str = ATC) -> Json:
    return {"text": text, **({"coding": [{"system": system, "code": code}]} if code else {})}


def of(kind: str, identifier: str, /, patient: str = "p1", **fields: Any) -> Json:  # noqa: ANN401 - JSON
    owner = "patient" if kind == "AllergyIntolerance" else "subject"
    return {"resourceType": kind, "id": identifier, owner: {"reference": f"Patient/{patient}"}, **fields}


def medicine(identifier: str, text: str, /, code: str = "", **fields: Any) -> Json:  # noqa: ANN401 - JSON
    given = {"status": "active", "intent": "order", "authoredOn": ago(2), **fields}
    return of("MedicationRequest", identifier, medicationCodeableConcept=concept(text, code), **given)


def allergy(identifier: str, text: str, /, code: str = "", **fields: Any) -> Json:  # noqa: ANN401 - JSON
    return of("AllergyIntolerance", identifier, code=concept(text, code), **fields)


def result(identifier: str, text: str, value: object, /, **fields: Any) -> Json:  # noqa: ANN401 - JSON
    code = fields.pop("loinc", "2823-3")
    return of(
        "Observation",
        identifier,
        status=fields.pop("status", "final"),
        category=[{"coding": [{"code": "laboratory"}]}],
        code=concept(text, code, LOINC),
        effectiveDateTime=fields.pop("at", ago(1)),
        valueQuantity={"value": value, "unit": fields.pop("unit", "mmol/L")},
        **({"interpretation": [{"coding": [{"code": flag}]}]} if (flag := fields.pop("flag", "")) else {}),
        **fields,
    )


def note(identifier: str, text: str, /, days: float) -> Json:
    data = base64.b64encode(text.encode()).decode()
    content = [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}]
    return of("DocumentReference", identifier, status="current", docStatus="final", date=ago(days), content=content)


def encounter(identifier: str, *, start: float, end: float | None = None) -> Json:
    period = {"start": ago(start), **({"end": ago(end)} if end is not None else {})}
    status = "in-progress" if end is None else "finished"
    return of("Encounter", identifier, status=status, period=period, **{"class": {"code": "IMP"}})


def chart() -> list[Json]:
    return [
        {"resourceType": "Patient", "id": "p1", "name": [{"text": "Nobody Demo"}]},
        encounter("e1", start=3),
        encounter("e0", start=40, end=35),
        of("Condition", "c1", code=concept("Pneumonia"), recordedDate=ago(3)),
        of("Condition", "c0", code=concept("Hypertension"), recordedDate=ago(900)),
        allergy("a1", "Penicillin", "J01C", criticality="high", reaction=[{"manifestation": [{"text": "Rash"}]}]),
        medicine("m1", "Metformin 500 MG Oral Tablet", "A10BA02", authoredOn=ago(200)),
        medicine("m2", "Ceftriaxone", "J01DD04", dosageInstruction=[{"text": "1 g IV daily"}]),
        medicine("m3", "Warfarin", "B01AA03", status="on-hold", authoredOn=ago(300)),
        result("o1", "Potassium", 5.9, flag="H"),
        result("o2", "Sodium", 139),
        result("o3", "Creatinine", 1.90, loinc="2160-0", unit="mg/dL", flag="H"),
        result("o4", "Estimated GFR", 38, loinc="62238-1", unit="mL/min/{1.73_m2}", flag="L"),
        result("o5", "Blood culture", 0, status="preliminary", loinc="600-7"),
        note("n1", "Creatinine and estimated GFR seen, see plan.", days=0.5),
        of("ServiceRequest", "s1", status="active", intent="order", code=concept("CT chest"), authoredOn=ago(1)),
        of("ServiceRequest", "s2", status="active", intent="order", code=concept("Echocardiogram"), authoredOn=ago(2)),
        of(
            "DiagnosticReport",
            "r1",
            status="final",
            code=concept("Echocardiogram"),
            basedOn=[{"reference": "ServiceRequest/s2"}],
            effectiveDateTime=ago(1),
        ),
        of("DiagnosticReport", "r2", status="partial", code=concept("Histology"), effectiveDateTime=ago(1)),
    ]


def bundle(*resources: Json) -> Json:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


def ordering(*orders: Json, selected: tuple[str, ...] = ()) -> Json:
    """A context of order-sign, or of order-select where something is selected."""
    context: Json = {"userId": "Practitioner/d1", "patientId": "p1", "encounterId": "e1"}
    drafts = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in orders]}
    return {**context, "draftOrders": drafts, **({"selections": list(selected)} if selected else {})}


def draft(identifier: str, text: str, code: str = "") -> Json:
    return medicine(identifier, text, code, status="draft")
