"""The latest value of each thing measured, abnormal ones first. Digits and units stay as the EMR gave them. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from hospital_hub.clinical.grounding import Fact, FactKind
from hospital_hub.notes.wording import Wording
from integrations.fhir.client import Resource
from integrations.fhir.paths import at, codes, concept, items, word

GIVEN = frozenset({"final", "amended", "corrected", "preliminary"})
# http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation
HIGH, LOW, ABNORMAL = frozenset({"H", "HH", "HU"}), frozenset({"L", "LL", "LU"}), frozenset({"A", "AA", "POS"})
# UCUM codes that people write in another way; `{score}` and its like are annotations, not units.
SHOWN = {"Cel": "°C", "mm[Hg]": "mmHg", "{beats}/min": "/min", "{breaths}/min": "/min", "1": ""}


def measurements(found: Sequence[Resource], wording: Wording) -> list[Fact]:
    latest: dict[str, Resource] = {}
    for one in sorted(found, key=moment, reverse=True):
        name = concept(one, "code")
        if name and word(one, "status") in GIVEN:
            latest.setdefault(name, one)
    facts = [fact for one in latest.values() for fact in _facts(one, wording)]
    return sorted(facts, key=lambda fact: not fact.abnormal)


def moment(resource: Resource) -> str:
    return word(resource, "effectiveDateTime") or word(resource, "effectivePeriod", "start") or word(resource, "issued")


def short(name: str) -> str:
    """`Sodium [Moles/volume] in Serum or Plasma` (a LOINC name) as people write it: `Sodium`."""
    return name.split(" [", maxsplit=1)[0]


def _facts(one: Resource, wording: Wording) -> Iterator[Fact]:
    name, source = short(concept(one, "code")), f"Observation/{word(one, 'id')}"
    at_time = moment(one)[:16].replace("T", " ")
    parts = [(name, one)] if _value(one) else []
    parts += [(short(concept(part, "code")), part) for part in items(one, "component") if _value(part)]
    for label, part in parts:
        flag = _flag(part, wording)
        said = " ".join(filter(None, (f"{label}: {_value(part)}", flag, f"({at_time})" if at_time else "")))
        terms = tuple(dict.fromkeys((label, name)))
        yield Fact("", source, FactKind.MEASUREMENT, said, terms=terms, abnormal=bool(flag))


def _value(part: Resource) -> str:
    number = word(part, "valueQuantity", "value")
    if not number:
        return word(part, "valueString") or concept(part, "valueCodeableConcept") or word(part, "valueInteger")
    unit = word(part, "valueQuantity", "unit") or word(part, "valueQuantity", "code")
    unit = SHOWN.get(unit, "" if unit.startswith("{") else unit)
    comparator = word(part, "valueQuantity", "comparator")
    return f"{comparator}{number} {unit}".strip()


def _flag(part: Resource, wording: Wording) -> str:
    """The laboratory's own interpretation; without one, the reference range that came with the value."""
    said = frozenset().union(*(codes(one) for one in items(part, "interpretation")))
    for marks, flag in ((HIGH, wording.high), (LOW, wording.low), (ABNORMAL, wording.abnormal)):
        if said & marks:
            return flag
    if said:
        return ""
    value = _decimal(part, "valueQuantity", "value")
    low, high = (_decimal(part, "referenceRange", 0, end, "value") for end in ("low", "high"))
    if value is None:
        return ""
    if high is not None and value > high:
        return wording.high
    return wording.low if low is not None and value < low else ""


def _decimal(part: Resource, *path: str | int) -> Decimal | None:
    found = at(part, *path)
    if found is None or isinstance(found, bool):
        return None
    try:
        return Decimal(str(found))
    except InvalidOperation:
        return None
