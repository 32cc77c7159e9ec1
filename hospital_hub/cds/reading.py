"""The parts of a chart that a service asks for: from the prefetch, else from the client's FHIR server, in short time.

However slow that server is, all reads of a call together take no longer than `read_milliseconds`. What is not there
by then is named, so that its absence is never taken for "there is none".
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import structlog

from hospital_hub.cds.chart import Chart, Unread
from hospital_hub.cds.prefetched import Part, judged, part_of
from integrations.cds_hooks.faults import Fault, FaultCode
from integrations.cds_hooks.prefetch import Query, resolve
from integrations.cds_hooks.request import HookRequest
from integrations.fhir.client import FhirClient, Limits
from integrations.fhir.errors import Fault as FhirFaultKind
from integrations.fhir.errors import FhirFault

LARGEST: Final = 4 * 1024 * 1024
_REASONS: Final[Mapping[FhirFaultKind, Unread]] = {
    FhirFaultKind.LOGIN: Unread.REFUSED,
    FhirFaultKind.FORBIDDEN: Unread.REFUSED,
    FhirFaultKind.INVALID: Unread.REFUSED,
    FhirFaultKind.NOT_FOUND: Unread.REFUSED,
    FhirFaultKind.MALFORMED: Unread.WRONG,
    FhirFaultKind.FOREIGN: Unread.WRONG,
    FhirFaultKind.TOO_LARGE: Unread.WRONG,
}
log = structlog.get_logger()


@dataclass(frozen=True)
class Reader:
    """`reads` bounds how many connections all calls of a process hold open to FHIR servers; `until` is loop time."""

    http: aiohttp.ClientSession
    reads: asyncio.Semaphore
    until: float


@dataclass(frozen=True)
class Read:
    """What was read, and everything that a peer sent wrongly."""

    chart: Chart
    faults: tuple[Fault, ...] = ()


@dataclass
class _Parts:
    found: dict[str, Part] = field(default_factory=dict)
    to_ask: dict[str, Query] = field(default_factory=dict)


async def read(reader: Reader, request: HookRequest, *, templates: Mapping[str, str]) -> Read:
    parts = _from_prefetch(request, templates)
    if parts.to_ask and request.fhir_server and request.authorization is not None:
        for key, part in (await _ask_all(reader, request, asked=parts.to_ask)).items():
            earlier = parts.found[key]
            faults = (*earlier.faults, *part.faults)
            better = part if part.resources is not None or earlier.resources is None else earlier
            parts.found[key] = Part(better.resources, better.unread, faults=faults)
    return _as_read(parts.found, request, templates)


def _from_prefetch(request: HookRequest, templates: Mapping[str, str]) -> _Parts:
    parts = _Parts()
    for key, template in templates.items():
        query = resolve(template, request.context)
        if query is None:
            continue
        part = Part(None, Unread.NOT_SENT)
        if key in request.prefetch:
            part = part_of(request.prefetch[key], query, patient=request.context.patient, place=f"prefetch.{key}")
        parts.found[key] = part
        if part.unread is not None and not part.final:
            parts.to_ask[key] = query
    return parts


async def _ask_all(reader: Reader, request: HookRequest, *, asked: Mapping[str, Query]) -> dict[str, Part]:
    """All at once; what is not answered in time is called slow."""
    tasks = {key: asyncio.create_task(_ask(reader, request, query=query, key=key)) for key, query in asked.items()}
    left = max(0.0, reader.until - asyncio.get_running_loop().time())
    _done, late = await asyncio.wait(tasks.values(), timeout=left)
    for task in late:
        task.cancel()
    if late:
        await asyncio.gather(*late, return_exceptions=True)
        log.warning("cds_reads_late", messages=len(late))
    return {key: Part(None, Unread.SLOW) if task in late else task.result() for key, task in tasks.items()}


async def _ask(reader: Reader, request: HookRequest, *, query: Query, key: str) -> Part:
    assert request.authorization is not None  # noqa: S101 - asked for only with one
    async with reader.reads:
        left = reader.until - asyncio.get_running_loop().time()
        if left <= 0:
            return Part(None, Unread.SLOW)
        limits = Limits(seconds=left, bytes=LARGEST)
        client = FhirClient(reader.http, request.fhir_server, request.authorization.token, limits)
        try:
            found = await _answer(client, query)
        except FhirFault as fault:
            return Part(None, _reason(fault))
    return judged(found, query, patient=request.context.patient, place=f"fhirServer.{key}")


async def _answer(client: FhirClient, query: Query) -> tuple[object, ...]:
    if query.identifier:
        return (await client.read(query.kind, query.identifier),)
    return tuple(await client.search(query.kind, query.parameters or {}, limit=query.limit))


def _reason(fault: FhirFault) -> Unread:
    if fault.fault is FhirFaultKind.UNREACHABLE and isinstance(fault.__cause__, TimeoutError):
        return Unread.SLOW
    log.warning("cds_part_unread", fault=fault.fault.value, status=fault.status)
    return _REASONS.get(fault.fault, Unread.AWAY)


def _as_read(found: Mapping[str, Part], request: HookRequest, templates: Mapping[str, str]) -> Read:  # noqa: PLR0917
    unasked = [Fault(FaultCode.UNASKED, f"prefetch.{key}") for key in request.prefetch if key not in templates]
    chart = Chart(
        {key: part.resources for key, part in found.items() if part.resources is not None},
        {key: part.unread for key, part in found.items() if part.unread is not None},
    )
    return Read(chart, (*request.faults, *(fault for part in found.values() for fault in part.faults), *unasked))
