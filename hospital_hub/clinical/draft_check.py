"""A draft against the free texts that it was made from: sentences with spans of their sources, omissions. Pure.

No model is asked. Places are code points of the texts as they were given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hospital_hub.clinical.copy_forward import copied, index
from hospital_hub.clinical.evidence import Evidence, Passage
from hospital_hub.clinical.grounding import MOST_SOURCES, claims_nothing
from hospital_hub.clinical.grounding_report import Doubt
from hospital_hub.clinical.judging import Ground, judge
from hospital_hub.clinical.omissions import Omission, left_out
from hospital_hub.clinical.reading import read
from hospital_hub.clinical.sentences import Span, split
from hospital_hub.clinical.transcript import utterances


@dataclass(frozen=True)
class Source:
    id: str
    text: str


@dataclass(frozen=True)
class Checked:
    """`sources` are passages, best first; without doubts the sentence is supported."""

    start: int
    end: int
    sources: tuple[Passage, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    copied_from: str = ""


@dataclass(frozen=True)
class DraftReport:
    sentences: tuple[Checked, ...]
    omissions: tuple[Omission, ...]


def check_draft(draft: str, sources: Sequence[Source]) -> DraftReport:
    evidence = Evidence(tuple(_passages(sources)))
    known = "\n".join(passage.reading.clean for passage in evidence.passages)
    notes = index((one.source, one.text) for one in evidence.passages if not one.speaker)
    checked = []
    for span in split(draft):
        one = _sentence(span, evidence, known=known)
        checked.append(Checked(*one, copied_from=copied(span.text, notes)))
    return DraftReport(tuple(checked), left_out(read(draft), evidence))


def _sentence(span: Span, evidence: Evidence, *, known: str) -> tuple[int, int, tuple[Passage, ...], tuple[Doubt, ...]]:
    reading = read(span.text)
    if claims_nothing(span.text, reading):
        return span.start, span.end, (), ()
    judgement = judge(reading, evidence, ground=Ground.TALK, known=known)
    found = tuple(evidence.passages[place] for place in judgement.places[:MOST_SOURCES])
    return span.start, span.end, found, judgement.doubts


def _passages(sources: Sequence[Source]) -> Iterator[Passage]:
    for source in sources:
        for said in utterances(source.text):
            yield Passage(
                source.id,
                said.text,
                said.start,
                said.end,
                said.asks,
                said.answer,
                said.speaker,
                said.asked_from,
                said.reply,
            )
