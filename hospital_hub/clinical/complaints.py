"""The catalogue of complaints and what unsettles a minor one, read from complaints/*.toml and calm.toml.

Says what is spoken of and where; levels are decided in acuity.py. No I/O but its own data files.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, Final

from hospital_hub.clinical.departments import department_names
from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.negation import Excuse
from hospital_hub.clinical.patterns import Group, Held, Index, Vocabulary
from hospital_hub.clinical.person import Person, Stage
from hospital_hub.clinical.phrases import group_of
from hospital_hub.clinical.text import Language

ALL: Final = frozenset(Excuse)
# A question about a cold is as calm as a cold; only what the person does not have does not count.
OF_MINOR: Final = frozenset({Excuse.DENIED, Excuse.FAMILY, Excuse.PAST})
_YOUNGEST: Final = 0.25  # years; below it nothing is calm by default
_GROWN: Final = 16
_NOBODY: Final = 200
# Where only a stage of life is named. "Older" is not taken for frail.
_TYPICAL: Final[Mapping[Stage, float]] = {"newborn": 0.05, "infant": 0.6, "child": 5.0, "older": 75.0}


def age_of(person: Person) -> float | None:
    """In years: as said, or typical of the stage of life that is named; None when neither is."""
    if person.age_years is not None or person.stage is None:
        return person.age_years
    return _TYPICAL.get(person.stage)


class CatalogueError(ValueError):
    """A data file is not usable; the message names the entry."""


@dataclass(frozen=True, eq=False)
class Complaint:
    """`also` are complaints that belong to a minor one; `oldest` and `youngest` bound the ages at which it is calm."""

    id: str
    system: str
    title: Mapping[Language, str]
    department: str
    source: str
    words: Group
    level: Level | None
    resources: int
    also: frozenset[str]
    ignores: frozenset[str]
    raised_by: frozenset[str]
    age_from: float | None
    age_under: float | None
    sex: str | None
    not_sex: str | None
    oldest: float
    youngest: float
    fallback: bool
    background: bool
    examples: Mapping[str, tuple[str, ...]]

    @property
    def minor(self) -> bool:
        return self.level is None

    def may_be(self, person: Person) -> bool:
        """Whether it is meant for this person; `not_sex` and `age_under` must be known, the rest not contradicted."""
        age, sex = age_of(person), person.sex
        if self.not_sex is not None and not (sex not in {None, self.not_sex} or (age is not None and age < _GROWN)):
            return False
        if self.sex is not None and sex not in {None, self.sex}:
            return False
        if age is None:
            return self.age_under is None
        return (self.age_from or 0) <= age < (self.age_under or _NOBODY)


@dataclass(frozen=True, eq=False)
class Modifier:
    """Empty `scopes` are all systems. `near`: it raises a complaint only in whose sentence it stands."""

    id: str
    title: Mapping[Language, str]
    words: Group
    scopes: frozenset[str]
    person: str | None
    raises_only: bool
    near: bool
    excused_by: frozenset[Excuse]


@dataclass(frozen=True)
class Catalogue:
    version: str
    complaints: tuple[Complaint, ...]
    modifiers: tuple[Modifier, ...]
    words: Vocabulary

    def worth_trying(self, held: Held) -> list[Complaint]:
        """Those whose words may stand in the text, in their order."""
        return [self.complaints[place] for place in self._index.worth_trying(held)]

    @cached_property
    def _index(self) -> Index:
        return Index([one.words.alternatives for one in self.complaints])


@lru_cache(maxsize=1)
def load_catalogue() -> Catalogue:
    """The packaged data.

    Raises:
        CatalogueError: a file was changed into something unusable.
    """
    folder = resources.files("hospital_hub.clinical")
    files = sorted(
        (file for file in folder.joinpath("complaints").iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    return parse_catalogue(
        [file.read_text("utf-8") for file in files], calm=folder.joinpath("calm.toml").read_text("utf-8")
    )


def parse_catalogue(systems: Iterable[str], *, calm: str) -> Catalogue:
    """Raises: CatalogueError naming the entry that cannot be read."""
    unsettling = tomllib.loads(calm)
    modifiers = tuple(_modifier(block) for block in unsettling["modifier"])
    documents = [tomllib.loads(text) for text in systems]
    complaints = tuple(_complaint(block, document) for document in documents for block in document["complaint"])
    _named(complaints, modifiers)
    words = Vocabulary([*(one.words for one in complaints), *(one.words for one in modifiers)])
    return Catalogue(unsettling["version"], complaints, modifiers, words)


def _named(complaints: tuple[Complaint, ...], modifiers: tuple[Modifier, ...]) -> None:
    """Every id once, and every id that is referred to exists."""
    ids = {one.id for one in complaints}
    known = {one.id for one in modifiers}
    if len(ids) < len(complaints) or len(known) < len(modifiers):
        raise CatalogueError("two entries have the same id")
    for one in complaints:
        unknown = (one.also - ids) | ((one.ignores | one.raised_by) - known)
        if unknown:
            raise CatalogueError(f"complaint {one.id}: unknown {', '.join(sorted(unknown))}")


def _modifier(block: Mapping[str, Any]) -> Modifier:
    try:
        return Modifier(
            id=block["id"],
            title=_both(block["title"]),
            words=group_of(block),
            scopes=frozenset(block.get("scopes", ())),
            person=block.get("person"),
            raises_only=block.get("raises_only", False),
            near=block.get("near", False),
            excused_by=ALL - {Excuse.PAST} if block.get("history") else ALL,
        )
    except (KeyError, ValueError, re.error) as wrong:
        raise CatalogueError(f"modifier {block.get('id', '?')}: {wrong}") from wrong


def _complaint(block: Mapping[str, Any], file: Mapping[str, Any]) -> Complaint:
    try:
        return Complaint(
            id=block["id"],
            system=file["system"],
            title=_both(block["title"]),
            department=_known(block.get("department", file["department"])),
            source=block.get("source", file["source"]),
            words=group_of(block),
            level=None if block.get("minor") else Level(block["level"]),
            resources=block.get("resources", 0),
            also=frozenset(block.get("also", ())),
            ignores=frozenset(block.get("ignores", file.get("ignores", ()))),
            raised_by=frozenset(block.get("raised_by", ())),
            age_from=block.get("age_from"),
            age_under=block.get("age_under"),
            sex=block.get("sex"),
            not_sex=block.get("not_sex"),
            oldest=block.get("oldest", 120),
            youngest=block.get("youngest", _YOUNGEST),
            fallback=block.get("fallback", False),
            background=block.get("background", False),
            examples={level: tuple(texts) for level, texts in block["examples"].items()},
        )
    except (KeyError, ValueError, re.error) as wrong:
        raise CatalogueError(f"complaint {block.get('id', '?')}: {wrong}") from wrong


def _known(department: str) -> str:
    if department not in department_names():
        raise ValueError(f"unknown department {department}")
    return department


def _both(pair: Iterable[str]) -> Mapping[Language, str]:
    chinese, english = pair
    return {"zh-CN": chinese, "en": english}
