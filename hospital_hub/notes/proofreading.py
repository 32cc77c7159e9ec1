"""A typed note against its kind and the chart: empty sections, contradictions, what it lacks of the chart. Pure.

No model is asked.
"""

from dataclasses import dataclass

from hospital_hub.clinical.grounding import Report, Sentence
from hospital_hub.notes.checking import NoteChecker
from hospital_hub.notes.kinds import Kind, Section
from hospital_hub.notes.sections import sections_in


@dataclass(frozen=True)
class Proof:
    """`against` contradicts the chart; `unknown` has no source there, which is what a typed note is for."""

    missing: tuple[Section, ...]
    against: tuple[Sentence, ...]
    unknown: tuple[Sentence, ...]
    report: Report


def proofread(text: str, *, kind: Kind, language: str, checker: NoteChecker) -> Proof:
    report = checker.check(text)
    against = tuple(one for one in report.unsupported if checker.contradicts(one))
    unknown = tuple(one for one in report.unsupported if one not in against)
    return Proof(missing_sections(text, kind, language=language), against, unknown, report)


def missing_sections(text: str, kind: Kind, *, language: str) -> tuple[Section, ...]:
    """Required sections without a word below their heading."""
    bodies = sections_in(text, kind, language=language)
    return tuple(one for one in kind.sections if one.required and not bodies.get(one.id))
