"""API keys of departments' programs: shown once, kept as a keyed hash, with what they may do and how much of it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, func
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import NotFound
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.storage.ids import new_id, new_token
from hospital_hub.storage.vault import Vault

PREFIX = "hub-"


class Scope(StrEnum):
    CHAT = "chat"  # POST /v1/chat/completions
    MODELS = "models"  # GET /v1/models


EVERYTHING = tuple(Scope)


class ApiKey(SQLModel, table=True):
    """`scopes` are words with blanks between them (RFC 6749, 3.3); a limit of None is none."""

    __tablename__ = "api_key"

    id: uuid.UUID = Field(primary_key=True)
    name: str = Field(max_length=100)
    department: str = Field(max_length=200)
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    scopes: str = Field(default=" ".join(EVERYTHING), max_length=200)
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_month: int | None = Field(default=None, sa_column=Column(BigInteger))
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class MonthUse(SQLModel, table=True):
    """Tokens that somebody used in a calendar month (UTC), counted in the transaction that closes the ledger's rows."""

    __tablename__ = "month_use"

    who: str = Field(primary_key=True)
    month: str = Field(primary_key=True, max_length=7, description="2026-11")
    tokens: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))


@dataclass(frozen=True)
class Limits:
    """None is no limit. A bucket holds one minute's worth and fills evenly; the budget is of a calendar month (UTC)."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_month: int | None = None


@dataclass(frozen=True)
class NewKey:
    """What a key is for, whose usage it is, and how far it goes."""

    name: str
    department: str
    scopes: Sequence[Scope] = EVERYTHING
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class KeyHolder:
    """The program behind a key, as it was when it was looked up; `spent` are tokens of this month."""

    id: uuid.UUID
    who: Principal
    scopes: frozenset[str]
    limits: Limits
    spent: int = 0


async def create_key(session: AsyncSession, admin: Principal, *, vault: Vault, wanted: NewKey, now: datetime) -> str:
    """A new key; its text is returned this once and stored nowhere."""
    token = PREFIX + new_token()
    key = ApiKey(
        id=new_id(int(now.timestamp() * 1000)),
        name=wanted.name,
        department=wanted.department,
        token_hash=hash_of(vault, token),
        scopes=" ".join(dict.fromkeys(scope.value for scope in wanted.scopes)),
        requests_per_minute=wanted.limits.requests_per_minute,
        tokens_per_minute=wanted.limits.tokens_per_minute,
        tokens_per_month=wanted.limits.tokens_per_month,
    )
    session.add(key)
    record(session, admin, deed=Deed.CREATE, entity=f"api_key/{key.id}").detail = _told(key)
    return token


async def list_keys(session: AsyncSession) -> list[ApiKey]:
    return list(await session.exec(select(ApiKey).order_by(col(ApiKey.created_at))))


async def spent_by_key(session: AsyncSession, *, month: str) -> dict[uuid.UUID, int]:
    """Tokens of the month, of every key that used any."""
    found = await session.exec(select(MonthUse).where(MonthUse.month == month))
    return {uuid.UUID(use.who.partition("/")[2]): use.tokens for use in found if use.who.startswith("key/")}


async def revoke_key(session: AsyncSession, admin: Principal, *, key_id: uuid.UUID, now: datetime) -> None:
    key = await session.get(ApiKey, key_id)
    if key is None:
        raise NotFound("There is no such key.", "List the keys to see their ids.")
    key.revoked_at = key.revoked_at or now
    record(session, admin, deed=Deed.UPDATE, entity=f"api_key/{key.id}")


async def holder_of(session: AsyncSession, token_hash: bytes, *, month: str) -> KeyHolder | None:
    """Who holds this key, or None for an unknown or revoked one."""
    found = await session.exec(
        select(ApiKey).where(col(ApiKey.token_hash) == token_hash, col(ApiKey.revoked_at).is_(None))
    )
    key = found.first()
    if key is None:
        return None
    who = Principal(id=f"key/{key.id}", role=Role.SERVICE, display_name=key.name, department=key.department)
    use = await session.get(MonthUse, (who.id, month)) if key.tokens_per_month is not None else None
    return KeyHolder(key.id, who, frozenset(key.scopes.split()), limits_of(key), use.tokens if use else 0)


def limits_of(key: ApiKey) -> Limits:
    return Limits(key.requests_per_minute, key.tokens_per_minute, key.tokens_per_month)


def hash_of(vault: Vault, token: str) -> bytes:
    return vault.blind("key|" + token)


def month_of(now: datetime) -> str:
    """As `MonthUse.month`; `now` in UTC."""
    return f"{now:%Y-%m}"


def _told(key: ApiKey) -> dict[str, Any]:
    limits = limits_of(key)
    return {
        "scopes": key.scopes,
        "requests_per_minute": limits.requests_per_minute,
        "tokens_per_minute": limits.tokens_per_minute,
        "tokens_per_month": limits.tokens_per_month,
    }
