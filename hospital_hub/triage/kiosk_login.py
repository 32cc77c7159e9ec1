"""The log-in of a kiosk: one for each person in front of it, begun at the first page and ended by the next one."""

import uuid
from datetime import datetime
from http import HTTPStatus

from fastapi import HTTPException, Request

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import NotLoggedIn
from hospital_hub.identity import logins
from hospital_hub.identity.guard import KIOSK_COOKIE, Guard, lifetimes
from hospital_hub.identity.permissions import Action, Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources

START = "/kiosk"


class KioskGuard(Guard):
    """As the guard of the kiosk's log-in; a page whose log-in has ended begins again instead of showing an error."""

    def __init__(self) -> None:
        super().__init__(Action.TRIAGE_TELL, cookie=KIOSK_COOKIE)

    async def __call__(self, request: Request) -> Principal:
        try:
            return await super().__call__(request)
        except NotLoggedIn as ended:
            raise HTTPException(HTTPStatus.SEE_OTHER, headers={"location": START}) from ended


async def renew(resources: Resources, *, token: str | None, now: datetime) -> str:
    """End the log-in behind `token`, if it still lives, and begin another; returns the new cookie's value."""
    async with resources.database.work() as session:
        before = (
            await logins.recognise(session, vault=resources.vault, token=token, lifetimes=lifetimes(resources), now=now)
            if token
            else None
        )
        if before is not None:
            await logins.end(session, who=before, now=now)
            record(session, before, deed=Deed.LOGOUT, entity=f"login/{before.session_id}")
        person = Principal(id=f"kiosk|{uuid.uuid4()}", role=Role.KIOSK, display_name="Kiosk")
        fresh, login = await logins.begin(session, vault=resources.vault, who=person, now=now)
        record(session, person, deed=Deed.LOGIN, entity=f"login/{login.id}")
    return fresh
