"""Taking the consent back: from here on the case goes its way without AI. What a model said already stays on record."""

import uuid

from sqlmodel import select

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import NotFound
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage.live import announce
from hospital_hub.triage.tables import TriageCase, subject_of


async def without_ai(resources: Resources, who: Principal, *, case_id: uuid.UUID) -> None:
    """Raises NotFound for a case that this log-in has not told."""
    async with resources.database.work() as session:
        case = await session.get(TriageCase, case_id, with_for_update=True)
        if case is None or case.login_id != who.session_id:
            raise NotFound("This case is not open here.", "Start over, or ask the nurse at the desk.")
        case.with_ai = False
        event = record(
            session,
            who,
            deed=Deed.UPDATE,
            entity=subject_of(case.id),
            subject=resources.vault.blind(subject_of(case.id)),
        )
        event.detail = {"with_ai": False}
        await announce(session)


async def given(resources: Resources, *, case_id: uuid.UUID) -> bool:
    """Whether a model may still be asked about the case. Tells nothing else of it."""
    async with resources.database.work() as session:
        found = await session.exec(select(TriageCase.with_ai).where(TriageCase.id == case_id))
        return bool(found.first())
