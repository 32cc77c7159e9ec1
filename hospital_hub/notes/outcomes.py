"""What a clinician's deeds show of a draft that a model wrote: kept, changed, thrown away, asked for anew."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.clinical.grounding import Sentence
from hospital_hub.inference.feedback import Seen, keep, withdraw
from hospital_hub.inference.routing_outcome import OutcomeKind
from hospital_hub.notes.changes import likeness
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.states import OPEN
from hospital_hub.notes.tables import NoteDraft

REDONE_WITHIN: Final = timedelta(hours=8)  # a shift; a draft of tomorrow is another day's note, not a second attempt


async def keep_grounding(session: AsyncSession, call_id: str, *, unsupported: Sequence[Sentence]) -> None:
    """The check of the text as the model wrote it; its detail is the first doubt."""
    doubts = [doubt.kind.value for sentence in unsupported for doubt in sentence.doubts]
    detail = ":".join(("grounding", *doubts[:1]))
    await keep(session, Seen(OutcomeKind.FAILED_CHECK, float(not unsupported), detail), call=_call(call_id))


async def keep_edit(session: AsyncSession, call_id: str, *, ai_text: str, signed: str) -> None:
    await keep(session, Seen(OutcomeKind.EDIT, likeness(ai_text, signed), "signed"), call=_call(call_id))


async def keep_discarded(session: AsyncSession, call_id: str) -> None:
    """The model's text was thrown away for the chart's facts. What is signed in the end has the last word."""
    await keep(session, Seen(OutcomeKind.EDIT, 0.0, "discarded"), call=_call(call_id))


async def forget_discarded(session: AsyncSession, call_id: str) -> None:
    await withdraw(session, OutcomeKind.EDIT, call=_call(call_id))


async def keep_redone(session: AsyncSession, desk: Desk, *, anew: uuid.UUID) -> None:
    """The draft that this clinician leaves unsigned by asking for another one for the same patient."""
    fresh = col(NoteDraft.created_at) > func.now() - REDONE_WITHIN
    own = (col(NoteDraft.subject) == desk.subject) & (col(NoteDraft.author) == desk.who.id)
    unsigned = col(NoteDraft.state).in_(OPEN) & col(NoteDraft.replaces).is_(None) & (col(NoteDraft.id) != anew)
    newest = select(NoteDraft.call_id).where(own, unsigned, fresh).order_by(col(NoteDraft.id).desc()).limit(1)
    left = (await session.exec(newest)).first()
    if left is not None:
        await keep(session, Seen(OutcomeKind.ESCALATION, 0.0, "redone"), call=_call(left))


def _call(call_id: str) -> uuid.UUID | None:
    return uuid.UUID(call_id) if call_id else None
