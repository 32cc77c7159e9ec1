"""What a clinician does with a note: ask for it, edit, restore, check, sign, have it filed again.

Each is one unit of work: state, audit and outbox are committed together or not at all.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.clinical.grounding import Checker, Report
from hospital_hub.identity.permissions import Action
from hospital_hub.notes.ai_record import checks_version
from hospital_hub.notes.chart import read_chart, read_patient
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.draft import Basis, Draft, Signing, edited, retried, signed
from hospital_hub.notes.extract import extract
from hospital_hub.notes.facts import facts_of
from hospital_hub.notes.outcomes import forget_discarded, keep_discarded, keep_edit, keep_redone
from hospital_hub.notes.store import Kept, create, keep, listed, load
from hospital_hub.notes.tables import NoteDraft
from hospital_hub.storage.outbox import OutboxRow, enqueue
from integrations.fhir.client import Resource

TASK, QUEUE = "notes.file", "files"


async def patient(desk: Desk) -> Resource:
    async with desk.resources.database.work() as session:
        _read(session, desk, entity=f"Patient for login/{desk.login}")
    return await read_patient(desk.fhir, desk.context.patient)


async def chart_summary(desk: Desk, *, now: datetime) -> tuple[str, Sequence[object], tuple[str, ...]]:
    """Language, facts and unread types of the chart, for the panel's overview."""
    async with desk.resources.database.work() as session:
        _read(session, desk, entity=f"Patient chart for login/{desk.login}")
    chart = await read_chart(desk.fhir, patient=desk.context.patient, encounter=desk.context.encounter)
    language, facts = facts_of(chart, today=now.date())
    return language, facts, chart.unread


async def ask_for_draft(desk: Desk, *, now: datetime) -> uuid.UUID:
    """A row that waits to be written; the stream writes it."""
    async with desk.resources.database.work() as session:
        identifier = await create(session, desk, milliseconds=int(now.timestamp() * 1000))
        await keep_redone(session, desk, anew=identifier)
        return identifier


async def notes_of(desk: Desk) -> Sequence[NoteDraft]:
    async with desk.resources.database.work() as session:
        return await listed(session, desk)


async def show(desk: Desk, identifier: uuid.UUID) -> Kept:
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier)
        _read(session, desk, entity=f"note_draft/{identifier}")
        return kept


def checked(kept: Kept) -> Report:
    """The text as it stands now against the facts that the model was given and those left out."""
    return Checker(kept.facts).check(kept.draft.text)


async def edit(desk: Desk, identifier: uuid.UUID, *, text: str, basis: Basis) -> Kept:
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier, lock=True)
        draft = edited(kept.draft, text, basis=basis)
        return await kept_as(session, desk, kept=kept, draft=draft, deed=Deed.UPDATE)


class Origin(StrEnum):
    """A text to begin again with."""

    MODEL = "model"  # what the model wrote
    FACTS = "facts"  # the chart's facts, word for word


async def restore(desk: Desk, identifier: uuid.UUID, *, origin: Origin, basis: Basis) -> Kept:
    """Begin again with another text; the clinician's own is gone."""
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier, lock=True)
        text = kept.ai_text if origin is Origin.MODEL else extract(kept.facts, language=kept.row.language)
        draft = edited(kept.draft, text, basis=basis)
        noted = forget_discarded if origin is Origin.MODEL else keep_discarded
        await noted(session, kept.row.call_id)
        return await kept_as(session, desk, kept=kept, draft=draft, deed=Deed.UPDATE)


@dataclass(frozen=True)
class Approval:
    """What the signing form says: the hash of the text it showed, and the clinician's tick."""

    shown_sha256: str
    confirmed: bool


async def sign(desk: Desk, identifier: uuid.UUID, *, approval: Approval, now: datetime) -> Kept:
    """Sign exactly the stored text, if it is the text that was shown. Filing follows by the outbox."""
    desk.who.require(Action.NOTE_SIGN)
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier, lock=True)
        signing = Signing(
            by=desk.who.id,
            name=desk.who.display_name,
            at=now,
            shown_sha256=approval.shown_sha256,
            unsupported=len(checked(kept).unsupported),
            confirmed=approval.confirmed,
            rules=checks_version(),
        )
        draft = signed(kept.draft, signing)
        await keep_edit(session, kept.row.call_id, ai_text=kept.ai_text, signed=draft.text)
        await enqueue_once(session, identifier)
        return await kept_as(session, desk, kept=kept, draft=draft, deed=Deed.SIGN)


async def retry(desk: Desk, identifier: uuid.UUID) -> Kept:
    """Have a note filed again that the EMR did not accept."""
    desk.who.require(Action.NOTE_SIGN)
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier, lock=True)
        draft = retried(kept.draft)
        await enqueue_once(session, identifier)
        return await kept_as(session, desk, kept=kept, draft=draft, deed=Deed.UPDATE)


async def enqueue_once(session: AsyncSession, identifier: uuid.UUID) -> None:
    """At most one message of a note is alive, so that at most one worker holds its lease. The row must be locked."""
    alive = select(OutboxRow.id).where(
        OutboxRow.task == TASK, OutboxRow.subject_id == identifier, col(OutboxRow.done_at).is_(None)
    )
    if (await session.exec(alive)).first() is None:
        enqueue(session, task=TASK, subject_id=identifier, queue=QUEUE)


async def kept_as(session: AsyncSession, desk: Desk, *, kept: Kept, draft: Draft, deed: Deed) -> Kept:
    """Write the note's new state, and the audit's row for it."""
    await keep(session, desk.resources.vault, kept=kept, draft=draft)
    event = record(session, desk.who, deed=deed, entity=f"note_draft/{kept.row.id}", subject=desk.subject)
    event.request_id = desk.request_id
    event.detail = {"revision": draft.revision, "state": draft.state.value}
    return replace(kept, draft=draft)


def _read(session: AsyncSession, desk: Desk, *, entity: str) -> None:
    event = record(session, desk.who, deed=Deed.READ, entity=entity, subject=desk.subject)
    event.request_id = desk.request_id
