"""A nurse finds the patient by two identifiers, compares, and binds the case; it can be undone and redone.

Each step is appended. Nothing of a case leaves the hub before it is bound, and what was filed for a wrong patient is
marked there as entered in error when the binding is undone.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.audit.events import AuditEvent, Deed, record
from hospital_hub.errors import Conflict, NotFound, Refused
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage import emr
from hospital_hub.triage.binding import About, BindingView, opened, read, steps_of
from hospital_hub.triage.live import announce
from hospital_hub.triage.nurse_tables import Bind, TriageBinding, place_of_binding
from hospital_hub.triage.patients import Found, Typed, check, find, open_encounter
from hospital_hub.triage.refiling import begin_filing, refile
from hospital_hub.triage.tables import TriageCase, subject_of
from integrations.fhir.client import FhirClient
from integrations.fhir.errors import FhirFault
from integrations.fhir.paths import word
from integrations.smart.backend import BackendTokens
from integrations.smart.errors import SmartFault


@dataclass(frozen=True)
class Desk:
    """A nurse with a case before her."""

    resources: Resources
    tokens: BackendTokens
    who: Principal
    case_id: uuid.UUID


@dataclass(frozen=True)
class Choice:
    """The patient that the nurse confirmed, with what she had typed, and the number of steps that her page showed."""

    typed: Typed
    patient: str
    seen: int


async def show(desk: Desk) -> BindingView:
    """For a page; the reading is recorded."""
    async with desk.resources.database.work() as session:
        view = await read(session, desk.resources, await _case(session, desk))
        _event(session, desk, deed=Deed.READ, patient=view.about.patient if view.about else "")
        return view


async def search(desk: Desk, typed: Typed) -> list[Found]:
    """Patients of the hospital system that fit two identifiers; whom the nurse is shown is recorded first.

    Raises:
        Refused: what was typed is not enough. NotFound: nobody fits. UpstreamFailed, NotAllowed: the EMR's answer.
    """
    tidy = check(typed)
    try:
        found = await find(await _connected(desk), tidy)
    except (SmartFault, FhirFault) as fault:
        raise _told(desk, fault) from fault
    async with desk.resources.database.work() as session:
        await _case(session, desk)
        for patient in [one.id for one in found] or [""]:
            event = _event(session, desk, deed=Deed.READ, patient=patient)
            event.detail = {"compared": [kind.value for kind in tidy.kinds], "found": len(found)}
    if not found:
        raise NotFound(
            "Nobody in the hospital system fits these identifiers together.",
            "Compare each sign with the card, or have the patient registered first.",
            code="nobody_fits",
        )
    return found


async def bind(desk: Desk, choice: Choice, *, now: datetime) -> None:
    """Bind the case to the patient that the nurse compared; it is filed from then on.

    Raises:
        Refused: the patient does not fit what was typed any more. Conflict: it is bound, or somebody was faster.
    """
    tidy = check(choice.typed)
    try:
        about = await _about(await _connected(desk), typed=tidy, patient=choice.patient, now=now)
    except (SmartFault, FhirFault) as fault:
        raise _told(desk, fault) from fault
    async with desk.resources.database.work() as session:
        case = await _case(session, desk, lock=True)
        steps = await steps_of(session, case.id)
        _unchanged(steps, choice.seen)
        if steps and steps[-1].step is Bind.BOUND:
            raise Conflict("This case is bound to a patient already.", "Undo that first.")
        step = _step(desk, ordinal=len(steps) + 1, bind=Bind.BOUND)
        step.checked = [kind.value for kind in tidy.kinds]
        step.about = await desk.resources.vault.seal(
            session,
            subject=subject_of(case.id),
            place=place_of_binding(case.id, step.ordinal),
            text=json.dumps(asdict(about), ensure_ascii=False),
        )
        await _take(session, desk, step=step, patient=about.patient)
        if desk.resources.settings.triage_filing:
            await begin_filing(session, case)


async def unbind(desk: Desk, *, seen: int) -> None:
    """Undo the binding; what was filed under it is marked as entered in error.

    Raises:
        Conflict: it is not bound, or somebody was faster.
    """
    async with desk.resources.database.work() as session:
        case = await _case(session, desk, lock=True)
        steps = await steps_of(session, case.id)
        _unchanged(steps, seen)
        about = await opened(session, desk.resources, step=steps[-1]) if steps else None
        if about is None:
            raise Conflict("This case is not bound to a patient.", "Look at it again, then decide.")
        step = _step(desk, ordinal=len(steps) + 1, bind=Bind.UNBOUND)
        await _take(session, desk, step=step, patient=about.patient)
        await refile(session, case)


async def file_again(desk: Desk) -> None:
    """After a person has looked why the hospital system refused it."""
    async with desk.resources.database.work() as session:
        case = await _case(session, desk, lock=True)
        _event(session, desk, deed=Deed.UPDATE, patient="").detail = {"step": "file_again"}
        await refile(session, case)


async def _connected(desk: Desk) -> FhirClient:
    return await emr.connect(desk.resources, desk.tokens, scope=emr.LOOK_SCOPE)


def _told(desk: Desk, fault: SmartFault | FhirFault) -> Exception:
    desk.tokens.forget()
    return emr.for_people(fault)


async def _about(client: FhirClient, *, typed: Typed, patient: str, now: datetime) -> About:
    """The patient, compared once more, with the encounter that stands open for this visit and its priority."""
    found = next((one for one in await find(client, typed) if one.id == patient), None)
    if found is None:
        raise Refused(
            "This patient does not fit the identifiers any more.", "Look for the patient again.", code="patient_changed"
        )
    encounter = await open_encounter(client, patient=patient, now=now)
    shown = {name: value for name, value in asdict(found).items() if name != "id"}
    return About(patient=patient, encounter=word(encounter, "id"), priority=(encounter or {}).get("priority"), **shown)


async def _case(session: AsyncSession, desk: Desk, *, lock: bool = False) -> TriageCase:
    case = await session.get(TriageCase, desk.case_id, with_for_update=lock)
    if case is None:
        raise NotFound("There is no such case.", "Go back to the board.")
    return case


def _unchanged(steps: Sequence[TriageBinding], seen: int) -> None:
    if len(steps) != seen:
        raise Conflict("Somebody else has just changed this case.", "Look at it again, then decide.")


def _step(desk: Desk, *, ordinal: int, bind: Bind) -> TriageBinding:
    return TriageBinding(
        case_id=desk.case_id, ordinal=ordinal, step=bind, who=desk.who.id, display_name=desk.who.display_name
    )


async def _take(session: AsyncSession, desk: Desk, *, step: TriageBinding, patient: str) -> None:
    session.add(step)
    event = _event(session, desk, deed=Deed.UPDATE, patient=patient)
    event.detail = {"step": step.step.value, "compared": step.checked}
    await announce(session)


def _event(session: AsyncSession, desk: Desk, *, deed: Deed, patient: str) -> AuditEvent:
    """Filed under the patient's keyed hash, or the case's where there is none."""
    resources, entity = desk.resources, subject_of(desk.case_id)
    subject = emr.patient_subject(resources, patient) if patient else resources.vault.blind(entity)
    return record(session, desk.who, deed=deed, entity=entity, subject=subject)
