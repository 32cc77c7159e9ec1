"""Carries a bound case into the hospital system, once, however often it is tried. Called by the worker alone.

Take (one transaction, under a lease), write (no transaction open), settle (one transaction, if the lease still holds).
A case that changed meanwhile is taken again at once.
"""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import Deed, record
from hospital_hub.errors import NotFound, Unavailable
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import WORKER
from hospital_hub.resources import Resources
from hospital_hub.storage import outbox
from hospital_hub.storage.outbox import Lease, LeaseLost
from hospital_hub.triage import case_to_file, emr
from hospital_hub.triage.filing_write import ToFile, Written, write
from hospital_hub.triage.live import announce
from hospital_hub.triage.nurse_tables import FilingState, TriageFiling
from hospital_hub.triage.refiling import TASK
from hospital_hub.triage.tables import TriageCase, subject_of
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
    NOTHING_TO_DO = "nothing_to_do"
    AGAIN = "again"  # the case changed while it was filed
    PUT_OFF = "put_off"
    FAILED = "failed"


@dataclass(frozen=True)
class Trouble:
    """`passing` when the same try may succeed later; `wait` in seconds if the server said how long."""

    code: str
    passing: bool
    wait: int = 0


@dataclass(frozen=True)
class _Taken:
    lease: Lease
    todo: ToFile
    version: str
    attempts: int


async def step(resources: Resources, tokens: BackendTokens, *, identifier: uuid.UUID, now: datetime) -> Outcome:
    """One try to file a case as it stands."""
    WORKER.require(Action.TRIAGE_FILE)
    taken = await _take(resources, identifier)
    if taken is None:
        return Outcome.NOTHING_TO_DO
    result = await _write(resources, tokens, todo=taken.todo, now=now)
    try:
        return await _settle(resources, taken, result=result)
    except LeaseLost:
        log.info("triage_lease_lost", case=str(identifier), fence=taken.lease.fence)
        return Outcome.NOTHING_TO_DO


async def _take(resources: Resources, identifier: uuid.UUID) -> _Taken | None:
    """None when there is nothing to file, or somebody else is at it. What may be made is kept before it is written."""
    async with resources.database.work() as session:
        lease = await outbox.claim(session, task=TASK, subject_id=identifier, seconds=LEASE_SECONDS)
        if lease is None:
            return None
        filing = await session.get(TriageFiling, identifier, with_for_update=True)
        case = await session.get(TriageCase, identifier)
        wanted = resources.settings.triage_filing and filing is not None and filing.state is not FilingState.FILED
        if not wanted or case is None or filing is None:
            await outbox.finish(session, task=TASK, subject_id=identifier)
            return None
        try:
            todo = await case_to_file.read(session, resources, case=case, filing=filing)
        except NotFound:  # erased
            await outbox.finish(session, task=TASK, subject_id=identifier)
            return None
        filing.state, filing.attempts, filing.references = FilingState.FILING, filing.attempts + 1, dict(todo.known)
        session.add(filing)
        return _Taken(lease, todo, f"{case.steps}.{todo.case.binding if todo.case else 0}", filing.attempts)


async def _write(resources: Resources, tokens: BackendTokens, *, todo: ToFile, now: datetime) -> Written | Trouble:
    """What stands there now, or why it does not."""
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            client = await emr.connect(resources, tokens, scope=emr.FILE_SCOPE)
            return await write(client, todo, now=now)
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


async def _settle(resources: Resources, taken: _Taken, *, result: Written | Trouble) -> Outcome:
    identifier = taken.todo.id
    async with resources.database.work() as session:
        await outbox.hold(session, taken.lease)
        filing = await session.get_one(TriageFiling, identifier, with_for_update=True)
        changed = filing.state is not FilingState.FILING
        if isinstance(result, Written):
            filing.references = {**filing.references, **result.references}
        outcome, wait = _after(filing, result, taken=taken, changed=changed)
        session.add(filing)
        if wait is None:
            await outbox.finish(session, task=TASK, subject_id=identifier)
        else:
            await outbox.put_off(session, task=TASK, subject_id=identifier, seconds=wait)
        touched = result.touched if isinstance(result, Written) else frozenset(taken.todo.bindings)
        for patient in {taken.todo.bindings[one].patient for one in touched if outcome is not Outcome.PUT_OFF}:
            _audit(session, resources, taken=taken, patient=patient, fault=filing.fault)
        await announce(session)
    log.info("triage_filing", case=str(identifier), outcome=outcome.value, fault=filing.fault, attempts=taken.attempts)
    return outcome


def _after(
    filing: TriageFiling, result: Written | Trouble, *, taken: _Taken, changed: bool
) -> tuple[Outcome, int | None]:
    """What to call it, and the seconds until the next try, None where none is needed."""
    if isinstance(result, Written):
        filing.version, filing.fault = taken.version, result.fault
        if changed:
            return Outcome.AGAIN, 0
        filing.state = FilingState.FILED
        return Outcome.FILED, None
    filing.fault = result.code
    if result.passing or changed:
        filing.state = FilingState.WAITING
        return Outcome.PUT_OFF, result.wait or backoff(taken.attempts)
    filing.state = FilingState.FAILED
    return Outcome.FAILED, None


def _audit(session: AsyncSession, resources: Resources, *, taken: _Taken, patient: str, fault: str) -> None:
    deed = Deed.REFUSE if fault.startswith(("fhir_", "smart_")) else Deed.FILE
    subject = emr.patient_subject(resources, patient)
    event = record(session, WORKER, deed=deed, entity=subject_of(taken.todo.id), subject=subject)
    event.detail = {"version": taken.version, "fault": fault, "attempts": taken.attempts}


def backoff(attempts: int) -> int:
    """Seconds: 5, 10, 20, ... up to five minutes; a case is never given up for an EMR that is away."""
    return min(FIRST_WAIT << min(max(attempts - 1, 0), 10), LONGEST_WAIT)
