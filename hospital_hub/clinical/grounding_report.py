"""What the grounding check is given and what it answers: facts, sentences with sources and doubts. Values."""

from dataclasses import dataclass
from enum import StrEnum


class FactKind(StrEnum):
    PATIENT = "patient"
    ENCOUNTER = "encounter"
    PROBLEM = "problem"
    ALLERGY = "allergy"
    MEDICINE = "medicine"
    MEASUREMENT = "measurement"
    NOTE = "note"
    SAID = "said"  # dictated or pasted for this note


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
    SIDE = "side"  # left here and right in the chart
    TERM = "term"  # a finding, drug or disease that no fact names
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
    """`start` and `end` are places in the text that was checked; `sources` are ids of facts, best first.

    `copied_from` is the fact of an older note that has this sentence word for word (copied forward), if there is one.
    """

    text: str
    start: int
    end: int
    verdict: Verdict
    sources: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    copied_from: str = ""


@dataclass(frozen=True)
class Report:
    sentences: tuple[Sentence, ...]
    not_mentioned: tuple[Fact, ...]

    @property
    def unsupported(self) -> tuple[Sentence, ...]:
        return tuple(one for one in self.sentences if one.verdict is Verdict.UNSUPPORTED)
