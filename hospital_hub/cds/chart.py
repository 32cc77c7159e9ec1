"""A patient's resources as the few values that the rules compare. Digits and dates stay as the EMR wrote them. Pure."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from hospital_hub.cds.substances import Substance, of_order, substance
from integrations.fhir.client import Resource
from integrations.fhir.paths import at, codes, concept, items, word

# SNOMED CT "No known allergy" and its children that EMRs use.
NO_ALLERGY: Final = frozenset({"716186003", "409137002", "428607008", "429625007", "160244002"})
# http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation
FLAGS: Final[Mapping[str, str]] = {
    "H": "↑",
    "HH": "↑↑",
    "HU": "↑↑",
    "L": "↓",
    "LL": "↓↓",
    "LU": "↓↓",
    "A": "*",
    "AA": "**",
    "POS": "+",
}
_REST: Final[Mapping[int, str]] = {len("2026"): "-01-01", len("2026-11"): "-01"}
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
LONGEST_NOTE: Final = 40_000
LONGEST_NAME: Final = 120


class Unread(StrEnum):
    """Why a part of the chart is not there; the words stand in services.toml."""

    NOT_SENT = "not_sent"
    SLOW = "slow"
    REFUSED = "refused"
    AWAY = "away"
    WRONG = "wrong"
    FOREIGN = "foreign"
    CLIENT = "client"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True)
class Chart:
    """`parts` are what was read, by prefetch key; a part may be there and in `unread` as incomplete."""

    parts: Mapping[str, tuple[Resource, ...]]
    unread: Mapping[str, Unread] = field(default_factory=dict)

    def of(self, part: str) -> tuple[Resource, ...]:
        return self.parts.get(part, ())


@dataclass(frozen=True)
class Entry:
    """`date` is a day, empty where the chart has none; `key` is `Type/id`. Below, `at` is the moment in full."""

    key: str
    name: str
    date: str

    def fields(self) -> dict[str, str]:
        return {"name": self.name, "date": self.date}


@dataclass(frozen=True)
class Medicine(Entry):
    substance: Substance
    status: str
    dose: str
    at: str

    def fields(self) -> dict[str, str]:
        return {**super().fields(), "dose": self.dose}


@dataclass(frozen=True)
class Allergy(Entry):
    substance: Substance
    reaction: str
    criticality: str

    def fields(self) -> dict[str, str]:
        return {**super().fields(), "reaction": self.reaction or "–", "criticality": self.criticality or "–"}


@dataclass(frozen=True)
class Result(Entry):
    """`flag` is empty for a value that is not abnormal."""

    codes: frozenset[str]
    value: str
    number: Decimal | None
    flag: str
    at: str
    final: bool

    def fields(self) -> dict[str, str]:
        return {**super().fields(), "value": self.value, "flag": self.flag}


def key_of(resource: Resource) -> str:
    return f"{word(resource, 'resourceType')}/{word(resource, 'id')}"


def day(moment: str) -> str:
    return moment[:10]


def moment_of(text: str) -> datetime | None:
    """A FHIR date or dateTime as a moment that can be compared; a day counts from its beginning, in UTC."""
    whole = text + _REST.get(len(text), "")
    try:
        found = datetime.fromisoformat(whole)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def medicines(found: Sequence[Resource]) -> list[Medicine]:
    return [_medicine(one) for one in found if at(one, "doNotPerform") is not True]


def _medicine(one: Resource) -> Medicine:
    what = of_order(one)
    doses = [dose for dose in (_dose(step) for step in items(one, "dosageInstruction")) if dose]
    return Medicine(
        key_of(one),
        what.name[:LONGEST_NAME],
        day(word(one, "authoredOn")),
        substance=what,
        status=word(one, "status"),
        dose="; ".join(doses)[:LONGEST_NAME],
        at=word(one, "authoredOn"),
    )


def _dose(step: Resource) -> str:
    if word(step, "text"):
        return word(step, "text")
    amount = at(step, "doseAndRate", 0, "doseQuantity")
    unit = word(amount, "unit") or word(amount, "code")
    return " ".join(filter(None, (word(amount, "value"), unit, concept(step, "route"))))


def allergies(found: Sequence[Resource]) -> list[Allergy]:
    """Those that hold: not refuted, not over, and not "none known"."""
    return [_allergy(one) for one in found if _holds(one)]


def _holds(one: Resource) -> bool:
    state = codes(one, "clinicalStatus") | codes(one, "verificationStatus")
    over = state & {"inactive", "resolved", "refuted", "entered-in-error"}
    return not over and not codes(one, "code") & NO_ALLERGY and bool(concept(one, "code"))


def _allergy(one: Resource) -> Allergy:
    what = substance(at(one, "code"))
    signs = [concept(sign) for event in items(one, "reaction") for sign in items(event, "manifestation")]
    others = [substance(at(event, "substance")) for event in items(one, "reaction") if at(event, "substance")]
    for other in others:
        what = Substance(what.name, what.phrases | other.phrases, what.codes | other.codes, what.atc | other.atc)
    return Allergy(
        key_of(one),
        what.name[:LONGEST_NAME],
        day(word(one, "recordedDate")),
        substance=what,
        reaction=", ".join(filter(None, signs))[:LONGEST_NAME],
        criticality=word(one, "criticality"),
    )


def results(found: Sequence[Resource]) -> list[Result]:
    """Newest first."""
    read = [_result(one) for one in found if word(one, "status") not in {"cancelled", "entered-in-error"}]
    return sorted((one for one in read if one.name), key=lambda one: moment_of(one.at) or _NEVER, reverse=True)


def _result(one: Resource) -> Result:
    moment = word(one, "effectiveDateTime") or word(one, "effectivePeriod", "start") or word(one, "issued")
    return Result(
        key_of(one),
        concept(one, "code").split(" [", maxsplit=1)[0][:LONGEST_NAME],
        day(moment),
        codes=codes(one, "code"),
        value=_value(one),
        number=decimal(at(one, "valueQuantity", "value")),
        flag=_flag(one),
        at=moment,
        final=word(one, "status") in {"final", "amended", "corrected"},
    )


def _value(one: Resource) -> str:
    number = word(one, "valueQuantity", "value")
    if not number:
        return (word(one, "valueString") or concept(one, "valueCodeableConcept"))[:LONGEST_NAME]
    unit = word(one, "valueQuantity", "unit") or word(one, "valueQuantity", "code")
    return f"{word(one, 'valueQuantity', 'comparator')}{number} {unit}".strip()


def _flag(one: Resource) -> str:
    """The laboratory's own interpretation; without one, the reference range that came with the value."""
    said = frozenset().union(*(codes(mark) for mark in items(one, "interpretation")))
    if said:
        return next((FLAGS[mark] for mark in FLAGS if mark in said), "")
    value = decimal(at(one, "valueQuantity", "value"))
    low, high = (decimal(at(one, "referenceRange", 0, end, "value")) for end in ("low", "high"))
    if value is None:
        return ""
    return "↑" if high is not None and value > high else "↓" if low is not None and value < low else ""


def decimal(value: object) -> Decimal | None:
    if value is None or isinstance(value, bool | str):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def note_text(document: Resource) -> str:
    """The plain text inside a DocumentReference; empty for other media types and for what lies elsewhere."""
    for content in items(document, "content"):
        media = word(content, "attachment", "contentType").split(";")[0].strip().lower()
        data = word(content, "attachment", "data")
        if media == "text/plain" and data:
            try:
                return base64.b64decode(data, validate=True).decode()[:LONGEST_NOTE]
            except (binascii.Error, UnicodeDecodeError):
                return ""
    return ""
