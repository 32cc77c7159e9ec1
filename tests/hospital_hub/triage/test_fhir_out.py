"""What is filed of a case: valid R4, coded, told apart by who said it, labelled, never more than a nurse decided."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hospital_hub.clinical.levels import Level
from hospital_hub.triage.fhir_base import key_of, placeholder_url
from hospital_hub.triage.fhir_changes import Present, entries, overlaid, parts, voidable
from hospital_hub.triage.fhir_codes import ACT_PRIORITY, TASK_PRIORITY, is_ours
from hospital_hub.triage.fhir_out import priority_of, resources_of
from hospital_hub.triage.filed_case import FiledCase, NurseLevel
from integrations.fhir.client import Resource
from integrations.fhir.lossless import dumps, loads
from integrations.fhir.validation import validate
from tests.hospital_hub.triage.filing_cases import NURSE, START, cases, plain_case

UCUM = {"/min", "%", "Cel", "kg", "{score}", "mmol/L", "mm[Hg]"}
SET = NurseLevel(Level.II, NURSE, START)
COMMON = settings(max_examples=150, deadline=None)


def walk(value: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from walk(child)


def of_kind(made: dict[str, Resource], kind: str) -> list[Resource]:
    return [one for one in made.values() if one["resourceType"] == kind]


def labels(resource: Resource) -> set[str]:
    return {one["code"] for one in resource.get("meta", {}).get("security", [])}


@COMMON
@given(cases())
def test_every_resource_is_valid_and_survives_the_wire(case: FiledCase) -> None:
    for resource in resources_of(case).values():
        validate(resource)
        assert loads(dumps(resource)) == resource
        for one in walk(resource):
            assert one is not None
            assert one not in ("", {}, [])


@COMMON
@given(cases())
def test_every_reference_leads_somewhere(case: FiledCase) -> None:
    made = resources_of(case)
    names = {placeholder_url(case.id, key) for key in made}
    for resource in made.values():
        for one in walk(resource):
            if isinstance(one, dict) and "reference" in one:
                reference = one["reference"]
                assert reference in names or reference in {"Patient/p1", "Encounter/e1"}
    assert len(names) == len(made)


@COMMON
@given(cases())
def test_every_observation_has_one_value_with_its_code_and_unit(case: FiledCase) -> None:
    for one in of_kind(resources_of(case), "Observation"):
        values = [name for name in one if name.startswith("value")]
        assert len(values) == (0 if "component" in one else 1)
        assert one["code"]["coding"][0]["code"]
        assert one["performer"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+]00:00", one["effectiveDateTime"])
        quantities = [part for part in walk(one) if isinstance(part, dict) and "value" in part and "code" in part]
        for quantity in quantities:
            if quantity["system"] == "http://unitsofmeasure.org":
                assert quantity["code"] in UCUM
                assert isinstance(quantity["value"], int | Decimal)


@COMMON
@given(cases())
def test_stated_and_measured_are_told_apart(case: FiledCase) -> None:
    made = resources_of(case)
    answers = placeholder_url(case.id, key_of(case.binding, "answers"))
    for key, one in made.items():
        if ".stated." in key:
            assert (one["status"], labels(one)) == ("preliminary", {"PATAST"})
            assert one["performer"] == [{"reference": "Patient/p1"}]
            assert one["derivedFrom"] == [{"reference": answers}]
            assert one["note"]
            assert "survey" in {each["coding"][0]["code"] for each in one["category"]}
        elif ".measured." in key:
            assert one["status"] == "final"
            assert one["performer"][0]["display"] == NURSE.name
            assert not {"derivedFrom", "note", "meta"} & set(one)


@COMMON
@given(cases())
def test_nothing_automatic_stands_as_a_decision(case: FiledCase) -> None:
    made = resources_of(case)
    (risk,), (task,) = of_kind(made, "RiskAssessment"), of_kind(made, "Task")
    acuity = made.get(key_of(case.binding, "acuity"))
    (coding,) = risk["prediction"][0]["qualitativeRisk"]["coding"]
    automatic = case.judged.automatic
    assert coding["code"] == ("insufficient" if automatic is None else automatic.name)
    assert coding["system"] == f"urn:hospital-hub:triage-level:{case.judged.pack}"
    assert task["intent"] == "proposal"
    if case.nurse is None:
        assert risk["status"] == "preliminary"
        assert acuity is None
        assert priority_of(case) is None
        assert task["status"] in {"requested", "in-progress", "cancelled"}
        assert "output" not in task
        assert all("priority" not in one for one in of_kind(made, "Encounter"))
    else:
        assert (risk["status"], task["status"]) == ("final", "completed")
        assert acuity is not None
        assert acuity["status"] == ("amended" if case.nurse.changed else "final")
        assert acuity["code"]["coding"][0]["code"] == "11283-9"
        assert acuity["valueCodeableConcept"]["coding"][0]["code"] == case.nurse.level.name
        assert acuity["performer"][0]["display"] == case.nurse.by.name


@COMMON
@given(cases())
def test_the_ai_label_is_where_a_model_was_and_nowhere_else(case: FiledCase) -> None:
    made = resources_of(case)
    worded = any(one.by_model for one in case.answers)
    labelled = {key.partition(".")[2] for key, one in made.items() if "AIAST" in labels(one)}
    expected = {"answers"} if worded else set()
    expected |= {"risk", "task"} if case.judged.suggested is not None else set()
    assert labelled == (expected | {"by-ai"} if expected else set())
    if expected:
        record = made[key_of(case.binding, "by-ai")]
        targets = {one["reference"] for one in record["target"]}
        assert targets == {placeholder_url(case.id, key_of(case.binding, role)) for role in expected}
        assert record["reason"][0]["coding"][0]["code"] == "AIAST"
        roles = {agent["type"]["coding"][0]["code"]: agent["who"] for agent in record["agent"]}
        assert roles["assembler"]["type"] == "Device"
        assert ("verifier" in roles) == (case.nurse is not None)
    for item in made.get(key_of(case.binding, "answers"), {}).get("item", []):
        told = next(one for one in zip(case.answers, made[key_of(case.binding, "answers")]["item"], strict=True)
                    if one[1] is item)[0]  # fmt: skip
        assert ("extension" in item) == told.by_model


@COMMON
@given(cases())
def test_rules_alone_are_an_algorithm_with_their_version(case: FiledCase) -> None:
    made = resources_of(case)
    record = made[key_of(case.binding, "by-rules")]
    device = record["agent"][0]["who"]
    assert device["identifier"]["value"] == f"{case.judged.pack}@{case.judged.rules}"
    assert labels(record) == set()
    targets = {one["reference"] for one in record["target"]}
    assert placeholder_url(case.id, key_of(case.binding, "risk")) in targets


@COMMON
@given(cases())
def test_every_question_has_its_own_link(case: FiledCase) -> None:
    for one in of_kind(resources_of(case), "QuestionnaireResponse"):
        links = [item["linkId"] for item in one["item"]]
        assert len(links) == len(set(links)) == len(case.answers)
        assert all(len(item["answer"]) == 1 for item in one["item"])


@COMMON
@given(cases(), cases())
def test_identifiers_belong_to_one_case_one_binding_and_one_role(one: FiledCase, other: FiledCase) -> None:
    def values(case: FiledCase) -> list[str]:
        found = [resource["identifier"] for resource in resources_of(case).values() if "identifier" in resource]
        return [part["value"] for own in found for part in (own if isinstance(own, list) else [own])]

    again = replace(one, binding=one.binding + 1)
    assert len(values(one)) == len(set(values(one)))
    assert not set(values(one)) & set(values(again))
    assert one.id == other.id or not set(values(one)) & set(values(other))


def test_blood_pressure_is_one_observation_with_two_components() -> None:
    made = resources_of(plain_case())
    pressure = made["1.measured.1.pressure"]
    assert pressure["code"]["coding"] == [{"system": "http://loinc.org", "code": "85354-9"}]
    codes = [(one["code"]["coding"][0]["code"], one["valueQuantity"]["value"]) for one in pressure["component"]]
    assert codes == [("8480-6", 132), ("8462-4", 84)]
    assert {one["valueQuantity"]["code"] for one in pressure["component"]} == {"mm[Hg]"}


def test_decimals_keep_their_digits_and_a_told_blood_sugar_has_no_method() -> None:
    made = resources_of(plain_case())
    assert b'"value":38.20' in dumps(made["1.stated.2.temperature"])
    assert made["1.stated.2.glucose"]["code"]["coding"][0]["code"] == "15074-8"


def test_answers_are_typed_only_where_the_words_leave_no_doubt() -> None:
    items = resources_of(plain_case())["1.answers"]["item"]
    assert items[0] == {
        "linkId": "complaint",
        "answer": [{"valueString": "chest pain since noon"}],
        "text": "What is the matter?",
    }
    assert items[1]["answer"] == [{"valueBoolean": True}]
    assert items[1]["extension"][0]["valueCoding"]["code"] == "AIAST"


@pytest.mark.parametrize("level", Level)
def test_the_priority_says_the_packs_level_and_hl7s_word(level: Level) -> None:
    case = plain_case(nurse=replace(SET, level=level))
    priority = priority_of(case)
    assert priority is not None
    assert [one["code"] for one in priority["coding"]] == [level.name, ACT_PRIORITY[level]]
    assert is_ours(priority)
    assert not is_ours({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActPriority", "code": "UR"}]})
    (task,) = of_kind(resources_of(case), "Task")
    assert task["priority"] == TASK_PRIORITY[level]


def stored(case: FiledCase, made: dict[str, Resource]) -> Present:
    """As a server keeps them: with ids and versions, references by its own names."""
    named = {key: {**one, "id": f"id-{number}"} for number, (key, one) in enumerate(made.items())}
    present = Present(case.id, named)
    kept = {
        key: {**present.named(one), "meta": {"versionId": "1", **one.get("meta", {})}} for key, one in named.items()
    }
    return Present(case.id, kept)


@COMMON
@given(cases())
def test_filing_the_same_case_again_changes_nothing(case: FiledCase) -> None:
    made = resources_of(case)
    assert len(entries(Present(case.id, {}), made, server="http://x/fhir")) == len(made)
    assert entries(stored(case, made), made, server="http://x/fhir") == {}


@COMMON
@given(cases())
def test_creates_are_conditional_and_updates_name_the_version(case: FiledCase) -> None:
    made = resources_of(case)
    for entry in entries(Present(case.id, {}), made, server="http://x/fhir").values():
        conditional = "ifNoneExist" in entry["request"]
        assert conditional == (entry["resource"]["resourceType"] != "Provenance")
    later = replace(case, nurse=SET) if case.nurse is None else replace(case, nurse=None)
    for entry in entries(stored(case, made), resources_of(later), server="http://x/fhir").values():
        if entry["request"]["method"] == "PUT":
            assert entry["request"]["ifMatch"] == 'W/"1"'
            assert entry["resource"]["id"] in entry["request"]["url"]


@COMMON
@given(cases())
def test_a_part_points_at_nothing_later_and_judgements_come_last_and_together(case: FiledCase) -> None:
    made = resources_of(case)
    order = parts(entries(Present(case.id, {}), made, server="http://x/fhir"), wanted=made)
    known = {"Patient/p1", "Encounter/e1"}
    for part in order:
        assert len(part) <= 8
        known |= {entry["fullUrl"] for entry in part}
        assert {one["reference"] for one in walk(part) if isinstance(one, dict) and "reference" in one} <= known
    assert sum(map(len, order)) == len(made)
    assert {"RiskAssessment", "Task", "Provenance"} <= {one["resource"]["resourceType"] for one in order[-1]}


def test_a_level_that_is_taken_back_is_entered_in_error_and_the_risk_is_preliminary_again() -> None:
    before = plain_case(nurse=SET)
    present = stored(before, resources_of(before))
    after = resources_of(plain_case())
    assert voidable(present, after) == ["1.acuity"]
    resources = [one["resource"] for one in entries(present, after, server="http://x/fhir").values()]
    changed = {one["resourceType"]: one["status"] for one in resources if "status" in one}
    assert changed == {"Observation": "entered-in-error", "RiskAssessment": "preliminary", "Task": "requested"}


def test_unbinding_voids_everything_but_the_record_of_who_made_it() -> None:
    case = plain_case(nurse=SET, encounter="")
    present = stored(case, resources_of(case))
    made = entries(present, {}, server="http://x/fhir")
    assert {one["resource"]["status"] for one in made.values()} == {"entered-in-error"}
    assert len(made) == len([key for key in present.resources if ".by-" not in key])
    voided = Present(case.id, {**present.resources, **{key: {**one, "status": "entered-in-error"}
                               for key, one in present.resources.items() if "status" in one}})  # fmt: skip
    assert entries(voided, {}, server="http://x/fhir") == {}


@given(st.sampled_from(["accepted", "in-progress", "rejected", "completed"]))
def test_a_task_that_somebody_took_up_stays_theirs_until_the_level_is_set(status: str) -> None:
    case = plain_case()
    task = {**resources_of(case)["1.task"], "id": "t", "meta": {"versionId": "2"}}
    theirs = {**task, "status": status, "owner": {"display": "Nurse Two"}, "note": [{"text": "on my way"}]}
    kept = overlaid(theirs, resources_of(case)["1.task"])
    assert (kept["status"], kept["owner"], kept["note"]) == (status, {"display": "Nurse Two"}, theirs["note"])
    done = overlaid(theirs, resources_of(plain_case(nurse=SET))["1.task"])
    assert (done["status"], done["owner"]["display"], done["note"]) == ("completed", NURSE.name, theirs["note"])


def test_a_closed_task_of_the_hub_opens_again() -> None:
    closed = {**resources_of(plain_case(closed=True))["1.task"], "id": "t", "meta": {"versionId": "2"}}
    assert closed["status"] == "cancelled"
    assert overlaid(closed, resources_of(plain_case())["1.task"])["status"] == "requested"


def test_the_hubs_own_visit_that_the_hospital_took_over_keeps_its_status() -> None:
    case = plain_case(encounter="", nurse=SET)
    ours = resources_of(case)["1.encounter"]
    theirs = {**ours, "id": "e", "status": "finished", "period": {"start": "2026-11-24", "end": "2026-11-25"}}
    kept = overlaid({name: one for name, one in theirs.items() if name != "priority"}, ours)
    assert (kept["status"], kept["period"]["end"]) == ("finished", "2026-11-25")
    assert kept["priority"] == ours["priority"]
