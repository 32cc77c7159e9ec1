"""Launches under way and drafts. Patients' ids and texts stand here sealed only."""

import uuid
from datetime import datetime

from sqlalchemy import DateTime, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from hospital_hub.notes.states import State
from hospital_hub.storage.columns import word_of


class SmartLaunch(SQLModel, table=True):
    """One launch between the authorisation request and its answer; the row is deleted when it is used."""

    __tablename__ = "smart_launch"

    state_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    browser_hash: bytes = Field(sa_type=LargeBinary, description="the browser that began it")
    issuer: str = Field(description="the EMR that was asked; the answer is taken to no other")
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


class SmartRenewal(SQLModel, table=True):
    """A log-in whose EMR token is being renewed: a refresh token is good for one use, so one request alone uses it."""

    __tablename__ = "smart_renewal"

    login: uuid.UUID = Field(primary_key=True)
    taken_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


class NoteDraft(SQLModel, table=True):
    """`subject` is the vault's keyed hash of the patient; `about` holds patient, encounter and author, sealed.

    `text` is what the clinician sees and signs, `ai_text` what the model wrote, `facts` what it was given.
    All versions of a note share its `series`; `replaces` is the row of the version before.
    """

    __tablename__ = "note_draft"
    __table_args__ = (
        Index(
            "ix_note_draft_one_amendment",
            "replaces",
            unique=True,
            postgresql_where=text("state NOT IN ('DISCARDED', 'ENTERED_IN_ERROR')"),
        ),
    )

    id: uuid.UUID = Field(primary_key=True)
    issuer: str
    subject: bytes = Field(sa_type=LargeBinary, index=True)
    about: bytes = Field(sa_type=LargeBinary)
    author: str = Field(index=True, description="principal who asked for it, and who alone may edit and sign")
    author_name: str
    series: uuid.UUID = Field(index=True, description="id of the first version")
    version: int = 1
    replaces: uuid.UUID | None = None
    replaced_sha256: str = ""
    amended_because: bytes | None = Field(
        default=None, sa_type=LargeBinary, description="why a version replaces the one before"
    )
    state: State = Field(default=State.WRITING, sa_type=word_of(State))
    revision: int = 0
    edited_in: str = Field(default="", description="browser window that made all changes after edited_since")
    edited_since: int = 0
    language: str = ""
    kind: str = Field(default="progress", description="name of the kind's file")
    extracted: list[str] = Field(default_factory=list, sa_type=JSONB, description="sections made of facts alone")
    said: bytes | None = Field(default=None, sa_type=LargeBinary, description="dictated or pasted for this note")
    settled: bytes | None = Field(default=None, sa_type=LargeBinary, description="sentences the clinician looked at")
    text: bytes | None = Field(default=None, sa_type=LargeBinary)
    ai_text: bytes | None = Field(default=None, sa_type=LargeBinary)
    facts: bytes | None = Field(default=None, sa_type=LargeBinary)
    left_out: int = Field(default=0, description="facts that the prompt had no room for")
    unread: list[str] = Field(default_factory=list, sa_type=JSONB, description="resource types the EMR did not give")
    tier: str = ""
    weights: str = ""
    policy: str = ""
    reason: str = ""
    notice: str = ""
    prompt_version: str = ""
    call_id: str = ""
    signed_by: str = ""
    signed_name: str = ""
    signed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    signed_sha256: str = ""
    confirmed_unsupported: int = 0
    rules_version: str = Field(default="", description="of the checks that stood beside the text when it was signed")
    withdrawn_by: str = ""
    withdrawn_name: str = ""
    withdrawn_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    withdrawn_reason: bytes | None = Field(default=None, sa_type=LargeBinary)
    resource: str = Field(default="", description="DocumentReference/<id> in the FHIR server")
    fault: str = Field(default="", description="code of the last failure to file")
    attempts: int = 0
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    updated_at: datetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now(), "onupdate": func.now()},
    )
