"""Whether a sentence says the opposite of its sources: affirmed there and denied here, left there and right here. Pure.

A talk often holds both (`no pain at rest` and `pain when I walk`): then the passage counts that shares most with the
sentence. Where that cannot be told, nothing is claimed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import log
from typing import Final

from hospital_hub.clinical.evidence import Evidence
from hospital_hub.clinical.laterality import BOTH, LEFT, RIGHT, Side, against_itself
from hospital_hub.clinical.lexicon import COMPARED, IMPROVED, Kind
from hospital_hub.clinical.polarity import Polarity
from hospital_hub.clinical.reading import Mention, Reading

ABNORMAL: Final = frozenset({"abnormal", "异常"})
_OPPOSITE: Final = {Polarity.AFFIRMED: Polarity.DENIED, Polarity.DENIED: Polarity.AFFIRMED}
_OTHER_SIDE: Final = {LEFT: RIGHT, RIGHT: LEFT}
_NEXT: Final = 0.5  # what a passage beside it counts
_CLEARLY: Final = 0.8  # how much more one passage must share with the sentence than another
_CLEARLY_SIDE: Final = 0.5
_SOON: Final = 3  # passages
_SHORTEST_PLAIN: Final = 4


@dataclass(frozen=True)
class Nearness:
    """How much each passage shares with a sentence, its neighbours included; rare words count more."""

    shares: Mapping[int, float]

    @classmethod
    def of(cls, reading: Reading, evidence: Evidence) -> "Nearness":
        shares: dict[int, float] = {}
        for mention in _distinct(reading.mentions):
            places = {one.passage for one in evidence.stated(mention.term.name)}
            weight = _weight(mention.term.kind) / (1 + log(len(places))) if places else 0.0
            for place in places:
                shares[place] = shares.get(place, 0.0) + weight
        return cls(shares)

    def at(self, place: int) -> float:
        beside = max(self.shares.get(place - 1, 0.0), self.shares.get(place + 1, 0.0))
        return self.shares.get(place, 0.0) + _NEXT * beside

    def best(self, places: Iterable[int]) -> float:
        return max((self.at(place) for place in places), default=-1.0)


def _distinct(mentions: Iterable[Mention]) -> Iterator[Mention]:
    return iter({mention.term.name: mention for mention in mentions}.values())


def _weight(kind: Kind) -> float:
    return 0.2 if kind is Kind.ROUTINE else 1.0


def denied_otherwise(reading: Reading, evidence: Evidence, *, near: Nearness) -> Iterator[str]:
    """Meanings that the sources affirm and the sentence denies, or the other way round."""
    for mention in _distinct(reading.mentions):
        named = mention.term.kind in COMPARED or mention.term.name in ABNORMAL or _claims_success(mention)
        comparable = named or _plain_enough(mention, reading)
        if comparable and _against(mention, evidence, near=near):
            yield mention.term.name


def _claims_success(mention: Mention) -> bool:
    """Better, where nobody says so. The other way round the talk often tells of both, one after the other."""
    return mention.term.name in IMPROVED and mention.polarity is Polarity.AFFIRMED


def turned_round(reading: Reading, evidence: Evidence) -> bool:
    """At least half of what the sentence says stands in the sources, and there the other way round.

    For short exact sources: it needs no table of findings, but a talk says too much both ways.
    """
    agreed, against = 0, 0
    for mention in _distinct(reading.mentions):
        found = {one.polarity for one in evidence.stated(mention.term.name)}
        if mention.term.kind is Kind.ROUTINE or mention.polarity not in _OPPOSITE:
            continue
        agreed += mention.polarity in found
        against += mention.polarity not in found and _OPPOSITE[mention.polarity] in found
    return 0 < against >= agreed


def _plain_enough(mention: Mention, reading: Reading) -> bool:
    """Words that no table knows count only where somebody denies them; much else can stand near a `no`."""
    word = mention.term.name
    return (
        "denie" in reading.clean
        and mention.term.kind is Kind.PLAIN
        and mention.polarity is Polarity.DENIED
        and len(word) >= _SHORTEST_PLAIN
    )


def _against(mention: Mention, evidence: Evidence, *, near: Nearness) -> bool:
    opposite = _OPPOSITE.get(mention.polarity)
    found = evidence.stated(mention.term.name)
    against = [one.passage for one in found if one.polarity is opposite]
    agreed = [one.passage for one in found if one.polarity is mention.polarity]
    if not against:
        return False
    if not agreed:
        return True
    return near.best(against) >= near.best(agreed) + _CLEARLY


def swapped(reading: Reading, evidence: Evidence, *, near: Nearness) -> Iterator[str]:
    """Sides that the sources do not give to this part of the body."""
    if itself := against_itself(reading.clean):
        yield itself
    named = {one.side for one in reading.sides}
    said = {one.side for _, one in evidence.sides}
    if {LEFT, RIGHT} <= named and {LEFT, RIGHT} <= said:
        return
    for side in reading.sides:
        if side.side != BOTH and _wrong_side(side, evidence, near=near):
            yield f"{side.side} {side.part}".strip()


def _said_alone(side: Side, evidence: Evidence) -> bool:
    """`My hips hurt, my right more than my left`: a side by itself, soon after its part of the body."""
    named = {one.passage for one in evidence.stated(side.part)} if side.part else set()
    alone = (place for place, one in evidence.sides if one.of_nothing and one.side == side.side)
    return any(place - before in named for place in alone for before in range(_SOON))


def _wrong_side(side: Side, evidence: Evidence, *, near: Nearness) -> bool:
    of_place = [(place, one.side) for place, one in evidence.sides if side.same_place(one)]
    known = of_place or [(place, one.side) for place, one in evidence.sides if one.side != BOTH]
    agreed = [place for place, other in known if other in {side.side, BOTH}]
    against = [place for place, other in known if other == _OTHER_SIDE[side.side]]
    if not agreed:
        explicit = any(one.same_place(side) for place, one in evidence.sides if place in against)
        return explicit or not _said_alone(side, evidence)
    return bool(against) and near.best(against) >= near.best(agreed) + _CLEARLY_SIDE
