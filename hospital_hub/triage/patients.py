"""Finding a patient in the hospital system by what a nurse was told, and her own open encounter there.

Two independent kinds of identifiers must fit the record; whoever fits one alone is never shown. Reads only.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from hospital_hub.errors import Refused
from integrations.fhir.client import FhirClient, Resource
from integrations.fhir.paths import items, word

MOST_FOUND: Final = 20
MOST_ENCOUNTERS: Final = 50
ENOUGH: Final = 2  # kinds of identifiers
OPEN: Final = ("arrived", "triaged", "in-progress", "planned")
CLASSES: Final = ("EMER", "AMB")
PLANNED_WITHIN: Final = timedelta(hours=12)
# They separate values and systems in a FHIR search (R4, 3.1.1.4.0).
_SEPARATORS: Final = frozenset(",|$\\")
_WORD: Final = re.compile(r"[^\W_]+")


class Kind(StrEnum):
    """Of identifiers."""

    NUMBER = "number"  # of the hospital, an insurance or an identity card
    NAME = "name"
    BIRTH_DATE = "birth_date"


@dataclass(frozen=True)
class Typed:
    """What the nurse read from papers or was told; empty where she was not."""

    number: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(kind for kind in Kind if getattr(self, kind.value).strip())


@dataclass(frozen=True)
class Found:
    """A patient of the hospital system, as far as a nurse compares her; `id` is the bare one."""

    id: str
    name: str = field(repr=False)
    gender: str = field(repr=False)
    birth_date: str = field(repr=False)
    number: str = field(repr=False)


def check(typed: Typed) -> Typed:
    """What was typed, tidied.

    Raises:
        Refused: fewer than two kinds, a date that is none, or signs that no number has.
    """
    tidy = Typed(typed.number.strip(), " ".join(typed.name.split()), typed.birth_date.strip())
    if len(tidy.kinds) < ENOUGH:
        raise Refused(
            "One identifier is not enough.", "Fill in two of number, name and date of birth.", code="two_identifiers"
        )
    if _SEPARATORS & set(tidy.number):
        raise Refused("This is not a number of a patient.", "Type it as it stands on the card.", code="odd_number")
    if tidy.birth_date and not _is_date(tidy.birth_date):
        raise Refused("This is not a date.", "Write the date of birth as year-month-day.", code="odd_date")
    return tidy


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


async def find(client: FhirClient, typed: Typed) -> list[Found]:
    """All whose record fits everything that was typed."""
    resources = await client.search("Patient", _query(typed), limit=MOST_FOUND)
    return [_found(one, typed) for one in resources if _usable(one) and fits(one, typed)]


def _query(typed: Typed) -> Mapping[str, str]:
    """The number alone finds few; without one, birth date and the first part of the name, which servers compare."""
    if typed.number:
        return {"identifier": typed.number, "_count": str(MOST_FOUND)}
    part = _WORD.search(typed.name)
    return {"birthdate": typed.birth_date, "name": part[0] if part else "", "_count": str(MOST_FOUND)}


def _usable(patient: Resource) -> bool:
    """Not a record that was closed or merged into another one."""
    merged = any(word(link, "type") == "replaced-by" for link in items(patient, "link"))
    return bool(word(patient, "id")) and patient.get("active") is not False and not merged


def fits(patient: Resource, typed: Typed) -> bool:
    """Whether every identifier that was typed is the record's."""
    number = not typed.number or any(
        word(one, "value").casefold() == typed.number.casefold() for one in items(patient, "identifier")
    )
    born = not typed.birth_date or word(patient, "birthDate") == typed.birth_date
    return number and born and (not typed.name or _plain(typed.name) in _names(patient))


def _names(patient: Resource) -> set[str]:
    """Each name as one word: as written, family first, and given name first."""
    found = set()
    for name in items(patient, "name"):
        given = name.get("given")
        given_name = "".join(str(one) for one in given) if isinstance(given, list) else ""
        family = word(name, "family")
        found |= {_plain(word(name, "text")), _plain(family + given_name), _plain(given_name + family)}
    return found - {""}


def _plain(name: str) -> str:
    """Letters and figures alone, in one width and case: how a name is written does not make it another one."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", name).casefold() if sign.isalnum())


def _found(patient: Resource, typed: Typed) -> Found:
    numbers = [word(one, "value") for one in items(patient, "identifier")]
    same = [one for one in numbers if typed.number and one.casefold() == typed.number.casefold()]
    return Found(
        id=word(patient, "id"),
        name=next((shown for one in items(patient, "name") if (shown := _shown(one))), ""),
        gender=word(patient, "gender"),
        birth_date=word(patient, "birthDate"),
        number=next(iter(same or numbers), ""),
    )


def _shown(name: Resource) -> str:
    given = name.get("given")
    parts = [*(str(one) for one in given)] if isinstance(given, list) else []
    return word(name, "text") or " ".join([word(name, "family"), *parts]).strip()


async def open_encounter(client: FhirClient, *, patient: str, now: datetime) -> Resource | None:
    """The encounter that the hospital system itself has open for her visit: emergency before clinic, newest first."""
    query = {"patient": f"Patient/{patient}", "status": ",".join(OPEN), "_count": str(MOST_ENCOUNTERS)}
    found = await client.search("Encounter", query, limit=MOST_ENCOUNTERS)
    visits = [one for one in found if _is_visit(one, now=now)]
    visits.sort(key=lambda one: word(one, "period", "start"), reverse=True)
    return min(visits, key=_rank, default=None)


def _is_visit(encounter: Resource, *, now: datetime) -> bool:
    if word(encounter, "status") not in OPEN or word(encounter, "class", "code") not in CLASSES:
        return False
    return word(encounter, "status") != "planned" or _is_near(word(encounter, "period", "start"), now=now)


def _is_near(start: str, *, now: datetime) -> bool:
    """An appointment of another day is not this visit."""
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        return False
    if moment.tzinfo is None:  # a date alone
        return moment.date() == now.date()
    return abs(moment - now) <= PLANNED_WITHIN


def _rank(encounter: Resource) -> tuple[int, int]:
    kind, status = word(encounter, "class", "code"), word(encounter, "status")
    return CLASSES.index(kind), int(status == "planned")
