"""What peers send wrongly is named, with its place; the call is refused where it cannot be understood.

CDS Hooks 2.0.1, "Calling a CDS Service": hook, hookInstance (UUID), context REQUIRED; fhirServer beside
fhirAuthorization (cds-r-1); the five members of fhirAuthorization; each hook's own context. "Prefetch Template": null
for no data, unasked keys not looked at, 412 where nothing can be had.
"""

from typing import Any

import pytest

from tests.fakes.cds_emr import CdsEmr
from tests.hospital_hub.cds.charts import allergy, bundle, draft, encounter, medicine, of, ordering, result
from tests.hospital_hub.cds.conftest import HOOKS, Caller

Json = dict[str, Any]
EXTENSION = "org.hospital-hub.reading"


def faults(answer: Json) -> list[tuple[str, str]]:
    """Place and code of each named fault of an OperationOutcome."""
    return [
        (one["expression"][0], one["details"]["coding"][0]["code"]) for one in answer["issue"] if "expression" in one
    ]


def told(answer: Json) -> list[tuple[str, str]]:
    return [(one["place"], one["code"]) for one in answer.get("extension", {}).get(EXTENSION, {}).get("faults", [])]


def without(body: Json, *path: str) -> Json:
    place = body
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return body


def changed(body: Json, value: object, *path: str) -> Json:
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return body


@pytest.mark.parametrize(
    "path",
    [
        ("hook",),
        ("hookInstance",),
        ("context",),
        ("context", "userId"),
        ("context", "patientId"),
        ("context", "encounterId"),
        ("fhirServer",),
        ("fhirAuthorization", "access_token"),
        ("fhirAuthorization", "token_type"),
        ("fhirAuthorization", "expires_in"),
        ("fhirAuthorization", "scope"),
        ("fhirAuthorization", "subject"),
    ],
    ids=".".join,
)
async def test_what_is_required_is_missed_by_name(caller: Caller, ward: CdsEmr, path: tuple[str, ...]) -> None:
    body = without(ward.body("encounter-discharge"), *path)
    answer = await caller.send("/cds-services/encounter-discharge", body)
    assert answer.status_code == 400
    code = "no_fhir_server" if path == ("fhirServer",) else "missing"
    assert faults(answer.json()) == [(".".join(path), code)]
    assert ward.asked == []


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("hook",), "order-sign", "wrong_hook"),
        (("hookInstance",), "no-uuid", "not_a_uuid"),
        (("hookInstance",), 7, "not_text"),
        (("context",), [], "not_an_object"),
        (("context", "patientId"), "Patient/p1", "not_an_id"),
        (("context", "patientId"), "p1/../../Patient", "not_an_id"),
        (("context", "patientId"), 17, "not_text"),
        (("context", "userId"), "d1", "not_a_reference"),
        (("context", "userId"), "Patient/p1", "wrong_kind_of_user"),
        (("fhirServer",), "emr/fhir", "not_a_url"),
        (("fhirServer",), "file:///etc/passwd", "not_a_url"),
        (("fhirAuthorization", "token_type"), "mac", "not_bearer"),
        (("fhirAuthorization", "expires_in"), "300", "not_a_number"),
        (("prefetch",), [], "not_an_object"),
    ],
)
async def test_a_wrong_value_is_named(
    caller: Caller, ward: CdsEmr, path: tuple[str, ...], value: object, code: str
) -> None:
    body = changed(ward.body("encounter-discharge"), value, *path)
    answer = await caller.send("/cds-services/encounter-discharge", body)
    assert answer.status_code == 400
    assert (".".join(path), code) in faults(answer.json())
    assert all(one["details"]["text"] for one in answer.json()["issue"])


async def test_an_encounter_that_came_along_stands_in_for_its_id(caller: Caller, ward: CdsEmr) -> None:
    """HealthChain 0.16 leaves `encounterId` out; where the encounter is not there either, the call is refused."""
    body = without(
        ward.body("encounter-discharge", prefetch={"encounter": encounter("e1", start=3)}), "context", "encounterId"
    )
    answer = await caller.send("/cds-services/encounter-discharge", body)
    assert answer.status_code == 200
    assert told(answer.json()) == [("context.encounterId", "no_encounter_id")]
    for wrong in ({"resourceType": "Condition", "id": "e1"}, {"resourceType": "Encounter"}, None):
        body = without(ward.body("encounter-discharge", prefetch={"encounter": wrong}), "context", "encounterId")
        assert (await caller.send("/cds-services/encounter-discharge", body)).status_code == 400


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"selections": None}, "context.selections"),
        ({"selections": "MedicationRequest/x1"}, "context.selections"),
        ({"selections": ["x1"]}, "context.selections[0]"),
        ({"draftOrders": None}, "context.draftOrders"),
        ({"draftOrders": {"resourceType": "List"}}, "context.draftOrders.resourceType"),
        ({"draftOrders": {"resourceType": "Bundle", "entry": [{}]}}, "context.draftOrders.entry[0].resource"),
        ({"draftOrders": {"resourceType": "Bundle", "entry": [{}] * 201}}, "context.draftOrders.entry"),
    ],
)
async def test_the_context_of_orders_is_checked(caller: Caller, change: Json, place: str) -> None:
    context = {**ordering(draft("x1", "Metformin"), selected=("MedicationRequest/x1",)), **change}
    context = {name: value for name, value in context.items() if value is not None}
    answer = await caller.hook("order-select", context=context)
    assert answer.status_code == 400
    assert place in [where for where, _ in faults(answer.json())]


async def test_all_faults_are_told_at_once(caller: Caller) -> None:
    answer = await caller.send("/cds-services/order-sign", {"context": {}})
    assert {where for where, _ in faults(answer.json())} == {
        *("hook", "hookInstance", "context.userId", "context.patientId", "context.draftOrders"),
    }


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'"x"', b'{"a": NaN}', b"\xff\xfe", b"[" * 5000])
async def test_no_json_is_a_sentence(caller: Caller, content: bytes) -> None:
    path = "/cds-services/patient-view"
    answer = await caller.client.post(path, content=content, headers=caller.emr.bearer(path))
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "broken_json"


async def test_an_unknown_service_is_404(caller: Caller) -> None:
    answer = await caller.send("/cds-services/greeter", {})
    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("hook", HOOKS)
async def test_nothing_of_the_chart_is_412(caller: Caller, hook: str) -> None:
    orders = ordering(draft("x1", "Metformin"), selected=("MedicationRequest/x1",))
    context = {"context": orders} if hook.startswith("order") else {}
    answer = await caller.hook(hook, fhirServer=None, fhirAuthorization=None, **context)
    assert answer.status_code == 412
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "chart_missing"


async def test_a_server_that_refuses_is_412(caller: Caller, ward: CdsEmr) -> None:
    body = changed(ward.body("patient-view"), "ended", "fhirAuthorization", "access_token")
    answer = await caller.send("/cds-services/patient-view", body)
    assert answer.status_code == 412
    assert len(ward.asked) == 5


async def called(caller: Caller, prefetch: Json) -> Json:
    """An order with only this prefetch to go by."""
    context = ordering(draft("x1", "Amoxicillin", "J01CA04"), draft("x2", "Metformin", "A10BA02"))
    answer = await caller.hook(
        "order-sign", context=context, prefetch=prefetch, fhirServer=None, fhirAuthorization=None
    )
    body: Json = answer.json()
    return {**body, "status": answer.status_code}


async def test_names_of_python_models_are_named_and_do_no_harm(caller: Caller) -> None:
    """fhir.resources calls `class` `class_fhir`; a client that sends its Python names is told which element it is."""
    stay = {name: value for name, value in encounter("e1", start=3).items() if name != "class"}
    stay["class_fhir"] = {"code": "IMP"}
    answer = await caller.hook("encounter-discharge", prefetch={"encounter": stay})
    assert answer.status_code == 200
    (fault,) = answer.json()["extension"][EXTENSION]["faults"]
    assert (fault["place"], fault["code"]) == ("prefetch.encounter.class_fhir", "python_name")
    assert fault["message"].endswith("[class]")
    assert any(card["source"]["topic"]["code"] == "reconcile" for card in answer.json()["cards"])


async def test_a_string_for_a_number_is_named_and_its_value_not_used(caller: Caller) -> None:
    found = bundle(
        result("k1", "Creatinine", "1.2", loinc="2160-0"), result("k2", "Estimated GFR", 90, loinc="62238-1")
    )
    body = await called(caller, {"kidney": found})
    assert ("prefetch.kidney.entry[0].resource.valueQuantity.value", "string_for_number") in told(body)
    kidney = next(card for card in body["cards"] if card["source"]["topic"]["code"] == "kidney")
    assert "Creatinine" not in kidney["summary"]
    assert "Estimated GFR 90" in kidney["summary"]
    partial = next(card for card in body["cards"] if card["source"]["topic"]["code"] == "partial")
    assert "kidney values: incomplete" in partial["detail"]


@pytest.mark.parametrize(
    ("value", "place", "code"),
    [
        (encounter("e1", start=1), "prefetch.allergies.resourceType", "wrong_resource"),
        ({"entry": []}, "prefetch.allergies.resourceType", "wrong_resource"),
        ("text", "prefetch.allergies.resourceType", "wrong_resource"),
        ({"resourceType": "Bundle", "entry": {}}, "prefetch.allergies.entry", "not_a_list"),
        ({"resourceType": "Bundle", "entry": [7]}, "prefetch.allergies.entry[0].resource", "not_an_object"),
        (
            {"resourceType": "Bundle", "entry": [{"resource": {}}]},
            "prefetch.allergies.entry[0].resource.resourceType",
            "missing",
        ),
        (
            bundle(allergy("a1", "Penicillin") | {"patient": {}}),
            "prefetch.allergies.entry[0].resource.patient",
            "no_patient",
        ),
        (
            bundle(of("AllergyIntolerance", "a1", "p2", code={"text": "Latex"})),
            "prefetch.allergies.entry[0].resource.patient",
            "foreign_patient",
        ),
    ],
)
async def test_a_part_that_cannot_be_used_is_named_and_never_taken_for_none(
    caller: Caller, value: object, place: str, code: str
) -> None:
    body = await called(caller, {"allergies": value, "medicines": bundle()})
    assert body["status"] == 200
    assert (place, code) in told(body)
    partial = next(card for card in body["cards"] if card["source"]["topic"]["code"] == "partial")
    assert "allergies" in partial["summary"]
    assert partial["indicator"] == "warning"
    assert "allergy" not in {card["source"]["topic"]["code"] for card in body["cards"]}


async def test_one_resource_of_another_patient_spoils_its_whole_part(caller: Caller) -> None:
    mixed = bundle(medicine("m1", "Metformin", "A10BA02"), of("MedicationRequest", "m2", "p2", status="active"))
    body = await called(caller, {"medicines": mixed, "allergies": bundle()})
    assert "duplicate" not in {card["source"]["topic"]["code"] for card in body["cards"]}
    assert {"key": "medicines", "reason": "foreign"} in body["extension"][EXTENSION]["unread"]


async def test_a_server_that_gives_another_patient_is_not_believed(caller: Caller, ward: CdsEmr) -> None:
    foreign = of("AllergyIntolerance", "a2", "p2", code={"text": "Amoxicillin"})
    ward.careless = True
    ward.resources = [foreign]
    answer = await caller.hook("order-sign", context=ordering(draft("x1", "Amoxicillin")))
    assert {"key": "allergies", "reason": "foreign"} in answer.json()["extension"][EXTENSION]["unread"]
    assert not any("allergy" in card["summary"] for card in answer.json()["cards"])


async def test_keys_that_nobody_asked_for_are_not_looked_at(caller: Caller) -> None:
    body = await called(caller, {"allergies": bundle(), "condition": {"resourceType": "Condition"}})
    assert ("prefetch.condition", "unasked") in told(body)


async def test_faults_are_said_in_the_language_of_the_call(caller: Caller) -> None:
    answer = await caller.send("/cds-services/order-sign", {}, headers={"Accept-Language": "zh-CN"})
    assert "CDS Hooks 2.0.1" in answer.json()["issue"][0]["details"]["text"]
    assert answer.json()["issue"][1]["details"]["text"] == "此项为必填项，但未提供。"
