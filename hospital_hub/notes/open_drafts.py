"""The drafts that wait for a signature, for those who only have to know that there are some. Opens no text."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.notes.draft import State
from hospital_hub.notes.tables import NoteDraft

MOST = 10


async def open_drafts(session: AsyncSession, subject: bytes) -> Sequence[NoteDraft]:
    """Of the patient with this keyed hash, newest first; the rows stay sealed."""
    found = await session.exec(
        select(NoteDraft)
        .where(col(NoteDraft.subject) == subject, col(NoteDraft.state) == State.DRAFT)
        .order_by(col(NoteDraft.id).desc())
        .limit(MOST)
    )
    return found.all()
