"""How much of a sentence its sources hold: the share of its words, and single claims that no source makes. Pure.

Clinicians condense and note in set phrases, so words of the form weigh little and a word counts as held where the
sources use another word for it. Weights and bars are measured (see `Bars`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hospital_hub.clinical.evidence import Evidence
from hospital_hub.clinical.lexicon import Kind
from hospital_hub.clinical.number_check import places_of
from hospital_hub.clinical.polarity import Polarity
from hospital_hub.clinical.reading import Mention, Reading

_HEADING: Final = re.compile(r"^[\W\d]*[a-z][a-z /,&-]{1,38}:|^[\u4e00-\u9fff]{2,6}:")
_NUMBER: Final = 0.8  # a number that a source has, as a share of a word
_NORMAL: Final = re.compile(
    r".{0,2}(?:正常|一般|尚可|良好|如常|无殊|无异|平稳|好[,。;]|佳)|.{0,16}(?:normal|unremarkable|intact)\b"
)
_DEGREES: Final = "degree"
_TEMPERATURE: Final = frozenset({"体温", "发热", "temperature", "fever"})  # named by its unit as well
_ABSENT: Final = 0.3  # below it a meaning is in no source


@dataclass(frozen=True)
class Bars:
    """What a sentence must reach. `weights` are by kind of word; `prior` keeps short sentences from extremes."""

    weights: Mapping[Kind, float]
    enough: float
    prior: float
    denied: float  # what a word weighs, of itself, that is denied here and named nowhere
    named: float  # below this share, a finding that no source names is a doubt of its own
    wordy: float  # what must be held where there are only words: no number, side or denial that could be compared

    def needed(self, reading: Reading) -> float:
        compared = reading.sides or any(one.exact for one in reading.numbers)
        denied = any(one.polarity is Polarity.DENIED for one in reading.mentions)
        return self.enough if compared or denied else self.wordy


_WEIGHTS: Final = {
    Kind.FINDING: 1.3,
    Kind.CONDITION: 1.3,
    Kind.MEDICINE: 1.3,
    Kind.CARE: 1.3,
    Kind.BODY: 1.0,
    Kind.OTHER: 0.8,
    Kind.PLAIN: 1.0,
}
ENGLISH: Final = Bars({**_WEIGHTS, Kind.ROUTINE: 0.1}, enough=0.37, prior=0.3, denied=0.5, named=0.5, wordy=0.46)
CHINESE: Final = Bars({**_WEIGHTS, Kind.ROUTINE: 0.0}, enough=0.73, prior=0.5, denied=0.06, named=0.75, wordy=0.82)


@dataclass(frozen=True)
class Held:
    """`share` from 0 to 1; `weights` are the passages that hold it, with how much of it each holds."""

    share: float
    weights: Mapping[int, float]


def held(reading: Reading, evidence: Evidence) -> Held:
    bars = bars_of(reading)
    total, found = bars.prior, bars.prior
    places: dict[int, float] = {}
    warm = frozenset(
        place for one in reading.numbers if one.unit.family == _DEGREES for place in places_of(one, evidence)
    )
    for where in _measured(reading, evidence):
        total += _NUMBER
        found += _NUMBER
        for place in where:
            places[place] = places.get(place, 0.0) + _NUMBER / len(where)
    for mention in claims(reading):
        cover, where = (1.0, warm) if warm and mention.term.name in _TEMPERATURE else evidence.cover(mention.term)
        weight = bars.weights[mention.term.kind]
        if cover < _ABSENT and (mention.polarity is Polarity.DENIED or _unremarkable(reading.clean, mention)):
            weight *= bars.denied
        total += weight
        found += weight * cover
        for place in where:
            places[place] = places.get(place, 0.0) + weight * cover / len(where) ** 0.5
    return Held(found / total if total else 1.0, places)


def _measured(reading: Reading, evidence: Evidence) -> Iterator[frozenset[int]]:
    """Passages of each number that a source has; one that none has is a doubt of its own."""
    for number in reading.numbers:
        places = frozenset(places_of(number, evidence)) if number.exact else frozenset()
        if places:
            yield places


def bars_of(reading: Reading) -> Bars:
    wide = sum(1 for character in reading.clean if character > "\u3400")
    return CHINESE if wide * 4 > len(reading.clean) else ENGLISH


def claims(reading: Reading) -> list[Mention]:
    """Mentions behind the heading of the line."""
    heading = _HEADING.match(reading.clean)
    start = heading.end() if heading else 0
    behind = [mention for mention in reading.mentions if mention.term.start >= start]
    return behind or list(reading.mentions)


def _unremarkable(clean: str, mention: Mention) -> bool:
    return bool(_NORMAL.match(clean, mention.term.end))


_CLAIMS: Final = frozenset({Kind.FINDING, Kind.CONDITION, Kind.MEDICINE})


def unheard(reading: Reading, evidence: Evidence) -> Iterator[str]:
    """Findings, diseases and medicines that the sentence affirms and no source names."""
    for mention in claims(reading):
        claimed = mention.term.kind in _CLAIMS and mention.polarity is Polarity.AFFIRMED
        if claimed and evidence.cover(mention.term)[0] < _ABSENT:
            yield reading.clean[mention.term.start : mention.term.end]
