"""Accounts of people: made, listed, closed, given a new password. Each change is an audit event of its transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import BadInput, Conflict, NotFound
from hospital_hub.identity.logins import hash_password
from hospital_hub.identity.permissions import Action, Role
from hospital_hub.identity.principal import Principal
from hospital_hub.identity.tables import Account, Login
from hospital_hub.resources import Resources
from hospital_hub.storage.ids import new_id

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
# A kiosk is a device, a clinician comes through the EMR, a service has a token: none of them has a password here.
WITH_PASSWORD = frozenset({Role.NURSE, Role.RESEARCHER, Role.OPERATIONS, Role.AUDITOR, Role.ADMINISTRATOR})
TERMINAL = Principal(id="command-line", role=Role.ADMINISTRATOR, display_name="Command line")


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    name: str
    display_name: str
    role: Role
    department: str = ""


async def create(resources: Resources, who: Principal, *, wanted: NewAccount, password: str, now: datetime) -> Account:
    """Raises BadInput for a role or password that cannot be, Conflict for a name that is taken."""
    who.require(Action.USERS_MANAGE)
    check_new_password(password, name=wanted.name)
    if wanted.role not in WITH_PASSWORD:
        raise BadInput("This role has no account with a password.", "Choose another role.", code="role_has_no_account")
    async with resources.database.work() as session:
        if await _find(session, wanted.name) is not None:
            raise Conflict("An account of this name exists.", "Choose another name.", code="name_taken")
        account = Account(
            id=new_id(int(now.timestamp() * 1000)),
            name=wanted.name,
            display_name=wanted.display_name,
            role=wanted.role,
            department=wanted.department,
            password_hash=hash_password(password),
        )
        session.add(account)
        record(session, who, deed=Deed.CREATE, entity=f"account/{account.id}")
    return account


async def everybody(resources: Resources, who: Principal) -> list[Account]:
    who.require(Action.USERS_MANAGE)
    async with resources.database.work() as session:
        return list(await session.exec(select(Account).order_by(Account.name)))


async def disable(resources: Resources, who: Principal, *, name: str, now: datetime) -> None:
    """Closes the account and ends its log-ins; what it did stays in the audit."""
    who.require(Action.USERS_MANAGE)
    async with resources.database.work() as session:
        account = await _existing(session, name)
        account.active = False
        await _end_logins(session, account, now=now)
        record(session, who, deed=Deed.UPDATE, entity=f"account/{account.id}").detail = {"change": "disabled"}


async def reset_password(resources: Resources, who: Principal, *, name: str, password: str, now: datetime) -> None:
    """Also opens a locked or closed account again, and ends its log-ins."""
    who.require(Action.USERS_MANAGE)
    check_new_password(password, name=name)
    async with resources.database.work() as session:
        account = await _existing(session, name)
        account.password_hash = hash_password(password)
        account.failures, account.locked_until, account.active = 0, None, True
        await _end_logins(session, account, now=now)
        record(session, who, deed=Deed.UPDATE, entity=f"account/{account.id}").detail = {"change": "password"}


def check_new_password(password: str, *, name: str) -> None:
    """Length is what counts (NIST SP 800-63B-4, 3.1.1.2); no rule about kinds of characters."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadInput("A password has 12 to 200 characters.", "Choose a longer one.", code="password_length")
    if password.casefold().startswith(name.casefold()) or len(set(password)) < SHORTEST_PASSWORD // 3:
        raise BadInput("This password is easy to guess.", "Choose another one.", code="password_weak")


async def _find(session: AsyncSession, name: str) -> Account | None:
    return (await session.exec(select(Account).where(Account.name == name))).first()


async def _existing(session: AsyncSession, name: str) -> Account:
    account = await _find(session, name)
    if account is None:
        raise NotFound("There is no account of this name.", "See the list of accounts.", code="no_such_account")
    return account


async def _end_logins(session: AsyncSession, account: Account, *, now: datetime) -> None:
    await session.exec(
        update(Login)
        .where(col(Login.principal_id) == str(account.id), col(Login.ended_at).is_(None))
        .values(ended_at=now, context=None)
    )
