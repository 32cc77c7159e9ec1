"""A ticket's code: with it a person goes on at another kiosk for eight hours. Only its keyed hash is stored.

The code says nothing about anybody. A log-in that ends takes no case off the board and no ticket away.
"""

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, select

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import NotFound
from hospital_hub.identity import logins
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage import service
from hospital_hub.triage.interview_steps import Step
from hospital_hub.triage.live import announce
from hospital_hub.triage.tables import TriageCase

GOOD_FOR: Final = timedelta(hours=8)
SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O, U: nobody mistakes them (Crockford's base 32)
LENGTH: Final = 20  # 100 random bits
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


async def issue(resources: Resources, who: Principal, *, case_id: uuid.UUID, now: datetime) -> str:
    """A new code; an older one of the same case is no longer good.

    Raises:
        NotFound: it is not this log-in's case.
    """
    token = "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    async with resources.database.work() as session:
        case = await service.own(session, who, case_id=case_id, lock=True)
        case.ticket, case.ticket_until = _hash(resources, token), now + GOOD_FOR
        Step(session, resources, who, case).record(Deed.UPDATE)
    return token


async def resume(resources: Resources, *, token: str, now: datetime) -> tuple[str, uuid.UUID]:
    """A new log-in that the case is open in: its cookie's value, and the case. The log-in before no longer sees it.

    Raises:
        NotFound: no ticket has this code, or its eight hours are over.
    """
    async with resources.database.work() as session:
        found = await session.exec(
            select(TriageCase).where(TriageCase.ticket == _hash(resources, token)).with_for_update()
        )
        case = found.first()
        if case is None or case.ticket_until is None or case.ticket_until <= now:
            raise NotFound(
                "No open ticket has this code.", "Check the code, or ask the nurse at the desk.", code="no_such_ticket"
            )
        person = Principal(id=f"kiosk|{uuid.uuid4()}", role=Role.KIOSK, display_name="Kiosk")
        cookie, login = await logins.begin(session, vault=resources.vault, who=person, now=now)
        record(session, person, deed=Deed.LOGIN, entity=f"login/{login.id}")
        case.login_id, case.left_at = login.id, None
        Step(session, resources, person, case).record(Deed.READ)
        await announce(session)
    return cookie, case.id


async def leave(resources: Resources, who: Principal, *, now: datetime) -> None:
    """Nobody sits in front of this log-in's cases any more; they stay on the board, and their tickets good."""
    async with resources.database.work() as session:
        found = await session.exec(
            select(TriageCase)
            .where(TriageCase.login_id == who.session_id, col(TriageCase.left_at).is_(None))
            .with_for_update()
        )
        left = found.all()
        for case in left:
            case.left_at = now
            Step(session, resources, who, case).record(Deed.UPDATE)
        if left:
            await announce(session)


def _hash(resources: Resources, token: str) -> bytes:
    return resources.vault.blind("triage-ticket|" + token.upper().translate(_MISREAD))
