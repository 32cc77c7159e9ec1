"""What a client sent along for one prefetch key: usable, empty, another patient's, or wrong, and then how. Pure.

Nothing of another patient is ever used: one such resource makes the whole part unusable.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hospital_hub.cds.chart import Unread
from integrations.cds_hooks.faults import HARMLESS, Fault, FaultCode
from integrations.cds_hooks.prefetch import Query
from integrations.fhir.client import Resource
from integrations.fhir.paths import word

PATIENT_AT: Final[Mapping[str, tuple[str, ...]]] = {"AllergyIntolerance": ("patient",), "Patient": ()}
NUMBERS: Final = frozenset({"value"})  # of a Quantity
QUANTITIES: Final = frozenset({"valueQuantity", "low", "high", "doseQuantity"})
PYTHON_NAMES: Final = "_fhir"  # class_fhir, for_fhir: names of the models of fhir.resources
DEEPEST: Final = 12
MOST_FAULTS: Final = 20


@dataclass(frozen=True)
class Part:
    """`resources` is None where nothing can be used; `final` is set where asking the FHIR server is of no use."""

    resources: tuple[Resource, ...] | None
    unread: Unread | None = None
    final: bool = False
    faults: tuple[Fault, ...] = ()


def part_of(value: object, query: Query, *, patient: str, place: str) -> Part:
    """Judge what stands at `place` (`prefetch.<key>`) against what was asked for."""
    if value is None:  # "no data" is null, not an empty Bundle
        return Part((), final=True)
    kind = word(value, "resourceType")
    if kind == "OperationOutcome":
        return Part(None, Unread.CLIENT, final=True, faults=(Fault(FaultCode.OUTCOME, place),))
    if query.identifier and kind == query.kind:
        return judged((value,), query, patient=patient, place=place)
    if query.identifier or kind != "Bundle":
        wanted = query.kind if query.identifier else "Bundle"
        return Part(None, Unread.WRONG, faults=(Fault(FaultCode.WRONG_RESOURCE, f"{place}.resourceType", wanted),))
    return _of_bundle(value, query, patient=patient, place=place)  # type: ignore[arg-type]


def _of_bundle(bundle: Resource, query: Query, *, patient: str, place: str) -> Part:
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        return Part(None, Unread.WRONG, faults=(Fault(FaultCode.NOT_LIST, f"{place}.entry"),))
    resources = [one.get("resource") if isinstance(one, dict) else None for one in entries]
    found = judged(tuple(resources), query, patient=patient, place=f"{place}.entry")
    if found.resources is not None and found.unread is None and _goes_on(bundle) and len(entries) < query.limit:
        return Part(found.resources, Unread.INCOMPLETE, faults=found.faults)
    return found


def judged(found: tuple[Any, ...], query: Query, *, patient: str, place: str) -> Part:
    """The resources of one part, without those that cannot be read."""
    kept: list[Resource] = []
    faults: list[Fault] = []
    for number, one in enumerate(found):
        here = place if query.identifier else f"{place}[{number}].resource"
        wrong = list(_faults(one, query, patient=patient, place=here))
        faults += wrong
        if all(fault.code in HARMLESS for fault in wrong) and word(one, "resourceType") == query.kind:
            kept.append(one)
    foreign = any(fault.code is FaultCode.FOREIGN_PATIENT for fault in faults)
    told = tuple(faults[:MOST_FAULTS])
    if foreign:
        return Part(None, Unread.FOREIGN, faults=told)
    lost = any(fault.code not in HARMLESS for fault in faults)
    if lost and (query.identifier or not kept):
        return Part(None, Unread.WRONG, faults=told)
    return Part(tuple(kept), Unread.INCOMPLETE if lost else None, faults=told)


def _faults(one: object, query: Query, *, patient: str, place: str) -> Iterator[Fault]:
    if not isinstance(one, dict):
        yield Fault(FaultCode.NOT_OBJECT, place)
        return
    kind = word(one, "resourceType")
    if not kind:
        yield Fault(FaultCode.MISSING, f"{place}.resourceType", query.kind)
    elif kind == "OperationOutcome":
        yield Fault(FaultCode.OUTCOME, place)
    elif kind == query.kind:
        yield from _of_patient(one, kind, patient=patient, place=place)
        yield from _shape(one, place, depth=0)


def _of_patient(one: Resource, kind: str, *, patient: str, place: str) -> Iterator[Fault]:
    path = PATIENT_AT.get(kind, ("subject",))
    named = word(one, *path, "reference") if path else f"Patient/{word(one, 'id')}"
    where = ".".join((place, *path)) if path else f"{place}.id"
    steps = named.split("/_history/", maxsplit=1)[0].split("/")
    if not named:
        yield Fault(FaultCode.NO_PATIENT, where)
    elif steps[-2:] != ["Patient", patient]:
        yield Fault(FaultCode.FOREIGN_PATIENT, where)


def _shape(value: object, place: str, *, depth: int) -> Iterator[Fault]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _shape(one, f"{place}[{number}]", depth=depth + 1)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _member(name, one, place=f"{place}.{name}", parent=place.rpartition(".")[2])
            yield from _shape(one, f"{place}.{name}", depth=depth + 1)


def _member(name: str, value: object, *, place: str, parent: str) -> Iterator[Fault]:
    if name.endswith(PYTHON_NAMES):
        yield Fault(FaultCode.PYTHON_NAME, place, name.removesuffix(PYTHON_NAMES))
    elif value is None:
        yield Fault(FaultCode.NULL, place)
    elif isinstance(value, str) and name in NUMBERS and parent in QUANTITIES:
        yield Fault(FaultCode.STRING_FOR_NUMBER, place)


def _goes_on(bundle: Resource) -> bool:
    links = bundle.get("link")
    return isinstance(links, list) and any(word(link, "relation") == "next" for link in links)
