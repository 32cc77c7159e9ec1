"""A case as it goes to the hospital system: values only, opened and checked before anything of FHIR is made of them."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.text import Language
from hospital_hub.triage.tables import Interview

Value = Decimal | int | str | bool


class Source(StrEnum):
    MEASURED = "measured"  # by a nurse
    STATED = "stated"  # by the patient at the kiosk


@dataclass(frozen=True)
class Person:
    """A nurse, by her account in the hub."""

    id: str
    name: str


@dataclass(frozen=True)
class Answer:
    """One answer of the interview; `question` is empty for the complaint itself."""

    ordinal: int
    topic: str
    question: str
    words: str
    at: datetime
    kind: str = "text"
    by_model: bool = False


@dataclass(frozen=True)
class Reading:
    """A vital sign; `ordinal` is of the measurement or of the turn, `by` the nurse who measured."""

    sign: str
    value: Value
    source: Source
    ordinal: int
    at: datetime
    by: Person | None = None


@dataclass(frozen=True)
class Judged:
    """What rules, and a model where it suggested a level, made of the case. None is "not enough information"."""

    pack: str
    rules: str
    automatic: Level | None
    suggested: Level | None = None
    provisional: bool = False
    reasons: tuple[str, ...] = ()
    department: tuple[str, str] | None = None


@dataclass(frozen=True)
class NurseLevel:
    """`changed` where it was not the first level that was set."""

    level: Level
    by: Person
    at: datetime
    changed: bool = False


@dataclass(frozen=True)
class Model:
    """What worded a question or suggested a level."""

    weights: str
    tier: str
    prompt: str
    policy: str = ""


@dataclass(frozen=True)
class FiledCase:
    """`patient` is a bare id and `encounter` a reference, empty where the hub has to open one.

    `binding` is the ordinal of the binding: under another one everything is filed anew. `latest` is the time of the
    newest thing in the case. Two equal cases give equal resources.
    """

    id: uuid.UUID
    binding: int
    number: str
    language: Language
    patient: str = field(repr=False)
    encounter: str = field(repr=False)
    opened_at: datetime
    latest: datetime
    interview: Interview
    judged: Judged
    answers: tuple[Answer, ...] = field(default=(), repr=False)
    readings: tuple[Reading, ...] = field(default=(), repr=False)
    nurse: NurseLevel | None = None
    acknowledged: bool = False
    closed: bool = False
    models: tuple[Model, ...] = ()
