"""What nurses add to a case: vital signs, whose case it is, how it was filed; and which boards are being watched."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from hospital_hub.storage.columns import word_of
from hospital_hub.storage.vault import Place


class Bind(StrEnum):
    BOUND = "bound"
    UNBOUND = "unbound"


class FilingState(StrEnum):
    """waiting -> filing -> filed; a case that changes afterwards waits again."""

    WAITING = "waiting"
    FILING = "filing"
    FILED = "filed"
    FAILED = "failed"  # a person has to look


class TriageVitals(SQLModel, table=True):
    """Vital signs that a nurse measured; `values` is sealed JSON. Appended, never changed."""

    __tablename__ = "triage_vitals"
    __table_args__ = (UniqueConstraint("case_id", "ordinal"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    case_id: uuid.UUID = Field(foreign_key="triage_case.id", index=True)
    ordinal: int
    who: str
    display_name: str
    values: bytes = Field(sa_type=LargeBinary)
    at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()})


class TriageBinding(SQLModel, table=True):
    """Whose case it is: a step of a nurse, appended; the newest one stands.

    `about` is sealed JSON: patient and encounter in the hospital system. `checked` names the two kinds of identifiers
    that the nurse compared, never their values.
    """

    __tablename__ = "triage_binding"
    __table_args__ = (UniqueConstraint("case_id", "ordinal"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    case_id: uuid.UUID = Field(foreign_key="triage_case.id", index=True)
    ordinal: int
    step: Bind = Field(sa_type=word_of(Bind))
    who: str
    display_name: str
    about: bytes | None = Field(default=None, sa_type=LargeBinary)
    checked: list[str] = Field(default_factory=list, sa_type=JSONB)
    at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()})


class TriageFiling(SQLModel, table=True):
    """How a case stands in the hospital system. `version` is the case's steps and binding that were filed."""

    __tablename__ = "triage_filing"

    case_id: uuid.UUID = Field(foreign_key="triage_case.id", primary_key=True)
    version: str = ""
    state: FilingState = Field(sa_type=word_of(FilingState))
    fault: str = ""
    attempts: int = 0
    references: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, description="role by reference as filed")
    at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()})


class TriageBoard(SQLModel, table=True):
    """An open board, by its log-in; `seen_at` is renewed with every beat, so that a kiosk knows whether one listens."""

    __tablename__ = "triage_board"

    login_id: uuid.UUID = Field(primary_key=True)
    seen_at: datetime = Field(sa_type=DateTime(timezone=True))


def place_of_vitals(case_id: uuid.UUID, ordinal: int) -> Place:
    return Place("triage_vitals", "values", f"{case_id}/{ordinal}")


def place_of_binding(case_id: uuid.UUID, ordinal: int) -> Place:
    return Place("triage_binding", "about", f"{case_id}/{ordinal}")
