"""Accounts and log-ins. A log-in is a row here, so it ends when the row does and survives a flushed Redis."""

import uuid
from datetime import datetime

from sqlalchemy import DateTime, LargeBinary, func
from sqlmodel import Field, SQLModel

from hospital_hub.identity.permissions import Role
from hospital_hub.storage.columns import word_of


class Account(SQLModel, table=True):
    __tablename__ = "account"

    id: uuid.UUID = Field(primary_key=True)
    name: str = Field(unique=True, max_length=100)
    display_name: str = Field(max_length=200)
    role: Role = Field(sa_type=word_of(Role))
    department: str = ""
    password_hash: str = Field(description="argon2id")
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    active: bool = True
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )


class Login(SQLModel, table=True):
    """`token_hash` is a keyed hash of the cookie; the cookie itself is nowhere stored."""

    __tablename__ = "login"

    id: uuid.UUID = Field(primary_key=True)
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    principal_id: str
    role: Role = Field(sa_type=word_of(Role))
    display_name: str
    department: str = ""
    context: bytes | None = Field(default=None, sa_type=LargeBinary, description="sealed launch context of a clinician")
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    seen_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
