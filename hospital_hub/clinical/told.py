"""One text while the rules read it: taken in once for all of them, what excuses a place worked out once. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from re import Match

from hospital_hub.clinical.negation import Excuse, excuses
from hospital_hub.clinical.patterns import Group, Held
from hospital_hub.clinical.person import Person, person_in
from hospital_hub.clinical.scopes import Scopes
from hospital_hub.clinical.text import Readable, readable


@dataclass(frozen=True)
class Told:
    """`scopes` are the words that excuse."""

    read: Readable
    scopes: Scopes
    known: dict[tuple[int, int], frozenset[Excuse]] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, *, scopes: Scopes) -> "Told":
        return cls(readable(text), scopes)

    @property
    def clean(self) -> str:
        return self.read.clean

    @cached_property
    def person(self) -> Person:
        return person_in(self.read.clean)

    def standing(self, group: Group, held: Held, *, excused_by: frozenset[Excuse]) -> Iterator[Match[str]]:
        """Matches that nothing of `excused_by` excuses."""
        for found in group.matches(held):
            if not excused_by & self._excuses(found.span()):
                yield found

    def _excuses(self, place: tuple[int, int]) -> frozenset[Excuse]:
        if place not in self.known:
            self.known[place] = excuses(self.read.clean, place, scopes=self.scopes)
        return self.known[place]
