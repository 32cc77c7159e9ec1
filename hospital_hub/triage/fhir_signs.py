"""Vital signs as R4 Observations, what a nurse measured told apart from what a patient said. Pure.

Measured: final, performed by the nurse. Stated: preliminary, performed by the patient, derived from the interview, with
a note that says so and the label "patient asserted".
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from hospital_hub.clinical.text import Language
from hospital_hub.triage.fhir_base import identifier_of, nurse, patient_of, placeholder, visit
from hospital_hub.triage.fhir_codes import (
    BY_PATIENT,
    CONSCIOUSNESS,
    HUB,
    LOINC,
    PRESSURE,
    PRESSURES,
    SIGNS,
    STATED_GLUCOSE,
    TERMINOLOGY,
    UCUM,
    UNITS,
    SignCode,
    sign_concept,
)
from hospital_hub.triage.filed_case import FiledCase, Reading, Source, Value
from integrations.fhir.client import Resource

NOT_MEASURED: Final = {"en": "Stated by the patient, not measured.", "zh-CN": "患者自述，未经测量。"}
METHODS: Final = {
    Source.MEASURED: {"en": "Measured by a nurse at triage", "zh-CN": "分诊护士测量"},
    Source.STATED: {"en": "Stated by the patient at the kiosk", "zh-CN": "患者在自助机上自述"},
}


def role_of(reading: Reading) -> str:
    """The two pressures of one measurement are one Observation."""
    sign = "pressure" if reading.sign in PRESSURES else reading.sign.replace("_", "-")
    return f"{reading.source.value}.{reading.ordinal}.{sign}"


def observations(case: FiledCase) -> dict[str, Resource]:
    """By their roles; signs that have no code here are left out."""
    groups: dict[str, list[Reading]] = {}
    for reading in case.readings:
        if reading.sign in SIGNS or reading.sign in PRESSURES:
            groups.setdefault(role_of(reading), []).append(reading)
    return {role: _observation(case, role, readings=readings) for role, readings in groups.items()}


def _observation(case: FiledCase, role: str, *, readings: list[Reading]) -> Resource:
    first = readings[0]
    code = PRESSURE if first.sign in PRESSURES else SIGNS[first.sign]
    resource: Resource = {
        "resourceType": "Observation",
        "identifier": [identifier_of(case, role)],
        "status": "final" if first.source is Source.MEASURED else "preliminary",
        "category": list(_categories(code, first.source)),
        "code": sign_concept(code, language=case.language, name=first.sign),
        "subject": patient_of(case),
        "encounter": visit(case),
        "effectiveDateTime": first.at.isoformat(timespec="seconds"),
        "performer": [patient_of(case) if first.by is None else nurse(first.by)],
        "method": {
            "coding": [{"system": f"{HUB}:method", "code": first.source.value}],
            "text": METHODS[first.source][case.language],
        },
        **_value(readings, code=code, language=case.language),
    }
    if first.source is Source.STATED:
        resource["meta"] = {"security": [BY_PATIENT]}
        resource["note"] = [{"text": NOT_MEASURED[case.language]}]
        resource["derivedFrom"] = [placeholder(case, "answers")]
        if first.sign == "glucose":
            resource["code"]["coding"] = [{"system": LOINC, "code": STATED_GLUCOSE}]
    return resource


def _categories(code: SignCode, source: Source) -> Iterator[Resource]:
    """The vital signs profile wants its own category whoever says it; "survey" marks what was only said."""
    names = [code.category]
    if source is Source.STATED and code.category != "survey":
        names.append("survey")
    for name in names:
        yield {"coding": [{"system": f"{TERMINOLOGY}/observation-category", "code": name}]}


def _value(readings: list[Reading], *, code: SignCode, language: Language) -> Resource:
    first = readings[0]
    if first.sign in PRESSURES:
        return {
            "component": [
                {
                    "code": sign_concept(PRESSURES[one.sign], language=language),
                    "valueQuantity": _quantity(one.value, PRESSURES[one.sign].unit),
                }
                for one in sorted({one.sign: one for one in readings}.values(), key=lambda one: one.sign, reverse=True)
            ]
        }
    if code.unit:
        return {"valueQuantity": _quantity(first.value, code.unit)}
    if isinstance(first.value, bool):
        return {"valueBoolean": first.value}
    return {"valueCodeableConcept": _state(str(first.value), language=language)}


def _quantity(value: Value, unit: str) -> Resource:
    shown = UNITS.get(unit, unit)
    number = value if isinstance(value, Decimal | int) else Decimal(value)
    return {"value": number, **({"unit": shown} if shown else {}), "system": UCUM, "code": unit}


def _state(letter: str, *, language: Language) -> Resource:
    words = CONSCIOUSNESS.get(letter)
    text = letter if words is None else words[language]
    return {"coding": [{"system": f"{HUB}:acvpu", "code": letter}], "text": text}
