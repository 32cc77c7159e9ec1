"""Codes that triage files: LOINC and UCUM of the vital signs, the levels of a rule pack, priorities, labels.

Sources: R4 vital signs profile (the codes it binds); HL7 v3 ActPriority, ObservationValue; R4 request-priority.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.text import Language
from integrations.fhir.client import Resource

HUB: Final = "urn:hospital-hub"
TRIAGE: Final = f"{HUB}:triage"
TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
ACTS: Final = f"{TERMINOLOGY}/v3-ActCode"
VALUES: Final = f"{TERMINOLOGY}/v3-ObservationValue"
ACUITY: Final = "11283-9"  # acuity assessment at first encounter
INSUFFICIENT: Final = "insufficient"
INLINE_LABEL: Final = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"

Words = Mapping[Language, str]


def _words(english: str, chinese: str) -> Words:
    return {"en": english, "zh-CN": chinese}


@dataclass(frozen=True)
class SignCode:
    """`unit` is a UCUM code, empty where the value is no quantity; several codes say the same."""

    loinc: tuple[str, ...]
    words: Words
    unit: str = ""
    category: str = "vital-signs"


# The SpO2 profile wants 2708-6 beside the code of the pulse oximeter. A finger-prick at triage is 14743-9; of a blood
# sugar that a patient tells, nobody knows the method: 15074-8.
SIGNS: Final[Mapping[str, SignCode]] = {
    "heart_rate": SignCode(("8867-4",), _words("Heart rate", "心率"), "/min"),
    "respiratory_rate": SignCode(("9279-1",), _words("Respiratory rate", "呼吸频率"), "/min"),
    "spo2": SignCode(("2708-6", "59408-5"), _words("Oxygen saturation", "血氧饱和度"), "%"),
    "temperature": SignCode(("8310-5",), _words("Body temperature", "体温"), "Cel"),
    "weight": SignCode(("29463-7",), _words("Body weight", "体重"), "kg"),
    "gcs": SignCode(("9269-2",), _words("Glasgow coma score", "格拉斯哥昏迷评分"), "{score}", "survey"),
    "pain": SignCode(("72514-3",), _words("Pain, 0 to 10", "疼痛评分（0–10）"), "{score}", "survey"),
    "glucose": SignCode(("14743-9",), _words("Blood sugar", "血糖"), "mmol/L", "laboratory"),
    "consciousness": SignCode(("80288-4",), _words("Level of consciousness", "意识水平"), "", "survey"),
    "oxygen": SignCode((), _words("Breathing added oxygen", "正在吸氧"), "", "survey"),
}
STATED_GLUCOSE: Final = "15074-8"
PRESSURE: Final = SignCode(("85354-9",), _words("Blood pressure", "血压"))
PRESSURES: Final[Mapping[str, SignCode]] = {
    "systolic": SignCode(("8480-6",), _words("Systolic blood pressure", "收缩压"), "mm[Hg]"),
    "diastolic": SignCode(("8462-4",), _words("Diastolic blood pressure", "舒张压"), "mm[Hg]"),
}
CONSCIOUSNESS: Final[Mapping[str, Words]] = {
    "A": _words("Alert", "清醒"),
    "C": _words("New confusion", "新发意识模糊"),
    "V": _words("Responds to voice", "对声音有反应"),
    "P": _words("Responds to pain", "对疼痛有反应"),
    "U": _words("Unresponsive", "无反应"),
}
# How people write a UCUM code.
UNITS: Final[Mapping[str, str]] = {"Cel": "°C", "mm[Hg]": "mmHg", "{score}": ""}

LEVELS: Final[Mapping[Level, Words]] = {
    Level.I: _words("Level I, critical", "I级，濒危"),
    Level.II: _words("Level II, severe", "II级，危重"),
    Level.III: _words("Level III, urgent", "III级，急症"),
    Level.IV: _words("Level IV, not urgent", "IV级，非急症"),
}
NOT_ENOUGH: Final = _words("Not enough information for a level", "资料不足，未定级")
# v3-ActPriority: emergency, as soon as possible, urgent, routine.
ACT_PRIORITY: Final[Mapping[Level, str]] = {Level.I: "EM", Level.II: "A", Level.III: "UR", Level.IV: "R"}
# R4 request-priority. What nobody knows anything about is not calm.
TASK_PRIORITY: Final[Mapping[Level | None, str]] = {
    Level.I: "stat",
    Level.II: "asap",
    Level.III: "urgent",
    Level.IV: "routine",
    None: "asap",
}

AI: Final = {"system": VALUES, "code": "AIAST", "display": "Artificial Intelligence asserted"}
BY_DEVICE: Final = {"system": VALUES, "code": "DEVAST", "display": "device asserted"}
BY_PATIENT: Final = {"system": VALUES, "code": "PATAST", "display": "patient asserted"}
INLINE: Final = {"system": ACTS, "code": "PROCESSINLINELABEL", "display": "process inline security label"}


def level_system(pack: str) -> str:
    """The CodeSystem of a pack's levels."""
    return f"{HUB}:triage-level:{pack}"


def level_concept(level: Level | None, *, pack: str, language: Language) -> Resource:
    code = INSUFFICIENT if level is None else level.name
    text = NOT_ENOUGH[language] if level is None else LEVELS[level][language]
    return {"coding": [{"system": level_system(pack), "code": code, "display": text}], "text": text}


def priority_concept(level: Level, *, pack: str, language: Language) -> Resource:
    """Of an encounter: the pack's own level, and HL7's word for it."""
    concept = level_concept(level, pack=pack, language=language)
    other = {"system": f"{TERMINOLOGY}/v3-ActPriority", "code": ACT_PRIORITY[level]}
    return {**concept, "coding": [*concept["coding"], other]}


def is_ours(priority: object) -> bool:
    """Whether a priority was set by this hub."""
    codings = priority.get("coding") if isinstance(priority, dict) else None
    systems = [one.get("system") for one in codings or [] if isinstance(one, dict)]
    return any(str(system).startswith(f"{HUB}:triage-level:") for system in systems)


def sign_concept(sign: SignCode, *, language: Language, name: str = "") -> Resource:
    """`name` is the hub's own code, where LOINC has none."""
    coding = [{"system": LOINC, "code": code} for code in sign.loinc]
    return {"coding": coding or [{"system": f"{HUB}:sign", "code": name}], "text": sign.words[language]}
