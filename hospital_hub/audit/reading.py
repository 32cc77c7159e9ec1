"""Reads the audit. Whoever reads it is in it: the reading is an event of the same transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from hospital_hub.audit.events import AuditEvent, Deed, record
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.identity.tables import Account, Login

ENTITY = "audit_event"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Empty members do not narrow. `subject` is the vault's keyed hash in hexadecimal; `until` is not included."""

    deed: Deed | None = None
    who: str = ""
    entity: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Part:
    """Events, newest first; `before` is the id to go on with, None at the end."""

    events: list[AuditEvent]
    before: int | None


async def read(session: AsyncSession, who: Principal, *, wanted: Filter, limit: int, before: int | None = None) -> Part:
    """One page, and the event that tells of this reading."""
    who.require(Action.AUDIT_READ)
    query = _narrowed(wanted).order_by(col(AuditEvent.id).desc()).limit(limit + 1)
    if before is not None:
        query = query.where(col(AuditEvent.id) < before)
    found = list(await session.exec(query))
    record(session, who, deed=Deed.READ, entity=ENTITY).detail = _told(wanted, events=len(found[:limit]))
    more = len(found) > limit
    return Part(found[:limit], found[limit - 1].id if more else None)


async def names_of(session: AsyncSession, events: Sequence[AuditEvent]) -> dict[str, str]:
    """What the people and devices of these events are called, by their id; from their latest log-in or account."""
    ids = {event.who for event in events}
    accounts = await session.exec(
        select(Account.id, Account.display_name).where(cast(col(Account.id), String).in_(ids))
    )
    logins = await session.exec(
        select(Login.principal_id, Login.display_name)
        .where(col(Login.principal_id).in_(ids))
        .order_by(col(Login.created_at))
    )
    return {str(key): name for key, name in (*accounts, *logins)}


def _narrowed(wanted: Filter) -> SelectOfScalar[AuditEvent]:
    query = select(AuditEvent)
    if wanted.deed is not None:
        query = query.where(AuditEvent.deed == wanted.deed)
    if wanted.who:
        query = query.where(AuditEvent.who == wanted.who)
    if wanted.entity:
        query = query.where(col(AuditEvent.entity).startswith(wanted.entity, autoescape=True))
    if wanted.subject:
        query = query.where(AuditEvent.subject == bytes.fromhex(wanted.subject))
    if wanted.since is not None:
        query = query.where(col(AuditEvent.at) >= wanted.since)
    if wanted.until is not None:
        query = query.where(col(AuditEvent.at) < wanted.until)
    return query


def _told(wanted: Filter, *, events: int) -> dict[str, Any]:
    chosen = {name: str(value) for name, value in asdict(wanted).items() if value}
    return {"filter": chosen, "events": events}
