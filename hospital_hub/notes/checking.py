"""A note against the chart and against what was said for it. Pure.

A sentence stands if the talk holds it, or if chart and talk together do and the talk does not say otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hospital_hub.clinical.copy_forward import plain
from hospital_hub.clinical.evidence import Evidence, Passage
from hospital_hub.clinical.grounding import (
    MOST_SOURCES,
    Checker,
    DoubtKind,
    Fact,
    FactKind,
    Report,
    Sentence,
    Verdict,
    not_mentioned,
)
from hospital_hub.clinical.judging import Ground, judge
from hospital_hub.clinical.omissions import left_out
from hospital_hub.clinical.reading import read
from hospital_hub.clinical.sentences import Span, split
from hospital_hub.clinical.transcript import utterances

_OTHERWISE: Final = frozenset({DoubtKind.NEGATION, DoubtKind.SIDE})
_NOWHERE: Final = frozenset({DoubtKind.TERM, DoubtKind.NO_SOURCE})


@dataclass(frozen=True)
class NoteChecker:
    """`said` is the text behind the facts of the kind SAID, whose questions and answers belong together.

    `headings` are the lines of the kind of note that claim nothing.
    """

    facts: tuple[Fact, ...]
    said: str = ""
    headings: frozenset[str] = frozenset()
    _chart: Checker = field(init=False, repr=False)
    _talk: Evidence = field(init=False, repr=False)
    _both: Evidence = field(init=False, repr=False)
    _known: str = field(init=False, repr=False)
    _by_id: Mapping[str, Fact] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        chart = tuple(fact for fact in self.facts if fact.kind is not FactKind.SAID)
        talk = _passages([fact for fact in self.facts if fact.kind is FactKind.SAID], self.said)
        passages = (*talk, *(Passage(fact.id, fact.text, 0, len(fact.text)) for fact in chart))
        always = frozenset(place for place, fact in enumerate(chart, len(talk)) if fact.kind is FactKind.PATIENT)
        object.__setattr__(self, "_chart", Checker(chart))
        object.__setattr__(self, "_talk", Evidence(talk))
        object.__setattr__(self, "_both", Evidence(passages, always))
        object.__setattr__(self, "_known", "\n".join(one.reading.clean for one in passages))
        object.__setattr__(self, "_by_id", {fact.id: fact for fact in self.facts})

    def check(self, text: str) -> Report:
        return Report(tuple(self.sentence(span) for span in split(text)), self.not_mentioned(text))

    def sentence(self, span: Span) -> Sentence:
        if span.text in self.headings:
            return Sentence(span.text, span.start, span.end, Verdict.NOTHING_TO_CHECK)
        by_chart = self._chart.sentence(span)
        if not self._talk.passages or by_chart.verdict is Verdict.NOTHING_TO_CHECK:
            return by_chart
        if by_chart.verdict is Verdict.SUPPORTED and not self._from_notes(by_chart):
            return by_chart
        return self._with_talk(span, by_chart)

    def _with_talk(self, span: Span, by_chart: Sentence) -> Sentence:
        """What an older note says stands only if today's talk does not say otherwise."""
        reading = read(span.text)
        talk = judge(reading, self._talk, ground=Ground.TALK, known=self._known)
        both = judge(reading, self._both, ground=Ground.CHART, known=self._known)
        against = tuple(doubt for doubt in talk.doubts if doubt.kind in _OTHERWISE)
        if by_chart.verdict is Verdict.SUPPORTED and not against:
            return by_chart
        chosen = talk if not talk.doubts else both
        evidence = self._talk if chosen is talk else self._both
        sources = tuple(evidence.passages[place].source for place in chosen.places[:MOST_SOURCES])
        doubts = tuple(dict.fromkeys((*against, *chosen.doubts)))
        verdict = Verdict.UNSUPPORTED if doubts else Verdict.SUPPORTED
        return replace(by_chart, verdict=verdict, sources=sources, doubts=doubts)

    def _from_notes(self, sentence: Sentence) -> bool:
        return any(self._by_id[one].kind is FactKind.NOTE for one in sentence.sources)

    def not_mentioned(self, text: str) -> tuple[Fact, ...]:
        missing = list(not_mentioned(text, self._chart.facts))
        if self._talk.passages:
            missing += [self._by_id[one.passage.source] for one in left_out(read(text), self._talk)]
        return tuple(dict.fromkeys(missing))

    def contradicts(self, sentence: Sentence) -> bool:
        """The sources say otherwise: the opposite, the other side, another number of the same thing."""
        kinds = {doubt.kind for doubt in sentence.doubts}
        if kinds & _OTHERWISE:
            return True
        return DoubtKind.NUMBER in kinds and not kinds & _NOWHERE and self._other_number(sentence)

    def _other_number(self, sentence: Sentence) -> bool:
        """Whether a source has a number with the unit of one in the sentence."""
        cited = (self._by_id[one] for one in sentence.sources if one in self._by_id)
        theirs = {number.unit.name for fact in cited for number in read(fact.text).numbers if number.exact}
        ours = {number.unit.name for number in read(sentence.text).numbers if number.exact}
        return bool(theirs & ours)


def outside(checker: NoteChecker, *, ai_text: str, text: str) -> tuple[Sentence, ...]:
    """Unsupported sentences of the model that do not stand in the text: taken out by code or by the clinician."""
    here = plain(text)
    found = (checker.sentence(span) for span in split(ai_text))
    return tuple(one for one in found if one.verdict is Verdict.UNSUPPORTED and plain(one.text) not in here)


def _passages(facts: Sequence[Fact], said: str) -> tuple[Passage, ...]:
    turns = {(one.start, one.end): one for one in utterances(said)}
    found = []
    for fact in facts:
        start, end = fact.span or (0, 0)
        turn = turns.get((start, end))
        if turn is None:
            found.append(Passage(fact.id, fact.text, start, end))
        else:
            found.append(Passage(fact.id, turn.text, start, end, turn.asks, turn.answer, turn.speaker))
    return tuple(found)
