"""Jobs, their items, and one result an item. Questions, names and answers are sealed under the job's own key."""

import uuid
from datetime import datetime

from sqlalchemy import DateTime, LargeBinary, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from hospital_hub.research.job import ItemOutcome, JobState
from hospital_hub.storage.columns import word_of


class Job(SQLModel, table=True):
    """`owner` is the principal; the same `idempotency_key` of one owner is the same job."""

    __tablename__ = "job"
    __table_args__ = (UniqueConstraint("owner", "idempotency_key", name="uq_job_owner_key"),)

    id: uuid.UUID = Field(primary_key=True)
    owner: str = Field(index=True)
    department: str = ""
    title: bytes | None = Field(default=None, sa_type=LargeBinary, description="sealed")
    state: JobState = Field(default=JobState.SUBMITTED, sa_type=word_of(JobState))
    item_count: int
    prompt_version: str
    idempotency_key: str | None = None
    input_hash: bytes = Field(sa_type=LargeBinary, description="keyed hash of what was handed in")
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    started_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class JobItem(SQLModel, table=True):
    """What was asked.

    `attempts` counts beginnings, so that an item that kills its worker is counted too; `setbacks` the times when no
    model was there for it.
    """

    __tablename__ = "job_item"

    job_id: uuid.UUID = Field(foreign_key="job.id", primary_key=True)
    ordinal: int = Field(primary_key=True, description="from 1, in the order of the lines")
    content: bytes = Field(sa_type=LargeBinary, description="sealed JSON: the researcher's id and the question")
    attempts: int = 0
    setbacks: int = 0


class JobResult(SQLModel, table=True):
    """Written once an item, under the lease with the number `fence`. A failure has a code and no answer."""

    __tablename__ = "job_result"

    job_id: uuid.UUID = Field(foreign_key="job.id", primary_key=True)
    ordinal: int = Field(primary_key=True)
    outcome: ItemOutcome = Field(sa_type=word_of(ItemOutcome))
    answer: bytes | None = Field(default=None, sa_type=LargeBinary, description="sealed")
    error_code: str = ""
    removed: dict[str, int] = Field(default_factory=dict, sa_type=JSONB, description="identifiers taken out, by kind")
    tier: str = ""
    weights: str = ""
    finish_reason: str = ""
    call_id: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    milliseconds: int = 0
    fence: int
    at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()})
