"""One row for each question put to the models and one for each request to a model server.

No text, but what an idempotency key must give back, which is sealed.
"""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, DateTime, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from hospital_hub.identity.permissions import Role
from hospital_hub.inference.outcomes import AttemptOutcome
from hospital_hub.storage.columns import word_of


class Outcome(StrEnum):
    OPEN = "open"  # asked, not yet answered
    ANSWERED = "answered"
    REFUSED = "refused"  # routing found no place
    FAILED = "failed"  # no allowed replica gave a first token
    CUT = "cut"  # the answer broke off after its first token
    ABANDONED = "abandoned"  # the caller went away
    LOST = "lost"  # the hub's process ended in between


class ModelCall(SQLModel, table=True):
    """`decision` replays under another policy; `weights` and `prompt_version` are what made the answer.

    `process` is the hub process that has it under way. Tokens are the sums over all attempts.
    `shadow` is what a candidate policy would have decided; it had no effect.
    """

    __tablename__ = "model_call"
    __table_args__ = (Index("ix_model_call_open", "process", postgresql_where=text("outcome = 'OPEN'")),)

    id: uuid.UUID = Field(primary_key=True)
    at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}, index=True
    )
    who: str
    role: Role = Field(sa_type=word_of(Role))
    department: str = ""
    lane: str
    task: str
    tier: str = ""
    replica: str = ""
    policy: str = ""
    weights: str = ""
    prompt_version: str
    decision: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    shadow: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    attempts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_token_ms: int | None = None
    total_ms: int | None = None
    outcome: Outcome = Field(default=Outcome.OPEN, sa_type=word_of(Outcome))
    process: uuid.UUID | None = None


class ModelAttempt(SQLModel, table=True):
    """One request to a model server, written before it is sent; `cost` as in models.toml, per 1,000 tokens."""

    __tablename__ = "model_attempt"

    call_id: uuid.UUID = Field(sa_column=Column(ForeignKey("model_call.id", ondelete="CASCADE"), primary_key=True))
    number: int = Field(primary_key=True)
    at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()})
    tier: str
    replica: str
    outcome: AttemptOutcome = Field(default=AttemptOutcome.OPEN, sa_type=word_of(AttemptOutcome))
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    queue_ms: int = 0
    first_token_ms: int | None = None
    total_ms: int | None = None
    cost: float = 0.0


class HubProcess(SQLModel, table=True):
    """A hub process that answers; while `seen_at` is young, its open rows are its own business."""

    __tablename__ = "hub_process"

    id: uuid.UUID = Field(primary_key=True)
    seen_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


class StoredAnswer(SQLModel, table=True):
    """What an Idempotency-Key gives back: sealed, for a day. `asked` is a keyed hash of the request's body."""

    __tablename__ = "stored_answer"

    key: bytes = Field(primary_key=True, sa_type=LargeBinary, description="keyed hash of who and Idempotency-Key")
    asked: bytes = Field(sa_type=LargeBinary)
    at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}, index=True
    )
    process: uuid.UUID
    headers: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary, description="empty while the answer is made")
