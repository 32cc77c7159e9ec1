"""Every invariant of the specification's logical models, kept and broken once, so that no check of it is blind.

Source: HL7/cds-hooks, input/fsh/invariants. Those of answers are checked on every answer of the tests by `violations`;
those of requests and feedback are what the hub tells its callers.
"""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from integrations.cds_hooks import feedback, request
from integrations.cds_hooks.faults import FaultCode, WrongRequest
from tests.hospital_hub.cds.invariants import violations

Json = dict[str, Any]
ONE, TWO = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
CODING = {"code": "a", "system": "urn:x"}
ACTION = {"type": "delete", "description": "Delete it", "resourceId": "Condition/1"}


def card(**fields: object) -> Json:
    return {"uuid": ONE, "summary": "x", "indicator": "info", "source": {"label": "Hub"}, **fields}


def suggesting(*suggestions: Json, **fields: object) -> Json:
    return card(suggestions=list(suggestions), **{"selectionBehavior": "any", **fields})


def suggestion(identifier: str = ONE, **fields: object) -> Json:
    return {"label": "x", "uuid": identifier, **fields}


def link(kind: str) -> Json:
    return card(links=[{"label": "x", "url": "https://hub.example.org/x", "type": kind, "appContext": "{}"}])


# Invariant: an answer's card that keeps it, one that breaks it.
ANSWERS: dict[str, tuple[Json, Json]] = {
    "cds-resp-1": (
        suggesting(suggestion(isRecommended=True), suggestion(TWO), selectionBehavior="at-most-one"),
        suggesting(
            suggestion(isRecommended=True), suggestion(TWO, isRecommended=True), selectionBehavior="at-most-one"
        ),
    ),
    "cds-resp-2": (
        suggesting(suggestion(actions=[ACTION])),
        suggesting(suggestion(actions=[{**ACTION, "resource": {"resourceType": "Condition"}}])),
    ),
    "cds-resp-3": (link("smart"), link("absolute")),
    "cds-resp-4": (card(overrideReasons=[{**CODING, "display": "A"}]), card(overrideReasons=[CODING])),
    "cds-resp-5": (
        suggesting(suggestion(actions=[ACTION])),
        suggesting(suggestion(actions=[{"type": "delete", "resourceId": "Condition/1"}])),
    ),
    "cds-resp-6": (suggesting(suggestion()), card(suggestions=[suggestion()])),
    "cds-resp-7": (
        suggesting(suggestion(actionSelectionBehavior="all")),
        suggesting(suggestion(actionSelectionBehavior="some")),
    ),
}


def entry(**fields: object) -> Json:
    return {"feedback": [{"card": ONE, "outcomeTimestamp": "2026-11-24T08:30:00Z", **fields}]}


FEEDBACK: dict[str, tuple[Json, Json, FaultCode]] = {
    "cds-fb-1": (entry(outcome="overridden"), entry(outcome="ignored"), FaultCode.NOT_OUTCOME),
    "cds-fb-2": (
        entry(outcome="accepted", acceptedSuggestions=[{"id": TWO}]),
        entry(outcome="accepted"),
        FaultCode.NO_SUGGESTION,
    ),
    "cds-fb-3": (
        entry(outcome="overridden", overrideReason={"userComment": "known"}),
        entry(outcome="overridden", overrideReason={}),
        FaultCode.EMPTY_REASON,
    ),
}


def call(**fields: object) -> Json:
    context = {"userId": "Practitioner/d1", "patientId": "p1"}
    token = {"access_token": "t", "token_type": "Bearer", "expires_in": 60, "scope": "patient/*.rs", "subject": "hub"}
    whole = {
        "hook": "patient-view",
        "hookInstance": ONE,
        "fhirServer": "https://emr.example.org/fhir",
        "fhirAuthorization": {**token, "patient": "p1"},
        "context": context,
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def without_patient(**fields: object) -> Json:
    token = {name: value for name, value in call()["fhirAuthorization"].items() if name != "patient"}
    return call(fhirAuthorization={**token, **fields})


REQUESTS: dict[str, tuple[Json, Json, FaultCode]] = {
    "cds-r-1": (call(), call(fhirServer=None), FaultCode.NO_SERVER),
    "cds-r-2": (without_patient(scope="user/*.rs"), without_patient(), FaultCode.NO_TOKEN_PATIENT),
}


def faults_of(parse: Callable[[], object]) -> set[FaultCode]:
    """Also those that let a call go on."""
    try:
        found = parse()
    except WrongRequest as wrong:
        return {fault.code for fault in wrong.faults}
    return {fault.code for fault in getattr(found, "faults", ())}


def test_no_invariant_is_missing() -> None:
    known = {f"cds-resp-{number}" for number in range(1, 8)} | {f"cds-fb-{number}" for number in range(1, 4)}
    assert {*ANSWERS, *FEEDBACK, *REQUESTS} == known | {"cds-r-1", "cds-r-2"}


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_an_answer_that_breaks_one_is_caught(name: str) -> None:
    kept, broken = ANSWERS[name]
    assert violations({"cards": [kept]}) == []
    (fault,) = [one for one in violations({"cards": [broken]}) if "cds-" in one]
    assert name in fault


@pytest.mark.parametrize("name", sorted(FEEDBACK))
def test_feedback_that_breaks_one_is_named(name: str) -> None:
    kept, broken, code = FEEDBACK[name]
    assert faults_of(lambda: feedback.parse(kept)) == set()
    assert faults_of(lambda: feedback.parse(broken)) == {code}


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_a_request_that_breaks_one_is_named(name: str) -> None:
    kept, broken, code = REQUESTS[name]
    assert faults_of(lambda: request.parse(kept, hook="patient-view")) == set()
    assert faults_of(lambda: request.parse(broken, hook="patient-view")) == {code}
