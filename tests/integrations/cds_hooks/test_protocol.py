"""The format alone: templates, cards as JSON, and hostile documents that must be named and never crash.

CDS Hooks 2.0.1: "Prefetch tokens" (root-level fields of the context), "Card Attributes", "Suggestion" (cds-resp-6),
"Link" (cds-resp-3); 3.0: `actionSelectionBehavior`.
"""

import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.cds_hooks import feedback, request
from integrations.cds_hooks.cards import Card, Choice, Coding, Edition, Indicator, SmartLink, Source, Suggestion, answer
from integrations.cds_hooks.faults import Fault, WrongRequest
from integrations.cds_hooks.prefetch import resolve
from integrations.cds_hooks.request import HOOKS, Context
from tests.hospital_hub.cds.invariants import violations

CONTEXT = Context("Practitioner/d1", "p1", "e1")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
NAMES = ("hook", "hookInstance", "fhirServer", "fhirAuthorization", "context", "prefetch")
MEMBERS = st.sampled_from(["userId", "patientId", "encounterId", "draftOrders", "selections", "access_token", "entry"])
NEAR = st.dictionaries(MEMBERS, JSON, max_size=5)


def test_a_template_becomes_a_read_or_a_search() -> None:
    read = resolve("Encounter/{{context.encounterId}}", CONTEXT)
    assert read is not None
    assert (read.kind, read.identifier, read.limit) == ("Encounter", "e1", 1)
    search = resolve("Condition?patient={{context.patientId}}&_count=60", CONTEXT)
    assert search is not None
    assert (search.kind, search.parameters, search.limit) == ("Condition", {"patient": "p1", "_count": "60"}, 60)


def test_a_template_without_its_id_is_not_asked() -> None:
    assert resolve("Encounter/{{context.encounterId}}", Context("Practitioner/d1", "p1")) is None
    assert resolve("Encounter/{{context.unknown}}", CONTEXT) is None


def test_an_id_of_a_call_adds_no_parameter() -> None:
    found = resolve("Condition?patient={{context.patientId}}", Context("Practitioner/d1", "p1&_count=9"))
    assert found is not None
    assert found.parameters == {"patient": "p1&_count=9"}


def test_a_card_has_only_what_it_needs() -> None:
    card = Card(uuid.uuid4(), "Summary", Indicator.INFO, Source("Hub"))
    assert set(card.to_json()) == {"uuid", "summary", "indicator", "source"}


def test_a_full_card_keeps_the_invariants_in_both_editions() -> None:
    choice = Suggestion("Seen", uuid.uuid4(), action_choice=Choice.ANY)
    card = Card(
        uuid.uuid4(),
        "Summary",
        Indicator.CRITICAL,
        Source("Hub", Coding("a", "urn:x", "A")),
        detail="- x",
        suggestions=(choice,),
        override_reasons=(Coding("r", "urn:x", "Reason"),),
        links=(SmartLink("Open", "https://hub.example.org/notes/launch", "{}"),),
    )
    for edition in Edition:
        assert violations(answer([card], edition=edition)) == []
    assert "actionSelectionBehavior" not in card.to_json(Edition.V2)["suggestions"][0]
    assert card.to_json(Edition.V3)["suggestions"][0]["actionSelectionBehavior"] == "any"


def test_no_cards_is_an_empty_array() -> None:
    assert answer([]) == {"cards": []}


@given(st.dictionaries(st.sampled_from(NAMES), JSON | NEAR, max_size=6), st.sampled_from(sorted(HOOKS)))
@settings(max_examples=300, deadline=None)
def test_any_document_is_read_or_named(document: dict[str, Any], hook: str) -> None:
    faults: tuple[Fault, ...] = ()
    try:
        patient = request.parse(document, hook=hook).context.patient
    except WrongRequest as wrong:
        patient, faults = "", wrong.faults
    assert bool(patient) is not bool(faults)
    assert all(fault.place and fault.code for fault in faults)


@given(
    st.dictionaries(
        st.just("feedback"),
        JSON
        | st.lists(
            st.dictionaries(
                st.sampled_from(["card", "outcome", "acceptedSuggestions", "overrideReason", "outcomeTimestamp"]),
                JSON,
                max_size=5,
            ),
            max_size=3,
        ),
    )
)
@settings(max_examples=300, deadline=None)
def test_any_feedback_is_read_or_named(document: dict[str, Any]) -> None:
    faults: tuple[Fault, ...] | None = None
    try:
        feedback.parse(document)
    except WrongRequest as wrong:
        faults = wrong.faults
    assert faults != ()


@pytest.mark.parametrize("hook", sorted(HOOKS))
def test_the_whole_context_of_each_hook_is_taken(hook: str) -> None:
    context = {
        "userId": "PractitionerRole/r1",
        "patientId": "p1",
        "encounterId": "e1",
        "selections": ["MedicationRequest/x"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "MedicationRequest"}}]},
    }
    found = request.parse({"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context}, hook=hook)
    assert found.context.user == "PractitionerRole/r1"
    assert bool(found.context.orders) is HOOKS[hook].orders
    assert bool(found.context.selections) is HOOKS[hook].selections
