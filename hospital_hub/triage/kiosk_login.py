"""The log-in of a kiosk: one for each person in front of it, begun at the first page.

It ends when she is done, when nobody touches the page, when the next person begins, or when the page stops beating.
A case never ends with it: the nurses keep it, and its ticket stays good.
"""

import asyncio
import uuid
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from fastapi import HTTPException, Request
from sqlalchemy import update
from sqlmodel import col

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import NotLoggedIn
from hospital_hub.identity import logins
from hospital_hub.identity.guard import KIOSK_COOKIE, Guard, lifetimes
from hospital_hub.identity.permissions import Action, Role
from hospital_hub.identity.principal import Principal
from hospital_hub.identity.tables import Login
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import tickets
from hospital_hub.web.problems import unforeseen

START: Final = "/kiosk"
SILENT: Final = timedelta(minutes=2)  # without a beat of a page that beats every 20 s
LOOK_SECONDS: Final = 20.0
_BEATS: Final = b"beats"  # a kiosk has no launch context; there it says that a page of it lives by scripts


class KioskGuard(Guard):
    """As the guard of the kiosk's log-in; a page whose log-in has ended begins again instead of showing an error."""

    def __init__(self) -> None:
        super().__init__(Action.TRIAGE_TELL, cookie=KIOSK_COOKIE)

    async def __call__(self, request: Request) -> Principal:
        try:
            return await super().__call__(request)
        except NotLoggedIn as ended:
            if request.headers.get("hx-request") == "true":  # a script would take the page for a part of its own
                raise HTTPException(HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": START}) from ended
            raise HTTPException(HTTPStatus.SEE_OTHER, headers={"location": START}) from ended


async def renew(resources: Resources, *, token: str | None, now: datetime) -> str:
    """End the log-in behind `token`, if it still lives, and begin another; returns the new cookie's value."""
    before = await _recognised(resources, token=token, now=now) if token else None
    if before is not None:
        await leave(resources, before, now=now)
    async with resources.database.work() as session:
        person = Principal(id=f"kiosk|{uuid.uuid4()}", role=Role.KIOSK, display_name="Kiosk")
        fresh, login = await logins.begin(session, vault=resources.vault, who=person, now=now)
        record(session, person, deed=Deed.LOGIN, entity=f"login/{login.id}")
    return fresh


async def leave(resources: Resources, who: Principal, *, now: datetime) -> None:
    """End the log-in; what it told stays on the board."""
    await tickets.leave(resources, who, now=now)
    async with resources.database.work() as session:
        await logins.end(session, who=who, now=now)
        record(session, who, deed=Deed.LOGOUT, entity=f"login/{who.session_id}")


async def beat(resources: Resources, who: Principal, *, now: datetime) -> None:
    """The page lives. From the first beat on its silence means something."""
    async with resources.database.work() as session:
        await session.exec(update(Login).where(col(Login.id) == who.session_id).values(seen_at=now, context=_BEATS))


async def end_silent(resources: Resources, *, now: datetime) -> int:
    """End the log-ins whose page has stopped beating: a browser that died shows nobody's words to the next person."""
    dead = (
        update(Login)
        .where(
            col(Login.role) == Role.KIOSK,
            col(Login.ended_at).is_(None),
            col(Login.context) == _BEATS,
            col(Login.seen_at) < now - SILENT,
        )
        .values(ended_at=now, context=None)
        .returning(col(Login.id), col(Login.principal_id))
    )
    async with resources.database.work() as session:
        ended = [
            Principal(id=person, role=Role.KIOSK, display_name="Kiosk", session_id=login_id)
            for login_id, person in (await session.exec(dead)).all()
        ]
        for who in ended:
            record(session, who, deed=Deed.LOGOUT, entity=f"login/{who.session_id}")
    for who in ended:
        await tickets.leave(resources, who, now=now)
    return len(ended)


async def watch(resources: Resources, *, every: float = LOOK_SECONDS) -> None:
    """End silent log-ins for as long as the process runs. `every` in seconds."""
    while True:
        await asyncio.sleep(every)
        try:
            await end_silent(resources, now=utc_now())
        except Exception as failure:  # noqa: BLE001 - the boundary of the background task; the next look tries again
            unforeseen(failure)


async def _recognised(resources: Resources, *, token: str, now: datetime) -> Principal | None:
    async with resources.database.work() as session:
        return await logins.recognise(
            session, vault=resources.vault, token=token, lifetimes=lifetimes(resources), now=now
        )
