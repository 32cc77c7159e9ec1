"""Does a note say what the chart says? Each sentence gets its sources or is marked unsupported; code, not a model.

Pure. Numbers with units, negation, sides, drugs and diseases are compared, and the share of the words that the facts
hold. It does not understand language: "supported" means that nothing in the sentence goes beyond its facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hospital_hub.clinical.copy_forward import copied, index
from hospital_hub.clinical.evidence import Evidence, Passage
from hospital_hub.clinical.grounding_report import (
    Doubt,
    DoubtKind,
    Fact,
    FactKind,
    Report,
    Sentence,
    Verdict,
)
from hospital_hub.clinical.judging import Ground, judge
from hospital_hub.clinical.medicine_endings import named_by_ending
from hospital_hub.clinical.omissions import not_mentioned
from hospital_hub.clinical.reading import Reading, read
from hospital_hub.clinical.sentences import Span, split
from hospital_hub.clinical.support import claims

MOST_SOURCES = 4
LONGEST_HEADING = 40

__all__ = ["Checker", "Doubt", "DoubtKind", "Fact", "FactKind", "Report", "Sentence", "Verdict", "not_mentioned"]


@dataclass(frozen=True)
class Checker:
    """The facts of one chart, read once and compared with any number of sentences."""

    facts: tuple[Fact, ...]
    _evidence: Evidence = field(init=False, repr=False)
    _known: str = field(init=False, repr=False)
    _notes: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        passages = tuple(Passage(fact.id, fact.text, *(fact.span or (0, len(fact.text)))) for fact in self.facts)
        always = frozenset(place for place, fact in enumerate(self.facts) if fact.kind is FactKind.PATIENT)
        notes = ((fact.id, fact.text) for fact in self.facts if fact.kind is FactKind.NOTE)
        object.__setattr__(self, "_evidence", Evidence(passages, always))
        object.__setattr__(self, "_known", "\n".join(passage.reading.clean for passage in passages))
        object.__setattr__(self, "_notes", index(notes))

    def check(self, text: str) -> Report:
        return Report(tuple(self.sentence(span) for span in split(text)), not_mentioned(text, self.facts))

    def sentence(self, span: Span) -> Sentence:
        reading = read(span.text)
        if claims_nothing(span.text, reading):
            return Sentence(span.text, span.start, span.end, Verdict.NOTHING_TO_CHECK)
        judgement = judge(reading, self._evidence, ground=Ground.CHART, known=self._known)
        sources = tuple(self.facts[place].id for place in judgement.places[:MOST_SOURCES])
        verdict = Verdict.UNSUPPORTED if judgement.doubts else Verdict.SUPPORTED
        before = copied(span.text, self._notes)
        return Sentence(span.text, span.start, span.end, verdict, sources, judgement.doubts, before)


def claims_nothing(text: str, reading: Reading) -> bool:
    """No word and no number, or a heading: a short line that ends in a colon and names no drug and no disease."""
    numbers = [number for number in reading.numbers if number.exact]
    if not numbers and not claims(reading):
        return True
    heading = len(text) <= LONGEST_HEADING and text.endswith((":", "："))
    return heading and not numbers and not named_by_ending(reading.clean)
