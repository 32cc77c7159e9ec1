"""A note made of the chart's facts alone, word for word, for the day when no model wrote anything usable. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from hospital_hub.clinical.grounding import Fact, FactKind

MOST_NOTE_SENTENCES: Final = 6
# Heading and kinds of each part, in the order of a progress note (SOAP).
_PARTS: Final[Mapping[str, tuple[tuple[str, tuple[FactKind, ...]], ...]]] = {
    "en": (
        ("Subjective:", (FactKind.PATIENT, FactKind.ENCOUNTER, FactKind.NOTE)),
        ("Objective:", (FactKind.MEASUREMENT,)),
        ("Assessment:", (FactKind.PROBLEM, FactKind.ALLERGY)),
        ("Current medicines:", (FactKind.MEDICINE,)),
    ),
    "zh-CN": (
        ("主观：", (FactKind.PATIENT, FactKind.ENCOUNTER, FactKind.NOTE)),
        ("客观：", (FactKind.MEASUREMENT,)),
        ("评估：", (FactKind.PROBLEM, FactKind.ALLERGY)),
        ("目前用药：", (FactKind.MEDICINE,)),
    ),
}
_NOTHING: Final[Mapping[str, str]] = {"en": "Not recorded", "zh-CN": "未记录"}


def extract(facts: Sequence[Fact], *, language: str) -> str:
    """One fact a line below four headings; the plan is the clinician's, so there is none."""
    lines: list[str] = []
    for heading, kinds in _PARTS[language]:
        found = [fact.text for kind in kinds for fact in _of_kind(facts, kind)]
        lines += [heading, *(found or [_NOTHING[language]])]
    return "\n".join(lines)


def _of_kind(facts: Sequence[Fact], kind: FactKind) -> list[Fact]:
    found = [fact for fact in facts if fact.kind is kind]
    return found[:MOST_NOTE_SENTENCES] if kind is FactKind.NOTE else found
