"""A case as R4 resources, by role: interview, vital signs, risk, task, acuity, who made what. Pure.

Nothing automatic stands as a decision: the risk is preliminary and the task open until a nurse has set the level, and
acuity and priority are the nurse's alone. Equal cases give equal resources, so that filing again changes nothing.
"""

from typing import Final

from hospital_hub.clinical.levels import Level
from hospital_hub.triage import fhir_base as base
from hospital_hub.triage.fhir_codes import (
    ACTS,
    ACUITY,
    AI,
    BY_DEVICE,
    HUB,
    LOINC,
    TASK_PRIORITY,
    TERMINOLOGY,
    level_concept,
    priority_concept,
)
from hospital_hub.triage.fhir_interview import questionnaire_response
from hospital_hub.triage.fhir_provenance import provenances
from hospital_hub.triage.fhir_signs import observations
from hospital_hub.triage.filed_case import FiledCase
from integrations.fhir.client import Resource

RISK: Final = {"en": "Risk at triage", "zh-CN": "分诊风险评估"}
ASSESS: Final = {"en": "Assess the patient and set the triage level", "zh-CN": "评估患者并确定分诊级别"}
LEVEL_SET: Final = {"en": "Triage level", "zh-CN": "分诊级别"}
DEPARTMENT: Final = {"en": "Suggested department", "zh-CN": "建议就诊科室"}
PROVISIONAL: Final = {"en": "Provisional: vital signs are missing.", "zh-CN": "暂定：缺少生命体征。"}
METHOD: Final = {"en": "Triage rules", "zh-CN": "分诊规则"}
METHOD_WITH_AI: Final = {"en": "Triage rules and a model's suggestion", "zh-CN": "分诊规则及模型建议"}


def resources_of(case: FiledCase) -> dict[str, Resource]:
    """Everything that is filed for the case as it stands, by its key among all that was ever filed for it."""
    made: dict[str, Resource] = {}
    if not case.encounter:
        made["encounter"] = encounter(case)
    if case.answers:
        made["answers"] = questionnaire_response(case)
    made |= observations(case)
    made["risk"] = risk_assessment(case, basis=[role for role in made if role != "encounter"])
    made["task"] = task(case)
    if case.nurse is not None:
        made["acuity"] = acuity(case)
    made |= provenances(case, made)
    return {base.key_of(case.binding, role): resource for role, resource in made.items()}


def encounter(case: FiledCase) -> Resource:
    """Only where the hospital system has none open."""
    made: Resource = {
        "resourceType": "Encounter",
        "identifier": [base.identifier_of(case, "encounter")],
        "status": "arrived" if case.nurse is None else "triaged",
        "class": {"system": ACTS, "code": "EMER", "display": "emergency"},
        "subject": base.patient_of(case),
        "period": {"start": base.moment(case.opened_at)},
    }
    priority = priority_of(case)
    return made if priority is None else {**made, "priority": priority}


def priority_of(case: FiledCase) -> Resource | None:
    """Of the encounter; the nurse's level alone."""
    if case.nurse is None:
        return None
    return priority_concept(case.nurse.level, pack=case.judged.pack, language=case.language)


def risk_assessment(case: FiledCase, *, basis: list[str]) -> Resource:
    """The automatic level; the label says whether a model had a part in it or rules alone."""
    judged, language = case.judged, case.language
    prediction: Resource = {"qualitativeRisk": level_concept(judged.automatic, pack=judged.pack, language=language)}
    if judged.reasons:
        prediction["rationale"] = "; ".join(judged.reasons)
    with_ai = judged.suggested is not None
    made: Resource = {
        "resourceType": "RiskAssessment",
        "meta": {"security": [AI if with_ai else BY_DEVICE]},
        "identifier": [base.identifier_of(case, "risk")],
        "status": "preliminary" if case.nurse is None else "final",
        "method": _method(case),
        "code": {"coding": [{"system": LOINC, "code": ACUITY}], "text": RISK[language]},
        "subject": base.patient_of(case),
        "encounter": base.visit(case),
        "occurrenceDateTime": base.moment(case.latest),
        "performer": base.rules_device(case),
        "prediction": [prediction],
    }
    if basis:
        made["basis"] = [base.placeholder(case, role) for role in basis]
    if judged.provisional:
        made["note"] = [{"text": PROVISIONAL[language]}]
    return made


def _method(case: FiledCase) -> Resource:
    judged = case.judged
    words = METHOD if judged.suggested is None else METHOD_WITH_AI
    return {
        "coding": [{"system": f"{HUB}:rules", "code": judged.pack, "version": judged.rules}],
        "text": words[case.language],
    }


def acuity(case: FiledCase) -> Resource:
    """The level that stands, and it is the nurse's."""
    set_by = case.nurse
    assert set_by is not None  # noqa: S101 - resources_of asks for it only then
    return {
        "resourceType": "Observation",
        "identifier": [base.identifier_of(case, "acuity")],
        "status": "amended" if set_by.changed else "final",
        "category": [{"coding": [{"system": f"{TERMINOLOGY}/observation-category", "code": "survey"}]}],
        "code": {"coding": [{"system": LOINC, "code": ACUITY}], "text": LEVEL_SET[case.language]},
        "subject": base.patient_of(case),
        "encounter": base.visit(case),
        "effectiveDateTime": base.moment(set_by.at),
        "performer": [base.nurse(set_by.by)],
        "valueCodeableConcept": level_concept(set_by.level, pack=case.judged.pack, language=case.language),
    }


def task(case: FiledCase) -> Resource:
    """A proposal to the nurses: the hub asks, it gives no orders."""
    level = case.judged.automatic if case.nurse is None else case.nurse.level
    status, with_ai = _task_status(case), case.judged.suggested is not None
    made: Resource = {
        "resourceType": "Task",
        "meta": {"security": [AI if with_ai else BY_DEVICE]},
        "identifier": [base.identifier_of(case, "task")],
        "status": status,
        "businessStatus": {"coding": [{"system": f"{HUB}:task-status", "code": status}]},
        "intent": "proposal",
        "priority": TASK_PRIORITY[level],
        "code": {"coding": [{"system": f"{HUB}:task", "code": "triage"}], "text": ASSESS[case.language]},
        "focus": base.placeholder(case, "risk"),
        "for": base.patient_of(case),
        "encounter": base.visit(case),
        "authoredOn": base.moment(case.opened_at),
        "lastModified": base.moment(case.latest),
        "requester": base.rules_device(case),
    }
    if case.judged.department is not None:
        made["input"] = [_department(case, case.judged.department)]
    if case.nurse is not None:
        made["owner"] = base.nurse(case.nurse.by)
        made["output"] = [_level_set(case, case.nurse.level)]
    return made


def _task_status(case: FiledCase) -> str:
    if case.nurse is not None:
        return "completed"
    if case.closed:
        return "cancelled"
    return "in-progress" if case.acknowledged else "requested"


def _level_set(case: FiledCase, level: Level) -> Resource:
    value = level_concept(level, pack=case.judged.pack, language=case.language)
    return {"type": {"text": LEVEL_SET[case.language]}, "valueCodeableConcept": value}


def _department(case: FiledCase, department: tuple[str, str]) -> Resource:
    code, name = department
    coding: Resource = {"system": f"{HUB}:department", "code": code}
    return {
        "type": {"text": DEPARTMENT[case.language]},
        "valueCodeableConcept": {"coding": [coding], "text": name or code},
    }
