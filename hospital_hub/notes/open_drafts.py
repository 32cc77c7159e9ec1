"""A clinician's own drafts that wait for a signature, for who only has to know that there are some. Opens no text."""

from collections.abc import Sequence
from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.notes.states import OPEN
from hospital_hub.notes.store import practitioner_of
from hospital_hub.notes.tables import NoteDraft
from hospital_hub.storage.vault import Vault

MOST: Final = 10
LOOKED_AT: Final = 50  # whose they are is sealed; a patient with more open drafts than this has a problem of its own


async def open_drafts(session: AsyncSession, vault: Vault, *, subject: bytes, practitioner: str) -> Sequence[NoteDraft]:
    """Of the patient with this keyed hash, by the author with this FHIR reference, newest first."""
    found = await session.exec(
        select(NoteDraft)
        .where(col(NoteDraft.subject) == subject, col(NoteDraft.state).in_(OPEN))
        .order_by(col(NoteDraft.id).desc())
        .limit(LOOKED_AT)
    )
    own = [row for row in found.all() if await practitioner_of(session, vault, row=row) == practitioner]
    return own[:MOST]
