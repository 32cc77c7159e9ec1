"""What a clinician does with a note beside writing and signing it: discard, take back, amend, withdraw, look back.

Each is one unit of work. Versions are locked from the newer to the older one, so that no two steps wait for each other.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed
from hospital_hub.errors import Conflict
from hospital_hub.identity.permissions import Action
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.draft import Withdrawal, amendment, discarded, taken_back, withdrawn
from hospital_hub.notes.outcomes import keep_discarded
from hospital_hub.notes.service import enqueue_once, kept_as
from hospital_hub.notes.states import State
from hospital_hub.notes.store import Kept, load
from hospital_hub.notes.tables import NoteDraft
from hospital_hub.notes.version_rows import create_version, successor, versions


async def discard(desk: Desk, identifier: uuid.UUID) -> Kept:
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier, lock=True)
        draft = discarded(kept.draft)
        if kept.row.replaces is None:
            await keep_discarded(session, kept.row.call_id)
        return await kept_as(session, desk, kept=kept, draft=draft, deed=Deed.UPDATE)


async def take_back(desk: Desk, identifier: uuid.UUID) -> Kept:
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier, lock=True)
        draft = taken_back(kept.draft, ai_text=kept.ai_text)
        if kept.row.replaces is not None:
            before = await load(session, desk, identifier=kept.row.replaces, lock=True)
            if before.draft.state is not State.FILED or await successor(session, before.row.id) is not None:
                raise _other_version()
        return await kept_as(session, desk, kept=kept, draft=draft, deed=Deed.UPDATE)


async def amend(desk: Desk, identifier: uuid.UUID, *, reason: str, now: datetime) -> uuid.UUID:
    """Begin a new version of a filed note. The one in the record stays until the new one is signed and filed."""
    desk.who.require(Action.NOTE_SIGN)
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier, lock=True)
        draft = amendment(kept.draft, reason=reason, version=await _next_version(session, kept.row.series))
        await _require_alone(session, identifier)
        milliseconds = int(now.timestamp() * 1000)
        anew = await create_version(session, desk, of=kept, draft=draft, milliseconds=milliseconds)
        made = await load(session, desk, identifier=anew, lock=True)
        await kept_as(session, desk, kept=made, draft=draft, deed=Deed.CREATE)
        return anew


async def withdraw(desk: Desk, identifier: uuid.UUID, *, reason: str, now: datetime) -> Kept:
    """Declare a signed note an error; the EMR is told by the outbox."""
    desk.who.require(Action.NOTE_SIGN)
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier, lock=True)
        draft = withdrawn(kept.draft, Withdrawal(desk.who.id, desk.who.display_name, now, reason))
        await _require_alone(session, identifier)
        await enqueue_once(session, identifier)
        return await kept_as(session, desk, kept=kept, draft=draft, deed=Deed.UPDATE)


async def history(desk: Desk, kept: Kept) -> Sequence[NoteDraft]:
    """All versions, the newest first."""
    async with desk.resources.database.work() as session:
        return await versions(session, desk, series=kept.row.series)


async def _next_version(session: AsyncSession, series: uuid.UUID) -> int:
    used = select(NoteDraft.version).where(col(NoteDraft.series) == series).order_by(col(NoteDraft.version).desc())
    return ((await session.exec(used.limit(1))).first() or 0) + 1


async def _require_alone(session: AsyncSession, identifier: uuid.UUID) -> None:
    if await successor(session, identifier) is not None:
        raise Conflict(
            "A new version of this note has been begun.", "Sign it or discard it first.", code="amendment_open"
        )


def _other_version() -> Conflict:
    return Conflict(
        "This version does not follow the one in the record any more.",
        "Open the newest version of the note.",
        code="other_version",
    )
