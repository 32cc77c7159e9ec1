"""Reads what a note needs of one patient's chart, all at once, with the clinician's token. Interprets nothing.

A type that the EMR does not give is named in `unread`, so that its absence is never taken for "there is none".
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from hospital_hub.errors import HubError, UpstreamFailed
from hospital_hub.notes.emr import from_fhir
from integrations.fhir.client import FhirClient, Resource
from integrations.fhir.errors import Fault, FhirFault
from integrations.fhir.paths import word

log = structlog.get_logger()
# Newest first where the type has a date to sort by; enough for a ward patient's days, not for a life.
QUERIES: Mapping[str, tuple[int, Mapping[str, str]]] = {
    "Condition": (40, {}),
    "AllergyIntolerance": (20, {}),
    "MedicationRequest": (40, {"status": "active"}),
    "Observation": (120, {"_sort": "-date"}),
    "DocumentReference": (4, {"_sort": "-date", "status": "current"}),
}
_PASS_OVER = frozenset({Fault.FORBIDDEN, Fault.INVALID, Fault.NOT_FOUND})


@dataclass(frozen=True)
class Chart:
    """Resources as received; `unread` are types that the EMR did not give."""

    patient: Resource
    encounter: Resource | None
    resources: Mapping[str, list[Resource]]
    unread: tuple[str, ...] = ()

    def of(self, kind: str) -> list[Resource]:
        return list(self.resources.get(kind, []))


async def read_patient(client: FhirClient, patient: str) -> Resource:
    try:
        return await client.read("Patient", patient)
    except FhirFault as fault:
        raise from_fhir(fault) from fault


async def read_chart(client: FhirClient, *, patient: str, encounter: str) -> Chart:
    """The chart of `patient`.

    Raises:
        LaunchEnded: the token is no longer taken. UpstreamFailed: the EMR does not answer, or gave another patient's
        data, in which case none of it is used.
    """
    try:
        async with asyncio.TaskGroup() as group:
            person = group.create_task(read_patient(client, patient))
            stay_read = group.create_task(_encounter(client, encounter))
            reads = {kind: group.create_task(_part(client, kind, patient=patient)) for kind in QUERIES}
    except* HubError as several:
        raise first_error(several) from None
    stay = stay_read.result()
    parts = {kind: task.result() for kind, task in reads.items()}
    read = {kind: part for kind, part in parts.items() if part is not None}
    for resource in [*([stay] if stay else []), *(one for part in read.values() for one in part)]:
        _require_patient(resource, patient)
    unread = [kind for kind in QUERIES if kind not in read]
    if encounter and stay is None:
        unread.append("Encounter")
    return Chart(person.result(), stay, read, tuple(unread))


async def _part(client: FhirClient, kind: str, *, patient: str) -> list[Resource] | None:
    limit, query = QUERIES[kind]
    try:
        return await client.search(kind, {"patient": patient, "_count": str(limit), **query}, limit=limit)
    except FhirFault as fault:
        _pass_over(fault, kind)
        return None


async def _encounter(client: FhirClient, encounter: str) -> Resource | None:
    if not encounter:
        return None
    try:
        return await client.read("Encounter", encounter)
    except FhirFault as fault:
        _pass_over(fault, "Encounter")
        return None


def _pass_over(fault: FhirFault, kind: str) -> None:
    """Go on without this part where the EMR withholds it; anything else ends the reading."""
    if fault.fault not in _PASS_OVER:
        raise from_fhir(fault) from fault
    log.warning("chart_part_unread", kind=kind, fault=fault.fault.value, status=fault.status)


def first_error(group: BaseExceptionGroup[HubError]) -> HubError:
    """One of several failures that happened at the same time."""
    inner = group.exceptions[0]
    return first_error(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _require_patient(resource: Mapping[str, Any], patient: str) -> None:
    """R4: `patient` of an AllergyIntolerance, `subject` of the others."""
    named = word(resource, "subject", "reference") or word(resource, "patient", "reference")
    if named.split("/")[-2:] != ["Patient", patient]:
        log.error("foreign_patient_in_chart", kind=str(resource.get("resourceType")))
        raise UpstreamFailed(
            "The EMR sent data of another patient.",
            "Nothing was used. Tell the hospital's IT, with the request number.",
            code="foreign_patient",
        )
