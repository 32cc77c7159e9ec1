"""What a filing says to the FHIR server: look at what is there, write the difference in transactions, look again.

Safe to repeat at any point: a try that died after the server's commit finds everything in its place. Holds no database.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from hospital_hub.triage import fhir_base as base
from hospital_hub.triage.binding import About
from hospital_hub.triage.fhir_changes import Present, entries, parts, transaction, voidable
from hospital_hub.triage.fhir_codes import TRIAGE, is_ours
from hospital_hub.triage.fhir_out import priority_of, resources_of
from hospital_hub.triage.fhir_provenance import nullified
from hospital_hub.triage.filed_case import FiledCase, Person
from hospital_hub.triage.patients import open_encounter
from integrations.fhir.client import FhirClient, Resource
from integrations.fhir.errors import Fault, FhirFault
from integrations.fhir.paths import at, items, word
from integrations.fhir.validation import validate

AT_ONCE: Final = 15  # identifiers in one search
TRIES: Final = 3  # of an update that somebody else was faster at
PROVENANCE: Final = "Provenance"
NULLIFIED: Final = "0.nullified"  # no resource of a case, so never looked for


@dataclass(frozen=True)
class ToFile:
    """`case` is None where the case is not bound. `known` is kind or reference by key, as `TriageFiling` keeps it.

    `bindings` are all patients that the case was ever bound to, by ordinal; `last` is who took the last step.
    """

    id: uuid.UUID
    case: FiledCase | None
    known: Mapping[str, Any]
    bindings: Mapping[int, About]
    last: Person
    last_at: datetime


@dataclass(frozen=True)
class Written:
    """References by key, bindings that were touched, and why the visit's priority could not be set, if so."""

    references: Mapping[str, str]
    touched: frozenset[int] = frozenset()
    fault: str = ""


async def write(client: FhirClient, todo: ToFile, *, now: datetime) -> Written:
    """Make the server have the case as it stands.

    Raises:
        FhirFault: a transaction was refused whole, or its answer got lost; to be tried again if it is passing.
    """
    present = await look(client, todo)
    case = todo.case
    if case is not None:
        case = replace(case, encounter=await _encounter(client, todo, present=present, now=now))
    wanted = {} if case is None else resources_of(case)
    for resource in wanted.values():
        validate(resource)
    changes = entries(present, wanted, server=client.base)
    touched = frozenset(int(key.partition(".")[0]) for key in changes)
    if wrong := voidable(present, wanted):
        changes[NULLIFIED] = _nullification(todo, [present.reference(key) for key in wrong])
    for part in parts(changes, wanted=wanted):
        await client.transaction(transaction([present.named(entry) for entry in part]))
        present = await look(client, todo)
    return Written(present.references, touched, await _priorities(client, todo, case=case, present=present))


async def look(client: FhirClient, todo: ToFile) -> Present:
    """All that the server has of the case, under any binding."""
    kinds = {key: str(known).partition("/")[0] for key, known in todo.known.items()}
    found: dict[str, Resource] = {}
    for kind in dict.fromkeys(kinds.values()):
        if kind == PROVENANCE:
            continue
        keys = [key for key, one in kinds.items() if one == kind]
        for start in range(0, len(keys), AT_ONCE):
            found |= await _identified(client, todo.id, kind=kind, keys=keys[start : start + AT_ONCE])
    return Present(todo.id, found | await _records(client, todo, found=found))


async def _records(client: FhirClient, todo: ToFile, *, found: Mapping[str, Resource]) -> dict[str, Resource]:
    """The Provenances of the binding that stands: of the rules by the risk, of AI by the answers or the risk."""
    records: dict[str, Resource] = {}
    for role in ("risk", "answers"):
        target = None if todo.case is None else found.get(base.key_of(todo.case.binding, role))
        if target is None:
            continue
        query = {"target": f"{target['resourceType']}/{target['id']}", "_count": "50"}
        for one in await client.search(PROVENANCE, query, limit=50):
            values = [word(part, "what", "identifier", "value") for part in items(one, "entity")]
            records |= dict.fromkeys(_keys(todo.id, values), one)
    return records


async def _identified(client: FhirClient, case_id: uuid.UUID, *, kind: str, keys: Sequence[str]) -> dict[str, Resource]:
    query = ",".join(f"{TRIAGE}|{case_id}.{key}" for key in keys)
    found: dict[str, Resource] = {}
    for one in await client.search(kind, {"identifier": query, "_count": "50"}, limit=50):
        identifiers = items(one, "identifier") or [at(one, "identifier")]
        for key in _keys(case_id, [word(own, "value") for own in identifiers]):
            if key in found:
                raise FhirFault(Fault.AMBIGUOUS, kind)
            found[key] = one
    return found


def _keys(case_id: uuid.UUID, values: Sequence[str]) -> Iterator[str]:
    start = f"{case_id}."
    return (value.removeprefix(start) for value in values if value.startswith(start))


def _nullification(todo: ToFile, targets: list[str]) -> Resource:
    record = nullified(targets=targets, by=todo.last, at=todo.last_at)
    validate(record)
    return {
        "fullUrl": uuid.uuid5(todo.id, "|".join(targets)).urn,
        "resource": record,
        "request": {"method": "POST", "url": PROVENANCE},
    }


async def _encounter(client: FhirClient, todo: ToFile, *, present: Present, now: datetime) -> str:
    """The visit's reference in the hospital system; empty where the hub opens one, or has."""
    case = todo.case
    assert case is not None  # noqa: S101 - asked for bound cases only
    own = base.key_of(case.binding, "encounter")
    if own in present.resources:
        return ""
    if case.encounter:
        return case.encounter
    if chosen := _chosen(present, case.binding):
        return chosen
    found = await open_encounter(client, patient=case.patient, now=now)
    return "" if found is None else f"Encounter/{word(found, 'id')}"


def _chosen(present: Present, binding: int) -> str:
    """The visit under which the case was filed before."""
    risk = present.resources.get(base.key_of(binding, "risk"))
    return word(risk, "encounter", "reference")


async def _priorities(client: FhirClient, todo: ToFile, *, case: FiledCase | None, present: Present) -> str:
    """Set the priority of the visit, and give that of a wrong patient's visit back; the code of what did not work."""
    fault = ""
    for ordinal, about in todo.bindings.items():
        if base.key_of(ordinal, "encounter") in present.resources:
            continue  # the hub's own went with the transaction
        reference = _chosen(present, ordinal)
        wanted = priority_of(case) if case is not None and case.binding == ordinal else None
        levelled = base.key_of(ordinal, "acuity") in present.resources
        if not reference or not levelled:
            continue  # the hub has not touched that visit
        before = about.priority if reference == f"Encounter/{about.encounter}" else None
        try:
            await _prioritise(client, reference, wanted=wanted, before=before)
        except FhirFault as refused:
            if refused.passing or refused.fault in {Fault.LOGIN, Fault.CONFLICT}:
                raise
            fault = f"encounter_{refused.fault.value}"
    return fault


async def _prioritise(client: FhirClient, reference: str, *, wanted: Resource | None, before: Resource | None) -> None:
    """Over exactly the version that was read, so that nothing that others wrote in between gets lost."""
    for remaining in reversed(range(TRIES)):
        encounter = await client.read("Encounter", reference.rpartition("/")[2])
        standing = encounter.get("priority")
        new = wanted if wanted is not None else before if is_ours(standing) else standing
        if new == standing:
            return
        changed = {name: value for name, value in encounter.items() if name != "priority"}
        if new is not None:
            changed["priority"] = new
        try:
            await client.update(changed, version=word(encounter, "meta", "versionId"))
        except FhirFault as faster:
            if faster.fault is not Fault.CONFLICT or not remaining:
                raise
        else:
            return
