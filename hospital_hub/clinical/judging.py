"""One sentence against all the evidence: which passages it rests on, and what speaks against it. Pure.

A chart is short and exact, so a number must stand in the very facts that the sentence is about. A talk is long and
loose: there a number may stand anywhere, with its unit, and words need only be held in their greater part.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hospital_hub.clinical.contradiction import Nearness, denied_otherwise, swapped, turned_round
from hospital_hub.clinical.evidence import Evidence
from hospital_hub.clinical.grounding_report import Doubt, DoubtKind
from hospital_hub.clinical.lexicon import Kind
from hospital_hub.clinical.medicine_endings import named_by_ending
from hospital_hub.clinical.number_check import places_of, unsourced
from hospital_hub.clinical.quantities import Quantity
from hospital_hub.clinical.reading import Reading
from hospital_hub.clinical.support import Held, bars_of, claims, held, unheard

ENOUGH_OF_CHART: Final = 0.5
_AS_NEAR: Final = 0.8
_NUMBER: Final = 0.4  # a number makes a passage the better source, but no source of its own


class Ground(StrEnum):
    CHART = "chart"  # facts, each a short text
    TALK = "talk"  # a consultation or other free text


@dataclass(frozen=True)
class Judgement:
    """`places` are passages, best first."""

    places: tuple[int, ...]
    doubts: tuple[Doubt, ...]


def judge(reading: Reading, evidence: Evidence, *, ground: Ground, known: str = "") -> Judgement:
    """`known` is the clean text of all sources, in which drugs and diseases are looked for by their endings."""
    near, share = Nearness.of(reading, evidence), held(reading, evidence)
    places = _chosen(reading, evidence) if ground is Ground.CHART else _best(share.weights)
    where = _about(reading, evidence, places=places) if ground is Ground.CHART else None
    doubts = [Doubt(DoubtKind.NUMBER, one) for one in _numbers(unsourced(reading, evidence, places=where))]
    doubts += [Doubt(DoubtKind.SIDE, one) for one in dict.fromkeys(swapped(reading, evidence, near=near))]
    against = tuple(dict.fromkeys(denied_otherwise(reading, evidence, near=near)))
    turned = ground is Ground.CHART and turned_round(reading, evidence)
    doubts += [Doubt(DoubtKind.NEGATION, ", ".join(against))] if against or turned else []
    doubts += _terms(reading, evidence, share=share, ground=ground, known=known)
    enough = ENOUGH_OF_CHART if ground is Ground.CHART else bars_of(reading).needed(reading)
    doubts += [Doubt(DoubtKind.NO_SOURCE)] if share.share < enough else []
    return Judgement(tuple(places), tuple(doubts))


def _numbers(found: Iterable[Quantity]) -> Iterator[str]:
    return iter(dict.fromkeys(number.shown for number in found))


def _terms(reading: Reading, evidence: Evidence, *, share: Held, ground: Ground, known: str) -> list[Doubt]:
    """In a chart every named disease and drug counts; in a talk only where much else is missing as well."""
    if ground is Ground.TALK and share.share >= bars_of(reading).named:
        return []
    by_ending = (word for word in sorted(named_by_ending(reading.clean)) if known and word not in known)
    words = dict.fromkeys((*by_ending, *unheard(reading, evidence)))
    return [
        Doubt(DoubtKind.TERM, word) for word in words if not any(word != other and word in other for other in words)
    ]


def _best(weights: Mapping[int, float]) -> list[int]:
    return sorted(weights, key=lambda place: (-weights[place], place))


def _chosen(reading: Reading, evidence: Evidence) -> list[int]:
    """The fewest facts that hold the sentence's words, those that add most first."""
    left = _words(reading, evidence)
    with_number = {place for number in reading.numbers if number.exact for place in places_of(number, evidence)}
    chosen: list[int] = []
    while left:
        gain = _gains(left.values(), with_number)
        best = max(gain, key=lambda place: (gain[place], -place), default=None)
        if best is None:
            break
        chosen.append(best)
        left = {name: (weight, places) for name, (weight, places) in left.items() if best not in places}
    return chosen


def _words(reading: Reading, evidence: Evidence) -> dict[str, tuple[float, frozenset[int]]]:
    """Weight and passages of each word that a source holds."""
    found = {}
    for mention in claims(reading):
        cover, places = evidence.cover(mention.term)
        if places and cover > 0:
            found[mention.term.name] = (cover * (0.2 if mention.term.kind is Kind.ROUTINE else 1.0), places)
    return found


def _gains(words: Iterable[tuple[float, frozenset[int]]], with_number: set[int]) -> dict[int, float]:
    gain: dict[int, float] = {}
    for weight, places in words:
        for place in places:
            gain[place] = gain.get(place, 0.0) + weight
    return {place: value + (_NUMBER if place in with_number else 0.0) for place, value in gain.items()}


def _about(reading: Reading, evidence: Evidence, *, places: Sequence[int]) -> frozenset[int]:
    """Passages whose numbers the sentence may have: chosen ones, those as near to it, and who the patient is."""
    gain = _gains(_words(reading, evidence).values(), set())
    best = max(gain.values(), default=0.0)
    near = (place for place, value in gain.items() if value >= _AS_NEAR * best)
    return frozenset((*places, *near)) | evidence.always
