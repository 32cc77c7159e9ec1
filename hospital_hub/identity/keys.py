"""API keys of departments' programs: shown once, kept as a keyed hash, revoked by their id."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import DateTime, LargeBinary, func
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import NotFound
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.storage.ids import new_id, new_token
from hospital_hub.storage.vault import Vault

PREFIX = "hub-"


class ApiKey(SQLModel, table=True):
    __tablename__ = "api_key"

    id: uuid.UUID = Field(primary_key=True)
    name: str = Field(max_length=100)
    department: str = Field(max_length=200)
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    created_at: datetime = Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}
    )
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


@dataclass(frozen=True)
class NewKey:
    """What a key is for, and whose usage it is."""

    name: str
    department: str


async def create_key(session: AsyncSession, admin: Principal, *, vault: Vault, wanted: NewKey, now: datetime) -> str:
    """A new key; its text is returned this once and stored nowhere."""
    token = PREFIX + new_token()
    key = ApiKey(
        id=new_id(int(now.timestamp() * 1000)),
        name=wanted.name,
        department=wanted.department,
        token_hash=vault.blind("key|" + token),
    )
    session.add(key)
    record(session, admin, deed=Deed.CREATE, entity=f"api_key/{key.id}")
    return token


async def list_keys(session: AsyncSession) -> list[ApiKey]:
    return list(await session.exec(select(ApiKey).order_by(col(ApiKey.created_at))))


async def revoke_key(session: AsyncSession, admin: Principal, *, key_id: uuid.UUID, now: datetime) -> None:
    key = await session.get(ApiKey, key_id)
    if key is None:
        raise NotFound("There is no such key.", "List the keys to see their ids.")
    key.revoked_at = key.revoked_at or now
    record(session, admin, deed=Deed.UPDATE, entity=f"api_key/{key.id}")


async def owner_of(session: AsyncSession, *, vault: Vault, token: str) -> Principal | None:
    """The program behind a key, or None for an unknown or revoked one."""
    found = await session.exec(
        select(ApiKey).where(col(ApiKey.token_hash) == vault.blind("key|" + token), col(ApiKey.revoked_at).is_(None))
    )
    key = found.first()
    if key is None:
        return None
    return Principal(id=f"key/{key.id}", role=Role.SERVICE, display_name=key.name, department=key.department)
