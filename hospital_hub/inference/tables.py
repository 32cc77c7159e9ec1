"""One usage row for each question put to the models: who, what it cost, and the whole decision. No text."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from hospital_hub.identity.permissions import Role
from hospital_hub.storage.columns import word_of


class Outcome(StrEnum):
    OPEN = "open"  # asked, not yet answered
    ANSWERED = "answered"
    REFUSED = "refused"  # routing found no place
    FAILED = "failed"  # no allowed replica gave a first token
    CUT = "cut"  # the answer broke off after its first token
    ABANDONED = "abandoned"  # the caller went away


class ModelCall(SQLModel, table=True):
    """`decision` replays under another policy; `weights` and `prompt_version` are what made the answer.

    `shadow` is what a candidate policy would have decided; it had no effect.
    """

    __tablename__ = "model_call"

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
