"""A person comes in with name and password, and goes out again; each time the audit event commits with it."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import AuditEvent, Deed, record
from hospital_hub.errors import NotLoggedIn
from hospital_hub.identity import logins
from hospital_hub.identity.principal import Principal
from hospital_hub.identity.tables import Account
from hospital_hub.resources import Resources


async def come_in(
    resources: Resources, *, name: str, password: str, before: Principal | None, now: datetime
) -> tuple[str, Principal]:
    """The new cookie's value and who it stands for; the log-in `before` ends, so a token is never used again.

    Raises:
        NotLoggedIn: with the same words for an unknown name, a wrong password, a lock and a closed account.
    """
    async with resources.database.work() as session:
        account = await logins.check_password(session, name=name, password=password, now=now)
        if account is not None:
            if before is not None:
                await _end(session, before, now=now)
            return await _begin(session, resources, account=account, now=now)
        await _note_failure(session, resources, name=name, now=now)
    raise NotLoggedIn(
        "The name or the password is not right.",
        "Five wrong attempts lock a name for five minutes; after that, try again or ask your administrator.",
        code="wrong_name_or_password",
    )


async def go_out(resources: Resources, who: Principal, *, now: datetime) -> None:
    async with resources.database.work() as session:
        await _end(session, who, now=now)


async def _begin(
    session: AsyncSession, resources: Resources, *, account: Account, now: datetime
) -> tuple[str, Principal]:
    who = Principal(str(account.id), account.role, account.display_name, department=account.department)
    token, login = await logins.begin(session, vault=resources.vault, who=who, now=now)
    who = replace(who, session_id=login.id)
    record(session, who, deed=Deed.LOGIN, entity=f"login/{login.id}")
    return token, who


async def _end(session: AsyncSession, who: Principal, *, now: datetime) -> None:
    await logins.end(session, who=who, now=now)
    record(session, who, deed=Deed.LOGOUT, entity=f"login/{who.session_id}")


async def _note_failure(session: AsyncSession, resources: Resources, *, name: str, now: datetime) -> None:
    """The name as typed is not kept: people type their password there."""
    account = (await session.exec(select(Account).where(Account.name == name))).first()
    session.add(
        AuditEvent(
            deed=Deed.LOGIN_FAILED,
            who=str(account.id) if account else "",
            role=account.role if account else None,
            entity=f"account/{account.id}" if account else "",
            subject=resources.vault.blind("account|" + name),
            detail={"locked": bool(account and account.locked_until and account.locked_until > now)},
        )
    )
