"""Notes made of a chart's own facts, and one error or omission planted into each. Deterministic."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from hospital_hub.clinical.grounding import Fact, FactKind
from hospital_hub.embedded.population.patients import population
from hospital_hub.notes.chart import Chart
from hospital_hub.notes.extract import extract
from hospital_hub.notes.facts import facts_of

TODAY = date(2026, 11, 2)
NOTES_A_PATIENT = 10
HEADING = re.compile(r"[:：]$")
# How a clinician might put a fact into words of the note; `{}` is the fact's own text or its name.
WORDINGS = {
    "en": {
        FactKind.MEDICINE: ("{}", "Continue {}.", "Current treatment includes {}.", "On {}."),
        FactKind.PROBLEM: ("{}", "Known {}.", "Patient with {}.", "Assessment: {}"),
        FactKind.ALLERGY: ("{}", "{}, noted in the chart.", "Documented: {}."),
        FactKind.MEASUREMENT: ("{}", "Results today: {}.", "Last value of {}."),
    },
    "zh-CN": {
        FactKind.MEDICINE: ("{}", "继续予{}。", "目前用药：{}。"),
        FactKind.PROBLEM: ("{}", "患者有{}。", "诊断：{}。"),
        FactKind.ALLERGY: ("{}", "患者{}。"),
        FactKind.MEASUREMENT: ("{}", "今日{}。", "结果：{}。"),
    },
}
# Added to every chart, so that sides can be swapped and drugs exchanged.
SIDED = {
    "en": (
        Fact("s1", "Condition/s1", FactKind.PROBLEM, "Fracture of left wrist", terms=("Fracture of left wrist",)),
        Fact("s2", "DocumentReference/s2", FactKind.NOTE, "Denies chest pain; no fever; pain in the right knee."),
    ),
    "zh-CN": (
        Fact("s1", "Condition/s1", FactKind.PROBLEM, "左腕骨折", terms=("左腕骨折",)),
        Fact("s2", "DocumentReference/s2", FactKind.NOTE, "患者否认胸痛，无咯血，右膝疼痛。"),
    ),
}
OTHER_DRUGS = {
    "en": ("Carvedilol 25 mg daily", "Fluconazole 200 mg daily"),
    "zh-CN": ("卡维地洛 25 mg 每日一次", "氟康唑 200 mg 每日一次"),
}
FLIPS = {
    "en": (("Denies chest pain", "Reports chest pain"), ("no fever", "has a fever")),
    "zh-CN": (("否认胸痛", "有胸痛"), ("无咯血", "有咯血")),
}
DENIALS = {"en": "No {}.", "zh-CN": "无{}。"}


@dataclass(frozen=True)
class Note:
    id: str
    language: str
    facts: tuple[Fact, ...]
    lines: tuple[str, ...]
    made_of: tuple[Fact, ...]  # one a line


def pick(key: str, count: int) -> int:
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % count


def charts() -> Iterator[tuple[str, Chart]]:
    by_patient: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for one in population():
        owner = one.get("subject") or one.get("patient") or {"reference": f"Patient/{one['id']}"}
        by_patient[owner["reference"]][one["resourceType"]].append(one)
    for reference, kinds in by_patient.items():
        if reference.startswith("Patient/") and kinds["Patient"]:
            yield reference, Chart(kinds["Patient"][0], kinds["Encounter"][-1] if kinds["Encounter"] else None, kinds)


def notes() -> Iterator[Note]:
    """Several of each patient of the demonstration hospital; the first one is the extractive draft itself."""
    for reference, chart in charts():
        language, found = facts_of(chart, today=TODAY)
        facts = (*found, *SIDED[language])
        for turn in range(NOTES_A_PATIENT):
            yield _note(f"{reference}#{turn}", facts, language=language, plain=turn == 0)


def _note(key: str, facts: tuple[Fact, ...], *, language: str, plain: bool) -> Note:
    shown = set(extract(facts, language=language).splitlines())
    used = tuple(fact for fact in facts if fact.text in shown)
    lines = tuple(fact.text if plain else _worded(fact, key, language=language) for fact in used)
    return Note(key, language, facts, lines, used)


def _worded(fact: Fact, key: str, *, language: str) -> str:
    ways = WORDINGS[language].get(fact.kind, ("{}",))
    return ways[pick(f"{key}|{fact.id}", len(ways))].format(fact.text)


def errors(note: Note) -> Iterator[tuple[str, str]]:
    """Kind and spoiled sentence, at most one of each kind."""
    for kind, spoil in (("number", _other_number), ("unit", _other_unit), ("side", _other_side)):
        spoiled = [(line, spoil(line)) for line in note.lines]
        found = [(line, other) for line, other in spoiled if other != line]
        if found:
            yield kind, found[pick(f"{note.id}|{kind}", len(found))][1]
    drugs = OTHER_DRUGS[note.language]
    yield "drug", drugs[pick(f"{note.id}|drug", len(drugs))]
    old, new = FLIPS[note.language][pick(f"{note.id}|flip", 2)]
    yield "negation", SIDED[note.language][1].text.replace(old, new)
    yield from _denied(note)


def _denied(note: Note) -> Iterator[tuple[str, str]]:
    problems = [fact.terms[0] for fact in note.made_of if fact.kind is FactKind.PROBLEM and fact.terms]
    sound = [name for name in problems if not re.search(r"\b[Nn]o |无", name)]
    if sound:
        yield "denied", DENIALS[note.language].format(sound[pick(f"{note.id}|denied", len(sound))])


def _other_number(line: str) -> str:
    """Another value of the first number, as far from it as a misread one."""
    return re.sub(r"(?<![\w.:-])\d+(?:\.\d+)?(?![\d:-])", lambda found: _changed(found[0]), line, count=1)


def _changed(digits: str) -> str:
    value = float(digits) * 3 + 1.7
    return f"{value:.1f}" if "." in digits else str(round(value))


def _other_unit(line: str) -> str:
    return re.sub(r"(?<=\d) ?(?:mg|mmol/L|mg/dL|g/dL|mL|cm|kg)(?![\w/])", " U/L", line, count=1)


def _other_side(line: str) -> str:
    if re.search(r"\bleft wrist\b|左腕", line):
        return line.replace("left wrist", "right wrist").replace("左腕", "右腕")
    return re.sub(r"\bright (?=knee)", "left ", line).replace("右膝", "左膝")


def without(note: Note, left_out: Fact) -> Sequence[str]:
    """The lines that name it in no way."""
    names = [term.casefold() for term in left_out.terms]
    lines = zip(note.lines, note.made_of, strict=True)
    return [
        line
        for line, fact in lines
        if fact != left_out and not any(name in line.casefold() for name in names) and not _shares(fact, left_out)
    ]


def _shares(fact: Fact, other: Fact) -> bool:
    first = {term.casefold().split()[0] for term in other.terms if term.split()}
    return any(word in fact.text.casefold() for word in first)
