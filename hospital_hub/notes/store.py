"""Between a draft's row and the values that rules work on: seals, opens, and lets nobody see another's draft."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from hospital_hub.clinical.grounding import Fact
from hospital_hub.emr import subject_of
from hospital_hub.errors import NotFound
from hospital_hub.inference.feedback import Rating, ratings_of
from hospital_hub.notes.desk import Desk
from hospital_hub.notes.draft import Draft, Withdrawal
from hospital_hub.notes.kinds import Kind, kind_of
from hospital_hub.notes.rows import draft_of, facts_from, fill
from hospital_hub.notes.states import Owner
from hospital_hub.notes.tables import NoteDraft
from hospital_hub.resources import Resources
from hospital_hub.storage.ids import new_id
from hospital_hub.storage.vault import Place, Vault

MOST_LISTED = 20


@dataclass(frozen=True)
class About:
    """Bare ids in the EMR; `practitioner` is the author's reference."""

    patient: str
    encounter: str
    practitioner: str


@dataclass(frozen=True)
class Wish:
    """What a clinician asks for; without `language` the note is written as chart and dictation are."""

    kind: str
    language: str = ""
    said: str = ""


@dataclass(frozen=True)
class Kept:
    """A row, opened. `ai_text` is what the model wrote, whatever became of it; `rating` its author's thumb."""

    row: NoteDraft
    about: About
    draft: Draft
    ai_text: str
    facts: tuple[Fact, ...]
    kind: Kind
    rating: Rating = Rating.NONE
    said: str = ""
    settled: frozenset[str] = frozenset()


async def create(session: AsyncSession, desk: Desk, *, milliseconds: int, wish: Wish) -> uuid.UUID:
    vault, context = desk.resources.vault, desk.context
    identifier = new_id(milliseconds)
    about = About(context.patient, context.encounter, context.fhir_user)
    said = None
    if wish.said:
        place = _place(identifier, "said")
        said = await vault.seal(
            session, subject=subject_of(context.issuer, context.patient), place=place, text=wish.said
        )
    row = NoteDraft(
        id=identifier,
        kind=wish.kind,
        language=wish.language,
        said=said,
        issuer=context.issuer,
        subject=desk.subject,
        about=b"",
        author=desk.who.id,
        author_name=desk.who.display_name,
        series=identifier,
    )
    await add(session, vault, row=row, about=about)
    return identifier


async def add(session: AsyncSession, vault: Vault, *, row: NoteDraft, about: About) -> None:
    """A new row, with the ids that it is about sealed in it."""
    row.about = await vault.seal(
        session, subject=_own(row.id), place=_place(row.id, "about"), text=json.dumps(asdict(about))
    )
    session.add(row)


async def load(session: AsyncSession, desk: Desk, *, identifier: uuid.UUID, lock: bool = False) -> Kept:
    """A draft of this clinician for this patient.

    Raises:
        NotFound: there is none; a draft of another patient or author is answered in the same way.
    """
    query = select(NoteDraft).where(
        col(NoteDraft.id) == identifier,
        col(NoteDraft.subject) == desk.subject,
        col(NoteDraft.author) == desk.who.id,
    )
    kept = await _opened(session, desk.resources, row=(await session.exec(_locked(query, lock=lock))).first())
    if not Owner(kept.row.author, kept.row.subject).lets_in(who=desk.who.id, subject=desk.subject):
        raise _no_such_note()
    if not kept.row.call_id:
        return kept
    ratings = await ratings_of(session, desk.who, calls=[uuid.UUID(kept.row.call_id)])
    return replace(kept, rating=ratings.get(kept.row.call_id, Rating.NONE))


async def load_for_filing(session: AsyncSession, resources: Resources, *, identifier: uuid.UUID) -> Kept:
    """Any draft, locked; for the worker alone."""
    query = select(NoteDraft).where(col(NoteDraft.id) == identifier)
    return await _opened(session, resources, row=(await session.exec(_locked(query, lock=True))).first())


async def listed(session: AsyncSession, desk: Desk) -> Sequence[NoteDraft]:
    """This clinician's notes for this patient, newest first; the rows stay sealed."""
    found = await session.exec(
        select(NoteDraft)
        .where(col(NoteDraft.subject) == desk.subject, col(NoteDraft.author) == desk.who.id)
        .order_by(col(NoteDraft.id).desc())
        .limit(MOST_LISTED)
    )
    return found.all()


async def practitioner_of(session: AsyncSession, vault: Vault, *, row: NoteDraft) -> str:
    """The author's reference in the EMR; empty where the ids of this note were erased."""
    try:
        sealed = await vault.open(session, subject=_own(row.id), place=_place(row.id, "about"), sealed=row.about)
    except NotFound:
        return ""
    return About(**json.loads(sealed)).practitioner


async def keep(session: AsyncSession, vault: Vault, *, kept: Kept, draft: Draft) -> None:
    """Write a draft's new state into its row."""
    row = kept.row
    if draft.text != kept.draft.text or row.text is None:
        row.text = await seal(session, vault, kept=kept, column="text", text=draft.text)
    fill(row, draft)
    if draft.withdrawal is not None and row.withdrawn_at is None:
        said = draft.withdrawal
        row.withdrawn_by, row.withdrawn_name, row.withdrawn_at = said.by, said.name, said.at
        row.withdrawn_reason = await seal(session, vault, kept=kept, column="withdrawn_reason", text=said.reason)
    session.add(row)
    await session.flush()
    await session.refresh(row, ["updated_at"])


async def seal(session: AsyncSession, vault: Vault, *, kept: Kept, column: str, text: str) -> bytes:
    subject = subject_of(kept.row.issuer, kept.about.patient)
    return await vault.seal(session, subject=subject, place=_place(kept.row.id, column), text=text)


def facts_json(facts: Sequence[Fact]) -> str:
    return json.dumps([asdict(fact) for fact in facts], ensure_ascii=False)


async def _opened(session: AsyncSession, resources: Resources, *, row: NoteDraft | None) -> Kept:
    if row is None:
        raise _no_such_note()
    vault = resources.vault
    about = About(
        **json.loads(await vault.open(session, subject=_own(row.id), place=_place(row.id, "about"), sealed=row.about))
    )
    subject = subject_of(row.issuer, about.patient)

    async def opened(column: str, sealed: bytes | None) -> str:
        if sealed is None:
            return ""
        return await vault.open(session, subject=subject, place=_place(row.id, column), sealed=sealed)

    text, ai_text = await opened("text", row.text), await opened("ai_text", row.ai_text)
    draft = replace(draft_of(row, text), reason=await opened("amended_because", row.amended_because))
    if row.withdrawn_at is not None:
        why = await opened("withdrawn_reason", row.withdrawn_reason)
        draft = replace(draft, withdrawal=Withdrawal(row.withdrawn_by, row.withdrawn_name, row.withdrawn_at, why))
    return Kept(
        row,
        about,
        draft,
        ai_text,
        facts_from(await opened("facts", row.facts)),
        kind_of(row.kind, folder=resources.settings.note_kinds_folder),
        said=await opened("said", row.said),
        settled=frozenset(json.loads(await opened("settled", row.settled) or "[]")),
    )


def _no_such_note() -> NotFound:
    return NotFound("There is no such note for this patient.", "Go back to the list.", code="no_such_note")


def _locked(query: SelectOfScalar[NoteDraft], *, lock: bool) -> SelectOfScalar[NoteDraft]:
    return query.with_for_update() if lock else query


def _own(identifier: uuid.UUID) -> str:
    """The key of the few ids by which a worker finds the patient's own key."""
    return f"note_draft/{identifier}"


def _place(identifier: uuid.UUID, column: str) -> Place:
    return Place("note_draft", column, str(identifier))
