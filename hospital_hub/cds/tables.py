"""Tokens that were used, cards that were shown, and what people did with them. No patient is named in the clear."""

import uuid
from datetime import datetime

from sqlalchemy import DateTime, LargeBinary, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from hospital_hub.storage.columns import word_of
from integrations.cds_hooks.feedback import Outcome


class CdsToken(SQLModel, table=True):
    """A client's token between its use and its end; `digest` is of issuer and `jti`."""

    __tablename__ = "cds_token"

    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    until: datetime = Field(sa_type=DateTime(timezone=True), index=True)
    use: uuid.UUID = Field(description="the one request that may use it")


class CdsCard(SQLModel, table=True):
    """`id` is the card's uuid, the same for the same finding of the same hook instance."""

    __tablename__ = "cds_card"

    id: uuid.UUID = Field(primary_key=True)
    at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}, index=True
    )
    client: str
    service: str
    rule: str
    indicator: str
    subject: bytes = Field(sa_type=LargeBinary, description="the vault's keyed hash of the patient")


class CdsFeedback(SQLModel, table=True):
    """`id` follows from the content, so that feedback sent twice is kept once; `comment` is sealed for the patient."""

    __tablename__ = "cds_feedback"

    id: uuid.UUID = Field(primary_key=True)
    card_id: uuid.UUID = Field(foreign_key="cds_card.id", ondelete="CASCADE", index=True)
    outcome: Outcome = Field(sa_type=word_of(Outcome))
    at: datetime = Field(sa_type=DateTime(timezone=True), description="when the person acted, by the client's clock")
    received_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    suggestions: list[str] = Field(default_factory=list, sa_type=JSONB)
    reason_system: str = ""
    reason_code: str = ""
    comment: bytes | None = Field(default=None, sa_type=LargeBinary)
