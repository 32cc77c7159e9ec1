"""Does a note say what the chart says? Each sentence gets its sources or is marked unsupported; code, not a model.

Pure. This first version compares numbers with units, negation, and words of drugs and diseases; it does not
understand language, so "supported" means: nothing in the sentence goes beyond the facts it shares its words with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hospital_hub.clinical.note_words import Number, content_words, medical_words, numbers_in, polarity
from hospital_hub.clinical.sentences import Span, split

MOST_SOURCES = 4
# Share of a sentence's words that its sources must hold. Lower lets invented findings pass, higher flags rewording.
ENOUGH_COVERED = 0.5
LONGEST_HEADING = 40


class FactKind(StrEnum):
    PATIENT = "patient"
    ENCOUNTER = "encounter"
    PROBLEM = "problem"
    ALLERGY = "allergy"
    MEDICINE = "medicine"
    MEASUREMENT = "measurement"
    NOTE = "note"


@dataclass(frozen=True)
class Fact:
    """One thing that the chart says. `source` is the resource (`Observation/1`), `span` the part of its text.

    `terms` are the names by which a note can mention it; `abnormal` holds for measurements alone.
    """

    id: str
    source: str
    kind: FactKind
    text: str
    span: tuple[int, int] | None = None
    terms: tuple[str, ...] = ()
    abnormal: bool = False


class DoubtKind(StrEnum):
    NUMBER = "number"  # a number, or its unit, that no shared fact has
    NEGATION = "negation"  # affirmed here and denied in the chart, or the other way round
    TERM = "term"  # a drug or disease that no fact names
    NO_SOURCE = "no_source"  # too few of its words are in the chart


@dataclass(frozen=True)
class Doubt:
    kind: DoubtKind
    words: str = ""


class Verdict(StrEnum):
    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    NOTHING_TO_CHECK = "nothing_to_check"  # a heading, or words that claim nothing


@dataclass(frozen=True)
class Sentence:
    """`start` and `end` are places in the text that was checked; `sources` are ids of facts, best first."""

    text: str
    start: int
    end: int
    verdict: Verdict
    sources: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True)
class Report:
    sentences: tuple[Sentence, ...]
    not_mentioned: tuple[Fact, ...]

    @property
    def unsupported(self) -> tuple[Sentence, ...]:
        return tuple(one for one in self.sentences if one.verdict is Verdict.UNSUPPORTED)


@dataclass(frozen=True)
class _Indexed:
    fact: Fact
    words: frozenset[str]
    numbers: frozenset[Number]
    asserted: frozenset[str]
    denied: frozenset[str]


@dataclass(frozen=True)
class Checker:
    """The facts of one chart, read once and compared with any number of sentences."""

    facts: tuple[Fact, ...]
    _index: tuple[_Indexed, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", tuple(_indexed(fact) for fact in self.facts))

    def check(self, text: str) -> Report:
        return Report(tuple(self.sentence(span) for span in split(text)), not_mentioned(text, self.facts))

    def sentence(self, span: Span) -> Sentence:
        words, numbers = content_words(span.text), numbers_in(span.text)
        if (not words and not numbers) or is_heading(span.text):
            return Sentence(span.text, span.start, span.end, Verdict.NOTHING_TO_CHECK)
        related = self._related(words, numbers=numbers)
        doubts = tuple(self._doubts(span.text, related, words=words))
        sources = tuple(one.fact.id for one in related[:MOST_SOURCES])
        verdict = Verdict.UNSUPPORTED if doubts else Verdict.SUPPORTED
        return Sentence(span.text, span.start, span.end, verdict, sources, doubts)

    def _related(self, words: frozenset[str], *, numbers: frozenset[Number]) -> list[_Indexed]:
        """Facts that share a word with the sentence, those that add most first."""
        left, missing, chosen = set(words), set(numbers), []
        rest = [one for one in self._index if one.words & words or one.fact.kind is FactKind.PATIENT]
        while rest:
            best = max(rest, key=lambda one: _gain(one, left=left, missing=missing))
            if _gain(best, left=left, missing=missing) == 0:
                break
            rest.remove(best)
            chosen.append(best)
            left -= best.words
            missing = {number for number in missing if not _has(best, number)}
        return chosen

    def _doubts(self, text: str, related: Sequence[_Indexed], *, words: frozenset[str]) -> Iterable[Doubt]:
        for number in sorted(numbers_in(text), key=lambda one: one.shown):
            if not any(_has(one, number) for one in related):
                yield Doubt(DoubtKind.NUMBER, number.shown)
        known = " ".join(fact.text.casefold() for fact in self.facts)
        for word in sorted(medical_words(text)):
            if word not in known:
                yield Doubt(DoubtKind.TERM, word)
        yield from _contradictions(text, related)
        covered = frozenset().union(*(one.words for one in related)) & words
        if words and len(covered) < ENOUGH_COVERED * len(words):
            yield Doubt(DoubtKind.NO_SOURCE)


def is_heading(text: str) -> bool:
    """A short line that ends in a colon and names neither number, drug nor disease."""
    short = len(text) <= LONGEST_HEADING and text.endswith((":", "："))
    return short and not numbers_in(text) and not medical_words(text)


def not_mentioned(text: str, facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Allergies, medicines and abnormal values of the chart none of whose names stands in the text."""
    said = text.casefold()
    due = [fact for fact in facts if fact.kind in {FactKind.ALLERGY, FactKind.MEDICINE} or fact.abnormal]
    return tuple(fact for fact in due if fact.terms and not any(_names(term, said) for term in fact.terms))


def _names(term: str, said: str) -> bool:
    """The whole name, or its first word where that is long enough to be a name (metformin of `metformin 500 mg`)."""
    name = term.casefold().strip()
    first = name.split()[0] if name.split() else name
    return name in said or (len(first) >= 5 and first.isascii() and first in said)  # noqa: PLR2004 - shorter: no name


def _indexed(fact: Fact) -> _Indexed:
    asserted, denied = polarity(fact.text)
    return _Indexed(fact, content_words(fact.text), numbers_in(fact.text), asserted, denied)


def _gain(one: _Indexed, *, left: set[str], missing: set[Number]) -> int:
    """A number weighs more than a word: it is what a source is for."""
    return len(one.words & left) + 3 * sum(1 for number in missing if _has(one, number))


def _has(one: _Indexed, number: Number) -> bool:
    return any(number.agrees(other) for other in one.numbers)


def _contradictions(text: str, related: Sequence[_Indexed]) -> Iterable[Doubt]:
    asserted, denied = polarity(text)
    chart_says = frozenset().union(*(one.asserted for one in related))
    chart_denies = frozenset().union(*(one.denied for one in related))
    against = (asserted & (chart_denies - chart_says)) | (denied & (chart_says - chart_denies))
    if against:
        yield Doubt(DoubtKind.NEGATION, ", ".join(sorted(against)))
