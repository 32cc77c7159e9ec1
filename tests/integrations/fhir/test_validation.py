"""What the hub writes passes the gate; broken forms of it do not, and the place is named."""

import uuid
from collections import Counter
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from hospital_hub.clinical.levels import Level
from hospital_hub.notes.document import MadeBy, SignedNote, document_reference, provenance, same_document
from hospital_hub.notes.draft import Signature
from hospital_hub.triage.fhir_out import resources_of
from hospital_hub.triage.filed_case import NurseLevel
from integrations.fhir.checking import Problem, problems
from integrations.fhir.errors import Fault, FhirFault
from integrations.fhir.invariants import RULES
from integrations.fhir.lossless import dumps, loads
from integrations.fhir.validation import validate
from tests.hospital_hub.triage.filing_cases import NURSE, START, plain_case
from tests.integrations.fhir.broken import BROKEN, GOOD, Broken
from tests.integrations.fhir.sample import documents, needs_sample

Json = dict[str, Any]
NOTE = SignedNote(
    id=uuid.UUID(int=7),
    text="病情平稳。\nStable.",
    language="zh-CN",
    patient="p1",
    encounter="e1",
    practitioner="Practitioner/dr-1",
    signature=Signature("iss|u1", "Dr. Demo", datetime(2026, 11, 2, 8, tzinfo=UTC), "a" * 64),
    made_by=MadeBy("r1-70b", "weights", "notes/progress_note@1", "2026-11", "demonstration"),
    sources=("Observation/o1", "Observation/o1", "Condition/c1"),
)
CASE = resources_of(plain_case(encounter="", nurse=NurseLevel(Level.II, NURSE, START)))
RISK, TASK, TOLD, VISIT = CASE["1.risk"], CASE["1.task"], CASE["1.answers"], CASE["1.encounter"]
PULSE = CASE["1.measured.1.heart-rate"]
DOCUMENT, PROOF = document_reference(NOTE), provenance(NOTE, target="DocumentReference/d1")


@pytest.mark.parametrize("resource", [DOCUMENT, PROOF, *CASE.values()])
def test_what_the_hub_writes_is_valid_and_can_be_sent(resource: Json) -> None:
    validate(resource)
    assert b"null" not in dumps(resource)


@pytest.mark.parametrize(
    ("resource", "path", "value"),
    [
        (DOCUMENT, ("status",), "bogus"),
        (DOCUMENT, ("docStatus",), "draft"),
        (DOCUMENT, ("content",), []),
        (DOCUMENT, ("date",), "yesterday"),
        (DOCUMENT, ("surplus",), "x"),
        (DOCUMENT, ("content", 0, "attachment", "size"), "many"),
        (PROOF, ("target",), None),
        (PROOF, ("recorded",), "2026-13-01"),
        (PROOF, ("entity", 0, "role"), "inspiration"),
        (PROOF, ("agent", 0, "who"), None),
        (PULSE, ("status",), "measured"),
        (PULSE, ("effectiveDateTime",), None),
        (PULSE, ("subject", "reference"), "Practitioner/p1"),
        (PULSE, ("valueString",), "two values of one choice"),
        (PULSE, ("code",), None),
        (RISK, ("status",), "provisional"),
        (RISK, ("encounter", "reference"), "Patient/p1"),
        (RISK, ("prediction", 0, "probability"), 0.5),
        (TASK, ("intent",), "request"),
        (TASK, ("priority",), "soon"),
        (TASK, ("for",), None),
        (TOLD, ("status",), "done"),
        (TOLD, ("item", 0, "linkId"), None),
        (TOLD, ("item",), []),
        (VISIT, ("status",), "open"),
        (VISIT, ("class",), None),
    ],
)
def test_a_broken_resource_stays_here(resource: Json, path: tuple[str | int, ...], value: object) -> None:
    broken: Any = deepcopy(resource)
    place = broken
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    with pytest.raises(FhirFault) as refused:
        validate(broken)
    assert refused.value.fault is Fault.INVALID
    assert "病情" not in str(refused.value)


@pytest.mark.parametrize("good", GOOD, ids=lambda one: one["resourceType"])
def test_a_good_resource_has_no_problem(good: Json) -> None:
    assert problems(good) == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: f"{one.rule} {one.named}")
def test_a_broken_resource_is_named_by_rule_and_place(broken: Broken) -> None:
    assert Problem(broken.rule, broken.named) in problems(broken.resource)


def test_each_rule_is_broken_by_something() -> None:
    tried = {one.rule for one in BROKEN}
    assert len(tried) >= 18
    assert {key for rules in RULES.values() for key, _ in rules} <= tried


def test_other_kinds_are_never_written() -> None:
    with pytest.raises(FhirFault):
        validate({"resourceType": "MedicationRequest", "status": "active"})


def test_the_document_is_labelled_and_each_source_named_once() -> None:
    assert DOCUMENT["meta"]["security"][0]["code"] == "AIAST"
    assert [one["what"]["reference"] for one in PROOF["entity"] if "reference" in one["what"]] == [
        "Observation/o1",
        "Condition/c1",
    ]


def test_a_document_is_ours_only_with_text_and_patient() -> None:
    assert same_document(NOTE, DOCUMENT)
    assert not same_document(NOTE, {**DOCUMENT, "subject": {"reference": "Patient/p2"}})
    assert not same_document(NOTE, {**DOCUMENT, "content": [{"attachment": {"data": "eA=="}}]})
    assert not same_document(NOTE, {"content": "x", "subject": {}})


@needs_sample
def test_of_the_shared_sample_only_its_known_defects_are_refused() -> None:
    """Ten reports with empty codes (SOURCE.txt), and 27 whose picture is an ImagingStudy, where R4 has Media alone."""
    found = [resource for text in documents() for resource in _resources(loads(text))]
    faulty = [named for one in found if (named := frozenset(problem.place for problem in problems(one)))]
    assert len(found) - len(faulty) >= 3000
    code = "DiagnosticReport.code"
    assert Counter(faulty) == {
        frozenset({f"{code}.text", f"{code}.coding[0].code", f"{code}.coding[0].display"}): 10,
        frozenset({"DiagnosticReport.media[0].link"}): 27,
    }


def _resources(document: Json) -> list[Json]:
    return [entry["resource"] for entry in document["entry"]] if document["resourceType"] == "Bundle" else [document]
