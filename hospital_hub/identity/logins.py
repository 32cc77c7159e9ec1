"""Log in, recognise, log out. Cookies are random tokens; what they stand for is in PostgreSQL."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.errors import NotLoggedIn
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.identity.tables import Account, Login
from hospital_hub.storage.ids import new_id, new_token
from hospital_hub.storage.vault import Vault

FAILURES_BEFORE_LOCK = 5
LOCK = timedelta(minutes=5)
TOUCH = timedelta(seconds=30)
_HASHER = PasswordHasher()
# Verified when the name is unknown, so that an unknown name takes as long as a wrong password.
_NOBODY = _HASHER.hash("nobody")


@dataclass(frozen=True)
class Lifetimes:
    """Idle time after which a log-in ends."""

    people: timedelta
    kiosk: timedelta

    def of(self, role: Role) -> timedelta:
        return self.kiosk if role is Role.KIOSK else self.people


def hash_password(password: str) -> str:
    return _HASHER.hash(password)


async def check_password(session: AsyncSession, *, name: str, password: str, now: datetime) -> Account | None:
    """The account, or None for an unknown name, a wrong password, a lock or a closed account.

    Five failures in a row lock the name for five minutes (OWASP ASVS 5.0, 6.3.1).
    """
    found = await session.exec(select(Account).where(Account.name == name).with_for_update())
    account = found.first()
    # argon2 takes tens of milliseconds of one core; streams of others must not stand still for it.
    right = await asyncio.to_thread(_verify, account.password_hash if account else _NOBODY, password)
    if account is None or not account.active or (account.locked_until and account.locked_until > now):
        return None
    if not right:
        account.failures += 1
        if account.failures >= FAILURES_BEFORE_LOCK:
            account.locked_until, account.failures = now + LOCK, 0
        return None
    account.failures, account.locked_until = 0, None
    return account


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


async def begin(session: AsyncSession, *, vault: Vault, who: Principal, now: datetime) -> tuple[str, Login]:
    """Open a log-in and return the cookie's value with its row."""
    token = new_token()
    login = Login(
        id=new_id(int(now.timestamp() * 1000)),
        token_hash=vault.blind("login|" + token),
        principal_id=who.id,
        role=who.role,
        display_name=who.display_name,
        department=who.department,
    )
    session.add(login)
    await session.flush()
    return token, login


async def recognise(
    session: AsyncSession, *, vault: Vault, token: str, lifetimes: Lifetimes, now: datetime
) -> Principal | None:
    """The principal of a living log-in; touches its idle clock at most every 30 s."""
    found = await session.exec(select(Login).where(Login.token_hash == vault.blind("login|" + token)))
    login = found.first()
    if login is None or login.ended_at is not None or now - login.seen_at > lifetimes.of(login.role):
        return None
    if now - login.seen_at > TOUCH:
        login.seen_at = now
    return Principal(
        id=login.principal_id,
        role=login.role,
        display_name=login.display_name,
        session_id=login.id,
        department=login.department,
    )


async def end(session: AsyncSession, *, who: Principal, now: datetime) -> None:
    found = await session.exec(select(Login).where(Login.id == who.session_id))
    login = found.first()
    if login is not None:
        login.ended_at, login.context = now, None


async def living(session: AsyncSession, *, who: Principal) -> Login:
    """The row behind a principal's log-in."""
    found = await session.exec(select(Login).where(Login.id == who.session_id, col(Login.ended_at).is_(None)))
    login = found.first()
    if login is None:
        raise NotLoggedIn("This log-in has ended.", "Please log in again.")
    return login
