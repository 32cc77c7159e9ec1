"""What a text speaks of: complaints and modifiers that nothing excuses, each with its place. Decides no level. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from re import Match
from typing import Final

from hospital_hub.clinical.complaints import ALL, OF_MINOR, Catalogue, Complaint, Modifier, age_of
from hospital_hub.clinical.negation import SENTENCE_END, Excuse
from hospital_hub.clinical.patterns import Group, Held
from hospital_hub.clinical.person import Person
from hospital_hub.clinical.told import Told

_NEAR: Final = 40  # characters within one sentence


@dataclass(frozen=True)
class Place:
    """Where in the text as typed; empty words where a fact about the person speaks instead."""

    start: int = 0
    end: int = 0
    words: str = ""


@dataclass(frozen=True)
class Findings:
    """`explained` are complaints that belong to a minor one found beside them; `apart` speak of different things."""

    person: Person
    age: float | None
    complaints: Mapping[Complaint, Place]
    explained: Mapping[Complaint, Place]
    modifiers: Mapping[Modifier, Place]
    apart: frozenset[tuple[Modifier, Complaint]] = frozenset()

    @property
    def only_minor(self) -> bool:
        return bool(self.complaints) and all(one.minor for one in self.complaints)

    @property
    def systems(self) -> frozenset[str]:
        return frozenset(one.system for one in self.complaints)

    def raising(self, complaint: Complaint) -> tuple[Modifier, ...]:
        """What makes this complaint II."""
        return tuple(
            one for one in self.modifiers if one.id in complaint.raised_by and (one, complaint) not in self.apart
        )

    def unsettling(self, complaint: Complaint) -> tuple[Modifier, ...]:
        """What keeps this complaint from being calm."""
        return tuple(
            one
            for one in self.modifiers
            if not one.raises_only
            and one.id not in complaint.ignores
            and (not one.scopes or complaint.system in one.scopes)
        )


@dataclass(frozen=True)
class _Reading:
    told: Told
    held: Held

    def first(self, group: Group, excused_by: frozenset[Excuse]) -> Place | None:
        found = next(self._standing(group, excused_by), None) if group.possible(self.held) else None
        if found is None:
            return None
        start, end = self.told.read.span(*found.span())
        return Place(start, end, self.told.read.text[start:end])

    def near(self, one: Group, other: Group) -> bool:
        """Both in one sentence, a few words from each other."""
        places = [found.span() for found in self._standing(one, ALL)]
        others = [found.span() for found in self._standing(other, OF_MINOR)]
        return any(
            max(start, begin) - min(end, finish) <= _NEAR
            and not SENTENCE_END.search(self.told.clean, min(end, finish), max(start, begin))
            for start, end in places
            for begin, finish in others
        )

    def _standing(self, group: Group, excused_by: frozenset[Excuse]) -> Iterator[Match[str]]:
        standing = self.told.standing(group, self.held, excused_by=excused_by)
        return (found for found in standing if found.start() < found.end())


def findings_in(told: Told, *, catalogue: Catalogue) -> Findings:
    """Each complaint and modifier at its first place that nothing excuses."""
    reading, person = _Reading(told, catalogue.words.held(told.clean)), told.person
    modifiers = {
        one: place for one in catalogue.modifiers if (place := _modifier(one, reading, person=person)) is not None
    }
    worth_trying = (one for one in catalogue.worth_trying(reading.held) if one.may_be(person))
    found = {one: place for one in worth_trying if (place := _complaint(one, reading)) is not None}
    if any(not one.fallback and not one.background for one in found):
        found = {one: place for one, place in found.items() if not one.fallback}
    apart = frozenset(
        (modifier, one)
        for modifier in modifiers
        if modifier.near
        for one in found
        if modifier.id in one.raised_by and not reading.near(modifier.words, one.words)
    )
    covered = {other for one in found for other in one.also}
    raised = {
        one
        for one in found
        if any(modifier.id in one.raised_by and (modifier, one) not in apart for modifier in modifiers)
    }
    explained = {one: place for one, place in found.items() if one.id in covered and one not in raised}
    counted = {one: place for one, place in found.items() if one not in explained}
    if not counted:  # minor ones that explain each other
        counted = {one: place for one, place in found.items() if one.minor} or found
        explained = {one: place for one, place in found.items() if one not in counted}
    return Findings(person, age_of(person), counted, explained, modifiers, apart)


def _complaint(one: Complaint, reading: _Reading) -> Place | None:
    return reading.first(one.words, OF_MINOR if one.minor else ALL)


def _modifier(one: Modifier, reading: _Reading, *, person: Person) -> Place | None:
    place = reading.first(one.words, one.excused_by)
    if place is None and one.person is not None and getattr(person, one.person) is True:
        return Place()
    return place
