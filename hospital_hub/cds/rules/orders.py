"""Selecting and signing orders: what the chart says about allergies, the same order twice, and the kidney. Pure.

Facts beside an order. No rule says what to order, to stop or to dose.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from hospital_hub.cds.chart import (
    Allergy,
    Entry,
    Medicine,
    Result,
    allergies,
    day,
    key_of,
    medicines,
    moment_of,
    results,
)
from hospital_hub.cds.finding import Field, Finding, Line, Situation
from hospital_hub.cds.substances import DrugClass, Substance, classes_of, of_order, renal
from integrations.fhir.paths import word

MEDICINE: Final = "MedicationRequest"
ORDERS: Final = frozenset({MEDICINE, "ServiceRequest"})


@dataclass(frozen=True)
class DraftOrder:
    """An order that is not placed yet; it may have no id, so its place among the orders tells it from the others."""

    place: int
    key: str
    kind: str
    substance: Substance

    @property
    def name(self) -> str:
        return self.substance.name

    @property
    def about(self) -> str:
        return f"{self.place}|{self.key}"


def orders_of(situation: Situation) -> list[DraftOrder]:
    """Those that the call is about: the selected ones of order-select, all of order-sign."""
    context = situation.context
    beside = tuple(one for one in context.orders if one.get("resourceType") == "Medication")
    drafts = [
        DraftOrder(place, key_of(one), word(one, "resourceType"), of_order(one, beside=beside))
        for place, one in enumerate(context.orders)
        if one.get("resourceType") in ORDERS
    ]
    chosen = set(context.selections)
    return [one for one in drafts if one.name and (not chosen or one.key in chosen)]


def allergy(situation: Situation) -> list[Finding]:
    known = allergies(situation.chart.of("allergies"))
    return [finding for order in orders_of(situation) for finding in _allergies_against(order, known)]


def _allergies_against(order: DraftOrder, known: Sequence[Allergy]) -> Iterator[Finding]:
    for one in known:
        match = _match(order.substance, one.substance)
        if match is not None:
            text, group = match
            fields: dict[str, Field] = {"order": order.name, "name": one.name}
            if group is not None:
                fields["group"] = group.words
            yield Finding(text, f"{order.about}|{one.key}", fields, (), (Line("allergy", one.fields()),))


def _match(ordered: Substance, allergen: Substance) -> tuple[str, DrugClass | None] | None:
    if ordered.same_as(allergen):
        return "exact", None
    theirs = classes_of(allergen)
    own = classes_of(ordered)
    same = next((group for group in own if group in theirs), None)
    if same is not None:
        return "class", same
    if allergen.atc and ordered.in_groups(tuple(allergen.atc)):
        return "exact", None
    related = next((group for group in own if any(group.id in other.related for other in theirs)), None)
    return ("related", related) if related is not None else None


def duplicate(situation: Situation) -> list[Finding]:
    """The same substance or test already ordered, twice among the drafts, or another medicine of its group."""
    active = [one for one in medicines(situation.chart.of("medicines")) if one.status == "active"]
    tests = [
        (Entry(key_of(one), of_order(one).name, day(word(one, "authoredOn"))), of_order(one))
        for one in situation.chart.of("orders")
        if word(one, "status") == "active"
    ]
    orders = orders_of(situation)
    found: list[Finding] = []
    for number, order in enumerate(orders):
        earlier = [one for one in orders[:number] if one.kind == order.kind and one.substance.same_as(order.substance)]
        if order.kind == MEDICINE:
            found += _medicines_against(order, [one for one in active if one.key != order.key])
        else:
            same = [entry for entry, what in tests if entry.key != order.key and what.same_as(order.substance)]
            found += _same(order, same, kind="order")
        if earlier:
            lines = tuple(Line("draft", {"name": one.name}) for one in earlier)
            found.append(Finding("draft", f"{order.about}|draft", {"order": order.name}, (), lines))
    return found


def _medicines_against(order: DraftOrder, active: Sequence[Medicine]) -> Iterator[Finding]:
    same = [one for one in active if one.substance.same_as(order.substance)]
    yield from _same(order, same, kind="medicine")
    others = [one for one in active if one not in same]
    for group in classes_of(order.substance):
        members = [one for one in others if group.has(one.substance)]
        if members:
            fields: dict[str, Field] = {"order": order.name, "group": group.words}
            yield _beside("class", f"{order.about}|{group.id}", fields=fields, members=members, kind="medicine")
            return


def _same(order: DraftOrder, members: Sequence[Entry], *, kind: str) -> Iterator[Finding]:
    if members:
        yield _beside("same", f"{order.about}|same", fields={"order": order.name}, members=members, kind=kind)


def _beside(text: str, about: str, *, fields: Mapping[str, Field], members: Sequence[Entry], kind: str) -> Finding:
    names = tuple(one.name for one in members)
    return Finding(text, about, fields, names, tuple(Line(kind, one.fields()) for one in members))


def kidney(situation: Situation) -> list[Finding]:
    """The latest creatinine and eGFR with their dates, beside each order whose product information asks for them."""
    concerned = [one for one in orders_of(situation) if renal().concerns(one.substance)]
    if not concerned:
        return []
    values = _kidney_values(situation)
    low = any(_is_low(one, situation.parameters.egfr_attention) for one in values)
    text = "none" if not values else "low" if low else "values"
    names = tuple(" ".join(filter(None, (one.name, one.value, one.flag, f"({one.date})"))) for one in values)
    lines = (*(Line("value", one.fields()) for one in values), Line("hint", {}))
    days = str(situation.parameters.kidney_days)
    return [Finding(text, one.about, {"order": one.name, "days": days}, names, lines) for one in concerned]


def _kidney_values(situation: Situation) -> list[Result]:
    oldest = situation.now - timedelta(days=situation.parameters.kidney_days)
    found = [one for one in results(situation.chart.of("kidney")) if _young(one, oldest) and one.value]
    latest = (next((one for one in found if one.codes & codes), None) for codes in (renal().egfr, renal().creatinine))
    return [one for one in latest if one is not None]


def _young(one: Result, oldest: datetime) -> bool:
    moment = moment_of(one.at)
    return moment is not None and moment > oldest


def _is_low(one: Result, attention: int) -> bool:
    return bool(one.codes & renal().egfr) and one.number is not None and one.number < Decimal(attention)
