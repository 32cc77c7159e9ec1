"""What became of an answer, one row a kind: the evidence from which routing learns. No text, no score of a person."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import DateTime, UniqueConstraint, func
from sqlmodel import Field, SQLModel

from hospital_hub.storage.columns import word_of


class OutcomeKind(StrEnum):
    """How the outcome was seen, with what its value says: 1 the answer served its purpose, 0 it did not.

    Where the good case can be seen too it is kept as a 1: a kind that only ever says 0 cannot be learned from.
    """

    OVERRIDE = "override"  # a nurse's level against the automatic one: 0 another, 1 the same
    EDIT = "edit"  # 1 minus the normalised edit distance to the text that was signed; 0 when it was thrown away
    THUMB = "thumb"  # a person's own word: 1 up, 0 down
    ESCALATION = "escalation"  # 0: another answer was asked for in place of this one
    FAILED_CHECK = "failed_check"  # a check by code: 0 failed, 1 passed


class RoutingOutcome(SQLModel, table=True):
    """One decision has one outcome of a kind, a thumb one a person; a later word replaces an earlier one.

    `by` is filled for thumbs alone, so that a person can take back her own. No query groups by it.
    """

    __tablename__ = "routing_outcome"
    __table_args__ = (UniqueConstraint("call_id", "kind", "by", name="uq_routing_outcome_call_kind_by"),)

    id: uuid.UUID = Field(primary_key=True)
    at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()})
    call_id: uuid.UUID = Field(foreign_key="model_call.id", ondelete="CASCADE")
    kind: OutcomeKind = Field(sa_type=word_of(OutcomeKind))
    value: float = Field(description="0 to 1")
    detail: str = Field(default="", max_length=80, description="a small code: a rule's id, a pair of levels")
    by: str = ""
