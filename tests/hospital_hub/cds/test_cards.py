"""Each hook with its cards over HTTP, from reads of a FHIR server and from prefetch; each answer by the invariants."""

import json
import uuid
from typing import Any

import pytest

from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from tests.fakes.cds_emr import CdsEmr
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import rows
from tests.hospital_hub.cds.charts import allergy, bundle, chart, draft, encounter, medicine, of, ordering, result
from tests.hospital_hub.cds.conftest import HOOKS, Caller
from tests.hospital_hub.cds.invariants import violations

Json = dict[str, Any]
EXTENSION = "org.hospital-hub.reading"


def by_topic(cards: list[Json]) -> dict[str, Json]:
    return {card["source"]["topic"]["code"]: card for card in cards}


async def test_patient_view_tells_what_is_new_and_what_nobody_noted(caller: Caller) -> None:
    cards = by_topic(await caller.cards("patient-view"))
    assert set(cards) == {"changes", "abnormal"}
    detail = cards["changes"]["detail"]
    assert "New problem: Pneumonia" in detail
    assert "New medicine: Ceftriaxone 1 g IV daily" in detail
    assert "Hypertension" not in detail
    assert "Metformin" not in detail
    assert "Abnormal: Potassium 5.9 mmol/L ↑" in detail
    # Creatinine is in a later note; sodium is normal.
    assert "1 abnormal result(s) that no later note mentions: Potassium" in cards["abnormal"]["summary"]
    assert [one["label"] for one in cards["abnormal"]["suggestions"]] == ["I have seen these results"]
    assert all("actions" not in one for one in cards["abnormal"]["suggestions"])


async def test_encounter_discharge_leads_to_the_summary_and_lists_what_is_open(caller: Caller, ward: CdsEmr) -> None:
    cards = by_topic(await caller.cards("encounter-discharge"))
    assert set(cards) == {"summary", "pending", "reconcile"}
    (link,) = cards["summary"]["links"]
    assert (link["type"], link["url"]) == ("smart", "http://127.0.0.1:8700/notes/launch")
    assert json.loads(link["appContext"]) == {
        "hub": "cds",
        "hook": "encounter-discharge",
        "document": "discharge",
    }
    pending = cards["pending"]["detail"]
    assert "CT chest" in pending
    assert "Histology" in pending
    assert "Blood culture" in pending
    assert "Echocardiogram" not in pending  # a final report answers that order
    assert cards["reconcile"]["summary"] == "Medicines to reconcile: 1 from before, 1 new, 1 held or stopped"


async def test_order_sign_states_allergy_duplicate_and_kidney(caller: Caller) -> None:
    orders = (draft("x1", "Amoxicillin 500 MG Oral Capsule", "J01CA04"), draft("x2", "metformin hydrochloride 850 MG"))
    cards = await caller.cards("order-sign", context=ordering(*orders))
    said = [(card["indicator"], card["summary"]) for card in cards]
    assert said[0][0] == "critical"
    assert said[0][1] == "Amoxicillin 500 MG Oral Capsule belongs to penicillins: allergy to Penicillin on record"
    assert any("metformin hydrochloride 850 MG: already ordered (Metformin" in text for _, text in said)
    kidney = next(text for _, text in said if "Estimated GFR 38" in text)
    assert kidney.startswith("metformin hydrochloride 850 MG:")
    assert "Creatinine 1.9 mg/dL" in kidney
    assert by_topic(cards)["kidney"]["detail"].endswith("the hub suggests no dose.")
    assert [one["code"] for one in by_topic(cards)["allergy"]["overrideReasons"]] == [
        "tolerated",
        "benefit",
        "chart-wrong",
    ]


async def test_order_select_looks_at_the_selected_orders_alone(caller: Caller) -> None:
    orders = (draft("x1", "Amoxicillin", "J01CA04"), draft("x2", "Metformin", "A10BA02"))
    cards = await caller.cards("order-select", context=ordering(*orders, selected=("MedicationRequest/x2",)))
    assert {card["source"]["topic"]["code"] for card in cards} == {"duplicate", "kidney"}
    assert not any("Amoxicillin" in card["summary"] for card in cards)


async def test_orders_without_ids_stay_apart(caller: Caller) -> None:
    orders = [
        {name: value for name, value in draft("x", text).items() if name != "id"}
        for text in ("Amoxicillin", "Ampicillin")
    ]
    cards = await caller.cards("order-sign", context=ordering(*orders))
    assert sorted(card["summary"].split(" ")[0] for card in cards if card["indicator"] == "critical") == [
        "Amoxicillin",
        "Ampicillin",
    ]


async def test_a_related_group_is_a_warning(caller: Caller) -> None:
    cards = await caller.cards("order-sign", context=ordering(draft("x1", "Cefuroxime", "J01DC02")))
    found = by_topic(cards)
    assert found["allergy"]["indicator"] == "warning"
    assert "related Penicillin" in found["allergy"]["summary"]
    assert "another of the cephalosporins is ordered (Ceftriaxone)" in found["duplicate"]["summary"]


async def test_the_same_test_twice(caller: Caller) -> None:
    order = of("ServiceRequest", "x1", status="draft", intent="order", code={"text": "CT chest"})
    cards = await caller.cards("order-sign", context=ordering(order))
    assert [card["summary"] for card in cards] == ["CT chest: already ordered (CT chest)"]


async def test_prefetch_alone_is_enough_and_nothing_is_read(caller: Caller, ward: CdsEmr) -> None:
    kinds = {"allergies": "AllergyIntolerance", "medicines": "MedicationRequest", "orders": "ServiceRequest"}
    prefetch = {key: bundle(*(one for one in chart() if one["resourceType"] == kind)) for key, kind in kinds.items()}
    prefetch["kidney"] = None  # "no data"
    cards = await caller.cards(
        "order-sign",
        context=ordering(draft("x1", "Metformin", "A10BA02")),
        prefetch=prefetch,
        fhirServer=None,
        fhirAuthorization=None,
    )
    assert ward.asked == []
    assert "no creatinine or eGFR on record in the last 365 days" in by_topic(cards)["kidney"]["summary"]


async def test_only_what_the_prefetch_lacks_is_read(caller: Caller, ward: CdsEmr) -> None:
    prefetch = {"allergies": bundle(), "orders": bundle(), "kidney": bundle()}
    await caller.cards("order-sign", context=ordering(draft("x1", "Metformin", "A10BA02")), prefetch=prefetch)
    assert [one.split("?")[0] for one in ward.asked] == ["/MedicationRequest"]


async def test_a_reported_error_of_the_emr_is_not_asked_again(caller: Caller, ward: CdsEmr) -> None:
    """So the specification, "Prefetch Template": an OperationOutcome is there to prevent a needless query."""
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
    answer = await caller.hook(
        "order-sign", context=ordering(draft("x1", "Amoxicillin", "J01CA04")), prefetch={"allergies": failed}
    )
    assert not any(one.startswith("/AllergyIntolerance") for one in ward.asked)
    partial = by_topic(answer.json()["cards"])["partial"]
    assert partial["summary"] == "Not everything could be checked: allergies"
    assert partial["indicator"] == "warning"
    assert answer.json()["extension"][EXTENSION]["unread"] == [{"key": "allergies", "reason": "client"}]


async def test_a_paginated_prefetch_is_completed_by_a_read(caller: Caller, ward: CdsEmr) -> None:
    first = {**bundle(medicine("m9", "Aspirin")), "link": [{"relation": "next", "url": "https://emr/next"}]}
    prefetch = {"medicines": first, "orders": bundle(), "kidney": bundle(), "allergies": bundle()}
    cards = await caller.cards("order-sign", context=ordering(draft("x1", "Metformin", "A10BA02")), prefetch=prefetch)
    assert [one.split("?")[0] for one in ward.asked] == ["/MedicationRequest"]
    assert "duplicate" in by_topic(cards)
    assert "partial" not in by_topic(cards)


async def test_a_patient_looking_at_the_own_record_gets_no_cards(caller: Caller, ward: CdsEmr) -> None:
    context = {"userId": "Patient/p1", "patientId": "p1"}
    assert await caller.cards("patient-view", context=context) == []
    assert ward.asked == []


async def test_cards_speak_the_language_of_the_call(caller: Caller, ward: CdsEmr) -> None:
    path = "/cds-services/order-sign"
    body = ward.body("order-sign", context=ordering(draft("x1", "阿莫西林胶囊", "J01CA04")))
    answer = await caller.send(path, body, headers={"Accept-Language": "zh-CN"})
    assert violations(answer.json()) == []
    first = answer.json()["cards"][0]
    assert first["summary"] == "阿莫西林胶囊属于青霉素类：病历记有对Penicillin过敏"
    assert first["source"]["label"] == "医院中枢：基于病历的规则"


async def test_the_same_call_again_has_the_same_uuids_and_another_has_others(caller: Caller, ward: CdsEmr) -> None:
    body = ward.body("order-sign", context=ordering(draft("x1", "Metformin", "A10BA02")))
    first, again = [(await caller.send("/cds-services/order-sign", body)).json() for _ in range(2)]
    other = (await caller.hook("order-sign", context=body["context"])).json()
    assert first == again
    assert not {card["uuid"] for card in first["cards"]} & {card["uuid"] for card in other["cards"]}


async def test_words_of_the_chart_stay_words(caller: Caller, ward: CdsEmr) -> None:
    """No link, picture, HTML or second line gets from a chart into a card."""
    bad = "Evil [x](javascript:alert(1)) <img src=x> ![a](http://e.example/p.png) www.e.example\n# Title\u202e"
    ward.resources = [allergy("a1", bad), medicine("m1", bad), *(one for one in chart() if one["id"] == "o1")]
    cards = await caller.cards("order-sign", context=ordering(draft("x1", bad)))
    assert cards
    for card in cards:
        assert "\u202e" not in card["summary"] + card.get("detail", "")
        for line in card.get("detail", "").splitlines():
            assert line.startswith("- ")
            assert "](" not in line.replace("\\](", "")
            assert "<img" not in line.replace("\\<img", "")
            assert "://" not in line
            assert "www.e" not in line


async def test_long_names_never_make_a_long_summary(caller: Caller) -> None:
    orders = [draft(f"x{number}", "Amoxicillin and something with a very long name " * 4) for number in range(3)]
    cards = await caller.cards("order-sign", context=ordering(*orders))
    assert max(len(card["summary"]) for card in cards) <= 139


async def test_an_order_without_facts_has_no_card(caller: Caller, ward: CdsEmr) -> None:
    cards = await caller.cards("order-sign", context=ordering(draft("x1", "Vitamin C")))
    assert cards == []


async def test_each_access_is_in_the_audit_without_words(
    caller: Caller, settings: Settings, resources: Resources
) -> None:
    await caller.cards("patient-view")
    ((deed, who, entity, subject, detail),) = rows(
        settings.database_url, "SELECT deed, who, entity, subject, detail FROM audit_event"
    )
    assert (str(deed).lower(), who, entity) == ("read", "cds|ward", "cds/patient-view")
    assert bytes(subject) == resources.vault.blind(f"{caller.emr.fhir}|Patient/p1")  # type: ignore[call-overload]
    assert set(detail) == {"instance", "user", "cards"}  # type: ignore[call-overload]


@pytest.mark.parametrize("hook", HOOKS)
async def test_no_model_is_asked(caller: Caller, fake_vllm: FakeVllm, hook: str) -> None:
    orders = ordering(draft("x1", "Metformin"), selected=("MedicationRequest/x1",))
    await caller.cards(hook, **({"context": orders} if hook.startswith("order") else {}))
    assert fake_vllm.asked == []


async def test_decimals_keep_their_digits(caller: Caller, ward: CdsEmr) -> None:
    raw = json.dumps(
        ward.body(
            "order-sign",
            context=ordering(draft("x1", "Metformin", "A10BA02")),
            prefetch={"kidney": bundle(result("k1", "Creatinine", 77.5, loinc="2160-0"))},
        )
    )
    path = "/cds-services/order-sign"
    answer = await caller.client.post(
        path, content=raw.replace("77.5", "1.500"), headers={**ward.bearer(path), "Content-Type": "application/json"}
    )
    assert any("Creatinine 1.500 mmol/L" in card["summary"] for card in answer.json()["cards"])


@pytest.mark.parametrize("hook", HOOKS)
async def test_an_empty_chart_is_no_error(caller: Caller, ward: CdsEmr, hook: str) -> None:
    ward.resources = [encounter("e1", start=3)]
    orders = ordering(draft("x1", "Vitamin C"), selected=("MedicationRequest/x1",))
    await caller.cards(hook, **({"context": orders} if hook.startswith("order") else {}))


async def test_an_instance_is_a_uuid_of_any_version(caller: Caller) -> None:
    await caller.cards("patient-view", hookInstance=str(uuid.uuid1()))
