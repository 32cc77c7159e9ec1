"""A note for a patient of GNU Health: begun, written there as an evaluation, read back once it is signed.

No transaction is open while GNU Health is asked. Each step may be repeated.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import AuditEvent, Deed, record
from hospital_hub.clinical.levels import Level
from hospital_hub.emr import subject_of
from hospital_hub.errors import BadInput, Conflict, NotFound
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import WORKER
from hospital_hub.notes.draft import LONGEST, Draft, normalise, text_hash, written
from hospital_hub.notes.gnuhealth import gnuhealth, issuer_of
from hospital_hub.notes.kinds import kind_of
from hospital_hub.notes.signed_there import (
    PRACTITIONER,
    code_of,
    difference,
    evaluation_of,
    finalised,
    is_as_written,
    name_of,
)
from hospital_hub.notes.states import OPEN
from hospital_hub.notes.store import About, Kept, add, keep, load_for_filing
from hospital_hub.notes.tables import NoteDraft
from hospital_hub.resources import Resources
from hospital_hub.storage.ids import new_id
from integrations.fhir.client import Resource
from integrations.fhir.errors import FhirFault
from integrations.fhir.validation import validate
from integrations.gnuhealth import evaluations
from integrations.gnuhealth.client import Session
from integrations.gnuhealth.errors import Fault, GnuHealthFault
from integrations.gnuhealth.evaluations import Evaluation
from integrations.gnuhealth.patients import patient_by_number


class Outcome(StrEnum):
    WAITING = "waiting"  # nobody has signed it there yet
    FINAL = "final"


@dataclass(frozen=True)
class NewNote:
    """`patient` is a person's number there (PUID), `professional` the id of the health professional who asks."""

    patient: str
    professional: int
    text: str
    language: str


async def patient(resources: Resources, number: str) -> Resource:
    """The patient as a valid FHIR R4 Patient."""
    WORKER.require(Action.NOTE_FILE)
    async with gnuhealth(resources) as session:
        found = _valid(await patient_by_number(session, number))
    async with resources.database.work() as work:
        _noted(work, resources, patient=found["id"], deed=Deed.READ).entity = "Patient in GNU Health"
    return found


async def begin(resources: Resources, note: NewNote, *, now: datetime) -> uuid.UUID:
    """A draft for a patient from there. It is nothing more until somebody signs it there."""
    text = normalise(note.text)
    if not text or len(text) > LONGEST:
        raise BadInput("This note is empty, or longer than the hub takes.", "Change its text.", code="note_length")
    found = await patient(resources, note.patient)
    about = About(found["id"], "", f"{PRACTITIONER}{note.professional}")
    issuer, identifier = issuer_of(resources), new_id(int(now.timestamp() * 1000))
    row = NoteDraft(
        id=identifier,
        issuer=issuer,
        subject=resources.vault.blind(subject_of(issuer, about.patient)),
        about=b"",
        author=f"{issuer}|{about.practitioner}",
        author_name=about.practitioner,
        series=identifier,
        language=note.language,
    )
    async with resources.database.work() as work:
        await add(work, resources.vault, row=row, about=about)
        fresh = Kept(row, about, Draft(), "", (), kind_of(row.kind))
        await keep(work, resources.vault, kept=fresh, draft=written(fresh.draft, text))
        _noted(work, resources, patient=about.patient, deed=Deed.CREATE).entity = f"note_draft/{identifier}"
    return identifier


async def hand_over(resources: Resources, identifier: uuid.UUID, *, level: Level | None) -> str:
    """Write the draft as an evaluation in progress, once however often it is called; its name there."""
    WORKER.require(Action.NOTE_FILE)
    kept = await _opened(resources, identifier)
    if kept.draft.state not in OPEN:
        raise Conflict("This note is not a draft any more.", "Write a new one.", code="wrong_state")
    async with gnuhealth(resources) as session:
        there = await _put(session, evaluation_of(kept, level=level))
    sent = text_hash(kept.draft.text)
    async with resources.database.work() as work:
        kept = await load_for_filing(work, resources, identifier=identifier)
        await keep(work, resources.vault, kept=kept, draft=replace(kept.draft, resource=name_of(there), fault=""))
        event = _noted(work, resources, patient=kept.about.patient, deed=Deed.FILE)
        event.entity, event.detail = name_of(there), {"note_draft": str(identifier), "sha256": sent}
    return name_of(there)


async def finalise(resources: Resources, identifier: uuid.UUID) -> Outcome:
    """Look whether it is signed there; the hub's note is final then. Called for a final note, it checks it again.

    Raises:
        SignedOtherwise: another text was signed, or the text was changed after it.
    """
    WORKER.require(Action.NOTE_FILE)
    await _opened(resources, identifier)
    async with gnuhealth(resources) as session:
        there = await evaluations.find(session, code_of(identifier))
        if there is None:
            raise GnuHealthFault(Fault.NO_EVALUATION)
    if there.state is not evaluations.State.SIGNED:
        return Outcome.WAITING
    async with resources.database.work() as work:
        kept = await load_for_filing(work, resources, identifier=identifier)
        wrong = difference(kept, there)
        draft = replace(kept.draft, fault=wrong.code) if wrong else finalised(kept, there)
        await keep(work, resources.vault, kept=kept, draft=draft)
        deed = Deed.REFUSE if wrong else Deed.SIGN if kept.draft.state in OPEN else Deed.READ
        event = _noted(work, resources, patient=kept.about.patient, deed=deed)
        event.entity = f"note_draft/{identifier}"
        event.detail = {"evaluation": there.id, "professional": there.signed_by, "fault": draft.fault}
    if wrong is not None:
        raise wrong
    return Outcome.FINAL


def _valid(found: Resource) -> Resource:
    try:
        validate(found)
    except FhirFault as wrong:
        raise GnuHealthFault(Fault.MALFORMED, "patient") from wrong
    return found


async def _put(session: Session, draft: evaluations.Draft) -> Evaluation:
    """What a person has written over the hub's text there is never overwritten."""
    there = await evaluations.create(session, draft)
    if there.patient != draft.patient:
        raise GnuHealthFault(Fault.REFUSED, "another patient's")
    if (there.text, there.urgency) == (draft.text, draft.urgency):
        return there
    if there.state is evaluations.State.IN_PROGRESS and not is_as_written(there):
        raise GnuHealthFault(Fault.CHANGED)
    return await evaluations.rewrite(session, there, draft=draft)


async def _opened(resources: Resources, identifier: uuid.UUID) -> Kept:
    async with resources.database.work() as work:
        kept = await load_for_filing(work, resources, identifier=identifier)
    if kept.row.issuer != issuer_of(resources):
        raise NotFound("This note is for no patient of GNU Health.", "Check its number.", code="no_such_note")
    return kept


def _noted(session: AsyncSession, resources: Resources, *, patient: str, deed: Deed) -> AuditEvent:
    subject = resources.vault.blind(subject_of(issuer_of(resources), patient))
    return record(session, WORKER, deed=deed, entity="", subject=subject)
