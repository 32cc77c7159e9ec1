"""Carries a signed note into the EMR, once, however often it is tried. Called by the worker alone.

Take (one transaction), write to the EMR (conditional creates, no transaction open), settle (one transaction).
"""

import uuid
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import structlog

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import NotFound, Unavailable
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import WORKER
from hospital_hub.notes.document import MadeBy, SignedNote, document_reference, provenance, same_document
from hospital_hub.notes.draft import Draft, State, failed, filed, put_off, taken
from hospital_hub.notes.emr import worker_client
from hospital_hub.notes.service import TASK
from hospital_hub.notes.store import Kept, keep, load_for_filing
from hospital_hub.resources import Resources
from hospital_hub.storage import outbox
from integrations.fhir.client import FhirClient
from integrations.fhir.errors import Fault, FhirFault
from integrations.fhir.validation import validate
from integrations.smart.backend import BackendTokens
from integrations.smart.errors import SmartFault

FIRST_WAIT, LONGEST_WAIT = 5, 300
log = structlog.get_logger()


class Outcome(StrEnum):
    FILED = "filed"
    NOTHING_TO_DO = "nothing_to_do"
    PUT_OFF = "put_off"
    FAILED = "failed"


@dataclass(frozen=True)
class _Trouble:
    """`passing` when the same try may succeed later; `wait` in seconds if the server said how long."""

    code: str
    passing: bool
    wait: int = 0


OTHER_DOCUMENT: Final = _Trouble("other_document", passing=False)


async def step(resources: Resources, tokens: BackendTokens, *, identifier: uuid.UUID) -> Outcome:
    """One try to file a note."""
    WORKER.require(Action.NOTE_FILE)
    kept = await _take(resources, identifier)
    if kept is None:
        return Outcome.NOTHING_TO_DO
    result = await _write(resources, tokens, note=_note(kept), issuer=kept.row.issuer)
    return await _settle(resources, identifier, result=result)


async def _take(resources: Resources, identifier: uuid.UUID) -> Kept | None:
    """None when there is nothing to file: filed already, waiting for a person, or erased."""
    async with resources.database.work() as session:
        try:
            kept = await load_for_filing(session, resources, identifier=identifier)
        except NotFound:
            kept = None
        if kept is None or kept.draft.state not in {State.SIGNED, State.FILING}:
            await outbox.finish(session, task=TASK, subject_id=identifier)
            return None
        draft = taken(kept.draft)
        await keep(session, resources.vault, kept=kept, draft=draft)
        return replace(kept, draft=draft)


async def _write(resources: Resources, tokens: BackendTokens, *, note: SignedNote, issuer: str) -> str | _Trouble:
    """The reference of the filed document, or why there is none. It goes to the EMR in which it was drafted alone."""
    try:
        return await _create(await worker_client(resources, tokens, issuer=issuer), note)
    except Unavailable as unregistered:
        return _Trouble(unregistered.code, passing=True)
    except SmartFault as fault:
        return _Trouble(f"smart_{fault.oauth_code or fault.fault.value}", passing=fault.passing)
    except FhirFault as fault:
        if fault.fault is Fault.LOGIN:
            tokens.forget()
        return _Trouble(f"fhir_{fault.fault.value}", fault.passing or fault.fault is Fault.LOGIN, fault.retry_after)


async def _create(client: FhirClient, note: SignedNote) -> str | _Trouble:
    """Both creates are conditional: a try that died between them is completed by the next one."""
    document = document_reference(note)
    validate(document)
    found = await client.create(document, if_none_exist=f"identifier=urn:ietf:rfc:3986|{note.identifier}")
    if not same_document(note, found):
        return OTHER_DOCUMENT
    reference = f"DocumentReference/{found['id']}"
    proof = provenance(note, target=reference)
    validate(proof)
    await client.create(proof, if_none_exist=f"target={reference}")
    return reference


async def _settle(resources: Resources, identifier: uuid.UUID, *, result: str | _Trouble) -> Outcome:
    async with resources.database.work() as session:
        kept = await load_for_filing(session, resources, identifier=identifier)
        if kept.draft.state is not State.FILING:  # another worker was faster
            return Outcome.NOTHING_TO_DO
        draft, outcome, wait = _after(kept.draft, result)
        await keep(session, resources.vault, kept=kept, draft=draft)
        if outcome is Outcome.PUT_OFF:
            await outbox.put_off(session, task=TASK, subject_id=identifier, seconds=wait)
        else:
            await outbox.finish(session, task=TASK, subject_id=identifier)
            event = record(
                session,
                WORKER,
                deed=Deed.FILE if outcome is Outcome.FILED else Deed.REFUSE,
                entity=draft.resource or f"note_draft/{identifier}",
                subject=kept.row.subject,
            )
            event.detail = {"note_draft": str(identifier), "fault": draft.fault, "attempts": draft.attempts}
    log.info("note_filing", note=str(identifier), outcome=outcome.value, fault=draft.fault, attempts=draft.attempts)
    return outcome


def _after(draft: Draft, result: str | _Trouble) -> tuple[Draft, Outcome, int]:
    """The next state, what to call it, and the seconds until the next try."""
    if isinstance(result, str):
        return filed(draft, result), Outcome.FILED, 0
    if result.passing:
        return put_off(draft, result.code), Outcome.PUT_OFF, result.wait or backoff(draft.attempts)
    return failed(draft, result.code), Outcome.FAILED, 0


def backoff(attempts: int) -> int:
    """Seconds: 5, 10, 20, ... up to five minutes; a signed note is never given up."""
    return min(FIRST_WAIT << min(max(attempts - 1, 0), 10), LONGEST_WAIT)


def _note(kept: Kept) -> SignedNote:
    row, signature = kept.row, kept.draft.signature
    assert signature is not None  # noqa: S101 - `taken` lets nothing pass without one
    return SignedNote(
        id=row.id,
        text=kept.draft.text,
        language=row.language,
        patient=kept.about.patient,
        encounter=kept.about.encounter,
        practitioner=kept.about.practitioner,
        signature=signature,
        made_by=MadeBy(row.tier, row.weights, row.prompt_version, row.policy, row.notice),
        sources=tuple(fact.source for fact in kept.facts),
    )
