"""Audit events, shaped after IHE BALP and FHIR AuditEvent, appended in the transaction of what they tell.

If the event cannot be written the access does not happen. The table takes INSERT only (a trigger refuses the rest).
"""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.storage.columns import word_of


class Deed(StrEnum):
    """FHIR AuditEvent.action with the hub's own word for what was done."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOGOUT = "logout"
    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    ASK = "ask"  # text of this subject was sent to a model
    SIGN = "sign"
    FILE = "file"
    REFUSE = "refuse"


class AuditEvent(SQLModel, table=True):
    """`subject` is the vault's keyed hash of the patient or case; `detail` holds ids, codes and counts only."""

    __tablename__ = "audit_event"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    at: datetime = Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()})
    deed: Deed = Field(sa_type=word_of(Deed))
    who: str
    role: Role | None = Field(sa_type=word_of(Role), default=None, description="empty where nobody was recognised")
    login_id: uuid.UUID | None = None
    request_id: str = ""
    subject: bytes | None = Field(default=None, sa_type=LargeBinary, index=True)
    entity: str = Field(default="", description="kind and id of the row or resource, e.g. triage_case/018f…")
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


def record(
    session: AsyncSession, who: Principal, *, deed: Deed, entity: str, subject: bytes | None = None
) -> AuditEvent:
    """Add an event to this unit of work; the caller may put ids and codes into `.detail` and `.request_id`."""
    event = AuditEvent(
        deed=deed, who=who.id, role=who.role, login_id=who.session_id, entity=entity, subject=subject, detail={}
    )
    session.add(event)
    return event
