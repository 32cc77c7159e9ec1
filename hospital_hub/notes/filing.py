"""Carries a signed note into the EMR, once, however often it is tried; and tells it of a withdrawn one. Worker only.

Take (one transaction, under a lease), write to the EMR (no transaction open), settle (one transaction, if the lease
still holds). A note that was withdrawn while it was filed is taken again at once.
"""

import asyncio
import uuid
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.emr import emr_of
from hospital_hub.errors import NotFound, Unavailable
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import WORKER
from hospital_hub.notes.ai_record import model_of
from hospital_hub.notes.document import DocumentType, MadeBy, Replaced, SignedNote
from hospital_hub.notes.draft import Draft, State, failed, filed, put_off, struck, superseded, taken
from hospital_hub.notes.emr import worker_client
from hospital_hub.notes.emr_profile import Profile, profile_of
from hospital_hub.notes.filing_write import Target, Trouble, strike, write
from hospital_hub.notes.service import TASK
from hospital_hub.notes.states import WAITING
from hospital_hub.notes.store import Kept, keep, load_for_filing
from hospital_hub.resources import Resources
from hospital_hub.storage import outbox
from hospital_hub.storage.outbox import Lease, LeaseLost
from integrations.fhir.errors import Fault, FhirFault
from integrations.smart.backend import BackendTokens
from integrations.smart.errors import SmartFault

FIRST_WAIT, LONGEST_WAIT = 5, 300
LEASE_SECONDS: Final = 180
WRITE_SECONDS: Final = 120.0  # less than the lease
PASSING: Final = frozenset({Fault.LOGIN, Fault.CONFLICT})  # a new token, or another look, may help
log = structlog.get_logger()


class Outcome(StrEnum):
    FILED = "filed"
    STRUCK = "struck"  # marked as entered in error, or never there
    NOTHING_TO_DO = "nothing_to_do"
    AGAIN = "again"  # withdrawn while it was filed
    PUT_OFF = "put_off"
    FAILED = "failed"


@dataclass(frozen=True)
class _Taken:
    """`before` is the document of the version that it replaces, if it replaces one."""

    lease: Lease
    kept: Kept
    before: str

    @property
    def withdrawn(self) -> bool:
        return self.kept.draft.state is State.WITHDRAWN


async def step(
    resources: Resources, tokens: BackendTokens, *, identifier: uuid.UUID, profile: Profile | None = None
) -> Outcome:
    """One try to have the EMR show a note as it stands here. `profile` is that of the EMR's block if unset."""
    WORKER.require(Action.NOTE_FILE)
    task = await _take(resources, identifier)
    if task is None:
        return Outcome.NOTHING_TO_DO
    result = await _write(resources, tokens, task=task, profile=profile)
    try:
        return await _settle(resources, identifier, task=task, result=result)
    except LeaseLost:
        log.info("note_lease_lost", note=str(identifier), fence=task.lease.fence)
        return Outcome.NOTHING_TO_DO


async def _take(resources: Resources, identifier: uuid.UUID) -> _Taken | None:
    """None when there is nothing to file (filed already, waiting for a person, erased), or somebody else is at it."""
    async with resources.database.work() as session:
        lease = await outbox.claim(session, task=TASK, subject_id=identifier, seconds=LEASE_SECONDS)
        if lease is None:
            return None
        try:
            kept = await load_for_filing(session, resources, identifier=identifier)
            before = await _before(session, resources, kept=kept)
        except NotFound:
            kept = None
        if kept is None or kept.draft.state not in WAITING:
            await outbox.finish(session, task=TASK, subject_id=identifier)
            return None
        draft = taken(kept.draft)
        await keep(session, resources.vault, kept=kept, draft=draft)
        return _Taken(lease, replace(kept, draft=draft), before)


async def _before(session: AsyncSession, resources: Resources, *, kept: Kept) -> str:
    if kept.row.replaces is None:
        return ""
    return (await load_for_filing(session, resources, identifier=kept.row.replaces)).draft.resource


async def _write(
    resources: Resources, tokens: BackendTokens, *, task: _Taken, profile: Profile | None
) -> str | Trouble:
    """The reference of the document, empty if the EMR never had it, or why it does not stand there as it should."""
    row, withdrawal = task.kept.row, task.kept.draft.withdrawal
    model = model_of(resources.registry, tier=row.tier, weights=row.weights, notice=row.notice)
    note = _note(task)
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            known = profile or profile_of(emr_of(resources, row.issuer).capabilities)
            client = await worker_client(resources, tokens, issuer=row.issuer, scope=known.scope)
            target = Target(client, known, model)
            if task.withdrawn and withdrawal is not None:
                return await strike(target, note, withdrawal=withdrawal)
            return await write(target, note)
    except SmartFault as fault:
        return Trouble(f"smart_{fault.oauth_code or fault.fault.value}", passing=fault.passing)
    except FhirFault as fault:
        if fault.fault is Fault.LOGIN:
            tokens.forget()
        return Trouble(f"fhir_{fault.fault.value}", fault.passing or fault.fault in PASSING, fault.retry_after)
    except TimeoutError:
        return Trouble("fhir_too_slow", passing=True)
    except Unavailable as missing:
        return Trouble(missing.code, passing=True)


async def _settle(resources: Resources, identifier: uuid.UUID, *, task: _Taken, result: str | Trouble) -> Outcome:
    async with resources.database.work() as session:
        await outbox.hold(session, task.lease)
        kept = await load_for_filing(session, resources, identifier=identifier)
        if kept.draft.state is not task.kept.draft.state:  # withdrawn meanwhile
            await outbox.put_off(session, task=TASK, subject_id=identifier, seconds=0)
            return Outcome.AGAIN
        draft, outcome, wait = _after(kept.draft, result)
        await keep(session, resources.vault, kept=kept, draft=draft)
        if draft.resource and outcome in {Outcome.FILED, Outcome.STRUCK}:
            await _supersede(session, resources, replaced=kept.row.replaces)
        if outcome is Outcome.PUT_OFF:
            await outbox.put_off(session, task=TASK, subject_id=identifier, seconds=wait)
        else:
            await outbox.finish(session, task=TASK, subject_id=identifier)
            _audit(session, kept=kept, draft=draft, outcome=outcome)
    log.info("note_filing", note=str(identifier), outcome=outcome.value, fault=draft.fault, attempts=draft.attempts)
    return outcome


async def _supersede(session: AsyncSession, resources: Resources, *, replaced: uuid.UUID | None) -> None:
    """The record has the new version, so the one before is superseded, there and here."""
    if replaced is None:
        return
    before = await load_for_filing(session, resources, identifier=replaced)
    if before.draft.state is State.FILED:
        await keep(session, resources.vault, kept=before, draft=superseded(before.draft))


def _audit(session: AsyncSession, *, kept: Kept, draft: Draft, outcome: Outcome) -> None:
    event = record(
        session,
        WORKER,
        deed=Deed.REFUSE if outcome is Outcome.FAILED else Deed.FILE,
        entity=draft.resource or f"note_draft/{kept.row.id}",
        subject=kept.row.subject,
    )
    event.detail = {
        "note_draft": str(kept.row.id),
        "fault": draft.fault,
        "attempts": draft.attempts,
        "state": draft.state.value,
    }


def _after(draft: Draft, result: str | Trouble) -> tuple[Draft, Outcome, int]:
    """The next state, what to call it, and the seconds until the next try."""
    if isinstance(result, str):
        if draft.state is State.WITHDRAWN:
            return struck(draft, result), Outcome.STRUCK, 0
        return filed(draft, result), Outcome.FILED, 0
    if result.passing:
        return put_off(draft, result.code), Outcome.PUT_OFF, result.wait or backoff(draft.attempts)
    return failed(draft, result.code), Outcome.FAILED, 0


def backoff(attempts: int) -> int:
    """Seconds: 5, 10, 20, ... up to five minutes; a signed note is never given up."""
    return min(FIRST_WAIT << min(max(attempts - 1, 0), 10), LONGEST_WAIT)


def _note(task: _Taken) -> SignedNote:
    kept = task.kept
    row, signature, kind = kept.row, kept.draft.signature, kept.kind
    assert signature is not None  # noqa: S101 - `taken` lets nothing pass without one
    return SignedNote(
        id=row.id,
        text=kept.draft.text,
        language=row.language,
        patient=kept.about.patient,
        encounter=kept.about.encounter,
        practitioner=kept.about.practitioner,
        signature=signature,
        made_by=MadeBy(row.tier, row.weights, row.prompt_version, row.policy, row.notice, row.call_id),
        sources=tuple(fact.source for fact in kept.facts),
        type=DocumentType(kind.loinc.code, kind.loinc.display, (("en", kind.name.en), ("zh-CN", kind.name.zh))),
        replaces=Replaced(task.before, row.replaced_sha256, kept.draft.reason) if task.before else None,
    )
