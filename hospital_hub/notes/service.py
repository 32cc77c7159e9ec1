"""What a clinician does with a note: ask for it, edit, restore, check, sign, have it filed again.

Each is one unit of work: state, audit and outbox are committed together or not at all.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.clinical.copy_forward import plain
from hospital_hub.clinical.grounding import Fact, Report
from hospital_hub.identity.permissions import Action
from hospital_hub.notes.ai_record import checks_version
from hospital_hub.notes.chart import Chart, read_chart, read_patient
from hospital_hub.notes.checking import NoteChecker
from hospital_hub.notes.composing import Composer
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.draft import Basis, Draft, Signing, edited, normalise, retried, signed
from hospital_hub.notes.facts import facts_of
from hospital_hub.notes.kinds import Kind
from hospital_hub.notes.outcomes import forget_discarded, keep_discarded, keep_edit, keep_redone
from hospital_hub.notes.proofreading import Proof, proofread
from hospital_hub.notes.sections import headings_of
from hospital_hub.notes.since import Since, since_last_visit
from hospital_hub.notes.states import OPEN
from hospital_hub.notes.store import Kept, Wish, create, keep, listed, load, seal
from hospital_hub.notes.tables import NoteDraft
from hospital_hub.notes.wording import is_chinese
from hospital_hub.storage.outbox import OutboxRow, enqueue
from integrations.fhir.client import Resource

TASK, QUEUE = "notes.file", "files"


async def patient(desk: Desk) -> Resource:
    async with desk.resources.database.work() as session:
        _read(session, desk, entity=f"Patient for login/{desk.login}")
    return await read_patient(desk.fhir, desk.context.patient)


@dataclass(frozen=True)
class Summary:
    """The chart for the panel's overview; `unread` are types that the EMR did not give."""

    language: str
    facts: tuple[Fact, ...]
    unread: tuple[str, ...]
    since: Since | None


async def chart_summary(desk: Desk, *, now: datetime) -> Summary:
    chart = await _chart(desk)
    language, facts = facts_of(chart, today=now.date())
    return Summary(language, facts, chart.unread, since_last_visit(chart, facts))


async def proofread_typed(desk: Desk, typed: str, *, kind: Kind, now: datetime) -> tuple[str, NoteChecker, Proof]:
    """A note typed elsewhere against its kind and the chart; nothing of it is kept."""
    text, language = normalise(typed), "zh-CN" if is_chinese(typed) else "en"
    _, facts = facts_of(await _chart(desk), today=now.date(), language=language)
    checker = NoteChecker(facts, headings=headings_of(kind))
    return language, checker, proofread(text, kind=kind, language=language, checker=checker)


async def _chart(desk: Desk) -> Chart:
    async with desk.resources.database.work() as session:
        _read(session, desk, entity=f"Patient chart for login/{desk.login}")
    return await read_chart(desk.fhir, patient=desk.context.patient, encounter=desk.context.encounter)


async def ask_for_draft(desk: Desk, *, now: datetime, wish: Wish) -> uuid.UUID:
    """A row that waits to be written; the stream writes it."""
    async with desk.resources.database.work() as session:
        identifier = await create(session, desk, milliseconds=int(now.timestamp() * 1000), wish=wish)
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
    return checker_of(kept).check(kept.draft.text)


def checker_of(kept: Kept) -> NoteChecker:
    return NoteChecker(kept.facts, kept.said, headings_of(kept.kind))


async def settle(desk: Desk, identifier: uuid.UUID, *, sentence: str, settled: bool) -> Kept:
    """The clinician read this sentence and leaves it in, or takes that back."""
    async with desk.resources.database.work() as session:
        kept = await load(session, desk, identifier=identifier, lock=True)
        if kept.draft.state not in OPEN:
            return kept
        words = frozenset({plain(sentence)})
        marks = kept.settled | words if settled else kept.settled - words
        text = json.dumps(sorted(marks), ensure_ascii=False)
        kept.row.settled = await seal(session, desk.resources.vault, kept=kept, column="settled", text=text)
        session.add(kept.row)
        _read(session, desk, entity=f"note_draft/{identifier}")
        return replace(kept, settled=marks)


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
        text = _begun_with(kept, origin)
        draft = edited(kept.draft, text, basis=basis)
        noted = forget_discarded if origin is Origin.MODEL else keep_discarded
        await noted(session, kept.row.call_id)
        return await kept_as(session, desk, kept=kept, draft=draft, deed=Deed.UPDATE)


def _begun_with(kept: Kept, origin: Origin) -> str:
    composer = Composer(kept.kind, kept.row.language, kept.facts, checker_of(kept))
    return (composer.from_text(kept.ai_text) if origin is Origin.MODEL else composer.from_facts()).text


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
        report, checker = checked(kept), checker_of(kept)
        # A sentence that says the opposite of its source needs more than one tick for all.
        open_ones = [
            one for one in report.unsupported if checker.contradicts(one) and plain(one.text) not in kept.settled
        ]
        signing = Signing(
            by=desk.who.id,
            name=desk.who.display_name,
            at=now,
            shown_sha256=approval.shown_sha256,
            unsupported=len(report.unsupported),
            confirmed=approval.confirmed and not open_ones,
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
