"""Whatever stands in a prefetch, the rules make lawful cards of it or none: no crash, no foreign shape gets through."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hospital_hub.cds.catalogue import catalogue
from hospital_hub.cds.chart import Chart
from hospital_hub.cds.finding import Situation
from hospital_hub.cds.prefetched import part_of
from hospital_hub.cds.rules.registry import RULES
from hospital_hub.cds.wording import Setting, by_urgency, cards_of, partial
from hospital_hub.storage.ids import new_id
from integrations.cds_hooks.cards import answer
from integrations.cds_hooks.prefetch import kind_of, resolve
from integrations.cds_hooks.request import Context
from tests.hospital_hub.cds.charts import draft
from tests.hospital_hub.cds.invariants import violations

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WORDS = st.sampled_from(
    [
        "",
        "active",
        "final",
        "finished",
        "2026",
        "2026-11",
        "2026-11-20",
        "2026-11-20T08:00:00Z",
        "2026-13-45",
        "H",
        "x" * 300,
    ]
) | st.text(max_size=12)
LEAVES = st.none() | st.booleans() | st.integers() | WORDS
MEMBERS = st.sampled_from(
    [
        *(
            "status",
            "intent",
            "code",
            "text",
            "coding",
            "display",
            "system",
            "subject",
            "patient",
            "reference",
            "period",
        ),
        *("start", "end", "authoredOn", "recordedDate", "effectiveDateTime", "valueQuantity", "value", "unit", "low"),
        *("interpretation", "referenceRange", "reaction", "manifestation", "content", "attachment", "data", "basedOn"),
        *("medicationCodeableConcept", "medicationReference", "contained", "dosageInstruction", "clinicalStatus", "id"),
    ]
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=5), max_leaves=25
)
FIELDS = st.dictionaries(MEMBERS, VALUES, max_size=8)
OWN = {"subject": {"reference": "Patient/p1"}, "patient": {"reference": "Patient/p1"}}
ORDERS = (draft("x1", "Amoxicillin", "J01CA04"), draft("x2", "盐酸二甲双胍缓释片"))


@given(st.sampled_from([one.id for one in catalogue().service]), st.lists(FIELDS, max_size=4), st.booleans(), VALUES)
@settings(max_examples=300, deadline=None)
def test_any_chart_makes_lawful_cards(service: str, fields: list[Any], own: bool, loose: Any) -> None:  # noqa: ANN401
    book = catalogue()
    chosen = book.of(service)
    assert chosen is not None
    context = Context(
        "Practitioner/d", "p1", "e1", orders=(*ORDERS, *({"resourceType": "ServiceRequest", **one} for one in fields))
    )
    parts, unread = {}, {}
    for key, template in chosen.prefetch.items():
        query = resolve(template, context)
        assert query is not None
        resources = [{**one, "resourceType": kind_of(template), **(OWN if own else {})} for one in fields]
        sent: Any = {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}
        part = part_of(loose if not fields else sent, query, patient="p1", place=key)
        if part.resources is not None:
            parts[key] = part.resources
        if part.unread is not None:
            unread[key] = part.unread
    situation = Situation(Chart(parts, unread), context, (), NOW, book.parameters)
    for language in ("en", "zh-CN"):
        setting = Setting(book, chosen, new_id(0), language, "https://hub.example.org")
        shown = [one for name in chosen.rules for one in cards_of(setting, name, found=RULES[name](situation))]
        cards = [one.card for one in by_urgency([*shown, *partial(setting, unread, skipped=())])]
        assert violations(answer(cards)) == []
