"""A case, what was said in it, and what nurses decided about it. Words of people are sealed."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from hospital_hub.clinical.text import Language
from hospital_hub.storage.columns import word_of
from hospital_hub.storage.vault import Place


class AnswerState(StrEnum):
    """waiting -> asking -> done; an answer that stays away too long may be asked for again."""

    NONE = "none"  # without AI, or nothing was told
    WAITING = "waiting"  # for the first stream that asks for it
    ASKING = "asking"  # a model is speaking
    DONE = "done"


class AnswerOutcome(StrEnum):
    """Why the patient reads the model's words, or the hospital's fixed sentence in their place."""

    ANSWERED = "answered"
    BLOCKED = "blocked"  # it held a diagnosis, a drug, a dose or reassurance
    FOREIGN = "foreign"  # it was not in the patient's language
    UNFIT = "unfit"  # neither a question nor a hand-over
    DOWN = "down"  # no model, or no room
    SLOW = "slow"  # not in time
    BROKEN = "broken"  # it broke off, or the hub failed


class Interview(StrEnum):
    """asking -> done; without AI the fixed questions are asked all the same."""

    NONE = "none"  # no interview: a red flag, a called nurse, or a case from before there were interviews
    ASKING = "asking"
    DONE = "done"  # enough is known, or ten questions were asked
    CUT = "cut"  # a red flag came up, or the person asked for a nurse, left or was too slow


class Speaker(StrEnum):
    PATIENT = "patient"
    MODEL = "model"
    HOSPITAL = "hospital"  # a fixed sentence or question


class Step(StrEnum):
    LEVEL = "level"
    ACKNOWLEDGED = "acknowledged"  # a red flag was seen
    TAKEN_BACK = "taken_back"
    LOOKED = "looked"  # again, and found unchanged
    CLOSED = "closed"  # taken off the board


class TriageCase(SQLModel, table=True):
    """`automatic_level` is what rules demand and is never lowered; `final_level` is a nurse's. None is undecided.

    `flags` holds rule, level and place of each red flag, never its words; `turn` is whose ordinal the place is in.
    `login_id` is the kiosk log-in that told it, and the only one that may see it there, until another one comes with
    the ticket. `acuity` (what the rule pack found, with values) and `summary` (what the interview found) are sealed
    JSON. `suggested_level` is the model's; the automatic level is at least as urgent. `retriage_at` is when a nurse
    should look again.
    """

    __tablename__ = "triage_case"

    id: uuid.UUID = Field(primary_key=True)
    number: str = Field(max_length=8, description="on the ticket; begins again each day")
    day: date = Field(index=True)
    login_id: uuid.UUID = Field(index=True)
    language: str
    with_ai: bool
    rules_version: str
    flags: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    pack: str = Field(default="", description="rule pack of the acuity")
    acuity: bytes | None = Field(default=None, sa_type=LargeBinary)
    provisional: bool = False
    suggested_level: int | None = None
    automatic_level: int | None = None
    final_level: int | None = None
    retriage_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    interview: Interview = Field(default=Interview.NONE, sa_type=word_of(Interview))
    summary: bytes | None = Field(default=None, sa_type=LargeBinary)
    department: str = Field(default="", max_length=40, description="id of the suggested department")
    ticket: bytes | None = Field(default=None, sa_type=LargeBinary, index=True, description="keyed hash of its token")
    ticket_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    left_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    steps: int = Field(default=0, description="nurses' steps so far; a decision names the number it saw")
    called_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    acknowledged_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    answer_state: AnswerState = Field(sa_type=word_of(AnswerState))
    asked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}, index=True
    )


class TriageTurn(SQLModel, table=True):
    """One thing said. `asked` is sealed JSON of a question's form; the rest tells how a model's words came about."""

    __tablename__ = "triage_turn"
    __table_args__ = (UniqueConstraint("case_id", "ordinal"),)

    id: uuid.UUID = Field(primary_key=True)
    case_id: uuid.UUID = Field(foreign_key="triage_case.id", index=True)
    ordinal: int
    speaker: Speaker = Field(sa_type=word_of(Speaker))
    text: bytes = Field(sa_type=LargeBinary)
    asked: bytes | None = Field(default=None, sa_type=LargeBinary)
    outcome: AnswerOutcome | None = Field(default=None, sa_type=word_of(AnswerOutcome))
    rule: str = Field(default="", description="of safe_text, when the model's words were kept back")
    prompt_version: str = ""
    model_call: uuid.UUID | None = Field(default=None, description="the usage row, with tier, weights and decision")
    at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()})


class TriageDecision(SQLModel, table=True):
    """One step of a nurse; appended, never changed. `automatic_level` is what stood there when it was taken."""

    __tablename__ = "triage_decision"
    __table_args__ = (UniqueConstraint("case_id", "ordinal"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    case_id: uuid.UUID = Field(foreign_key="triage_case.id", index=True)
    ordinal: int
    step: Step = Field(sa_type=word_of(Step))
    who: str
    display_name: str
    level: int | None = Field(default=None, description="of this step; for one taken back, the level that stands again")
    automatic_level: int | None = None
    reason: str = ""
    assessment: bytes | None = Field(default=None, sa_type=LargeBinary)
    at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()})


class TriageTicket(SQLModel, table=True):
    """The last number given out on a day of the hospital."""

    __tablename__ = "triage_ticket"

    day: date = Field(primary_key=True)
    last: int


def language_of_case(case: TriageCase) -> Language:
    return "en" if case.language == "en" else "zh-CN"


def subject_of(case_id: uuid.UUID) -> str:
    """Whose key seals the words of a case; also the entity of its audit events."""
    return f"triage_case/{case_id}"


def place_of_turn(turn_id: uuid.UUID) -> Place:
    return Place("triage_turn", "text", str(turn_id))


def place_of_question(turn_id: uuid.UUID) -> Place:
    return Place("triage_turn", "asked", str(turn_id))


def place_of_acuity(case_id: uuid.UUID) -> Place:
    return Place("triage_case", "acuity", str(case_id))


def place_of_summary(case_id: uuid.UUID) -> Place:
    return Place("triage_case", "summary", str(case_id))


def place_of_assessment(case_id: uuid.UUID, ordinal: int) -> Place:
    return Place("triage_decision", "assessment", f"{case_id}/{ordinal}")
