"""What people did with cards is kept (CDS Hooks 2.0.1, "Feedback"; cds-fb-1, cds-fb-2, cds-fb-3).

- an object with an array; each entry with card, outcome (accepted | overridden) and outcomeTimestamp
- accepted names the suggestions; a reason for overriding has a code, a comment, or both
- the same feedback may come several times, for several cards and hook instances in one call
"""

import uuid
from typing import Any

import pytest

from hospital_hub.errors import NotFound
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.vault import Place
from tests.fakes.cds_emr import CdsEmr
from tests.fixtures.hub import rows
from tests.hospital_hub.cds.conftest import Caller

Json = dict[str, Any]
PATH = "/cds-services/patient-view/feedback"
WHEN = "2026-11-24T08:30:00Z"
COUNT = "SELECT count(*) FROM cds_feedback"


def accepted(card: Json) -> Json:
    suggestions = [{"id": card["suggestions"][0]["uuid"]}]
    return {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": suggestions, "outcomeTimestamp": WHEN}


def overridden(card: Json, **reason: object) -> Json:
    told = {"overrideReason": reason} if reason else {}
    return {"card": card["uuid"], "outcome": "overridden", **told, "outcomeTimestamp": WHEN}


async def abnormal(caller: Caller) -> Json:
    cards = await caller.cards("patient-view")
    return next(card for card in cards if card["source"]["topic"]["code"] == "abnormal")


async def test_accepted_and_overridden_are_kept_with_their_reasons(caller: Caller, settings: Settings) -> None:
    card = await abnormal(caller)
    reason = {"code": "known", "system": "urn:hospital-hub:cds:override", "display": "Already known"}
    entries = [accepted(card), overridden(card), overridden(card, reason=reason, userComment="Nobody Demo knows")]
    answer = await caller.send(PATH, {"feedback": entries})
    assert (answer.status_code, answer.json()) == (200, {})
    found = rows(
        settings.database_url,
        "SELECT lower(f.outcome), f.reason_code, f.comment IS NULL, c.rule, c.client FROM cds_feedback f "
        "JOIN cds_card c ON c.id = f.card_id ORDER BY 1, 2",
    )
    assert found == [
        ("accepted", "", True, "abnormal", "ward"),
        ("overridden", "", True, "abnormal", "ward"),
        ("overridden", "known", False, "abnormal", "ward"),
    ]


async def test_what_a_person_wrote_is_sealed_and_goes_with_the_patient(
    caller: Caller, settings: Settings, resources: Resources
) -> None:
    card = await abnormal(caller)
    words = "Nobody Demo tolerates this"
    await caller.send(PATH, {"feedback": [overridden(card, userComment=words)]})
    ((identifier, comment),) = rows(settings.database_url, "SELECT id, comment FROM cds_feedback")
    assert words.encode() not in bytes(comment)  # type: ignore[call-overload]
    subject, place = f"{caller.emr.fhir}|Patient/p1", Place("cds_feedback", "comment", str(identifier))
    async with resources.database.work() as session:
        assert await resources.vault.open(session, subject=subject, place=place, sealed=bytes(comment)) == words  # type: ignore[call-overload]
        await resources.vault.erase(session, subject=subject)
    async with resources.database.work() as session:
        with pytest.raises(NotFound):
            await resources.vault.open(session, subject=subject, place=place, sealed=bytes(comment))  # type: ignore[call-overload]


async def test_feedback_sent_twice_is_kept_once(caller: Caller, settings: Settings) -> None:
    card = await abnormal(caller)
    for _ in range(2):
        assert (await caller.send(PATH, {"feedback": [accepted(card)]})).status_code == 200
    assert rows(settings.database_url, COUNT) == [(1,)]


async def test_unknown_cards_are_named_and_the_others_kept(caller: Caller, settings: Settings) -> None:
    card = await abnormal(caller)
    foreign = {**overridden(card), "card": str(uuid.uuid4())}
    answer = await caller.send(PATH, {"feedback": [foreign, overridden(card)]})
    assert answer.status_code == 200
    (issue,) = answer.json()["issue"]
    assert (issue["severity"], issue["expression"]) == ("warning", ["feedback[0].card"])
    assert rows(settings.database_url, COUNT) == [(1,)]


async def test_another_client_or_service_cannot_speak_for_a_card(
    caller: Caller, clinic: CdsEmr, settings: Settings
) -> None:
    card = await abnormal(caller)
    answer = await Caller(caller.client, clinic).send(PATH, {"feedback": [overridden(card)]})
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "card_unknown"
    other = await caller.send("/cds-services/order-sign/feedback", {"feedback": [overridden(card)]})
    assert other.json()["issue"][0]["details"]["coding"][0]["code"] == "card_unknown"
    assert rows(settings.database_url, COUNT) == [(0,)]


async def test_feedback_needs_a_token_for_its_own_address(caller: Caller) -> None:
    headers = caller.emr.bearer("/cds-services/patient-view")
    assert (await caller.client.post(PATH, json={"feedback": []}, headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"card": None}, "card", "missing"),
        ({"card": "no-uuid"}, "card", "not_a_uuid"),
        ({"outcome": None}, "outcome", "missing"),
        ({"outcome": "ignored"}, "outcome", "not_an_outcome"),
        ({"acceptedSuggestions": []}, "acceptedSuggestions", "no_suggestion"),
        ({"acceptedSuggestions": [{"id": "x"}]}, "acceptedSuggestions[0].id", "not_a_uuid"),
        ({"acceptedSuggestions": ["x"]}, "acceptedSuggestions[0]", "not_an_object"),
        ({"outcome": "overridden", "overrideReason": {}}, "overrideReason.reason", "empty_reason"),
        ({"outcome": "overridden", "overrideReason": {"reason": "known"}}, "overrideReason.reason", "not_an_object"),
        ({"outcomeTimestamp": None}, "outcomeTimestamp", "missing"),
        ({"outcomeTimestamp": "yesterday"}, "outcomeTimestamp", "not_an_instant"),
        ({"outcomeTimestamp": "2026-11-24T08:30:00"}, "outcomeTimestamp", "not_an_instant"),
    ],
)
async def test_wrong_feedback_is_named_and_nothing_kept(
    caller: Caller, settings: Settings, change: Json, place: str, code: str
) -> None:
    card = await abnormal(caller)
    entry = {name: value for name, value in {**accepted(card), **change}.items() if value is not None}
    answer = await caller.send(PATH, {"feedback": [accepted(card), entry]})
    assert answer.status_code == 400
    named = [
        (one["expression"][0], one["details"]["coding"][0]["code"])
        for one in answer.json()["issue"]
        if "expression" in one
    ]
    assert (f"feedback[1].{place}", code) in named
    assert rows(settings.database_url, COUNT) == [(0,)]


@pytest.mark.parametrize("body", [{}, {"feedback": {}}, {"feedback": ["x"]}, {"feedback": [{}] * 201}])
async def test_the_envelope_is_an_object_with_an_array(caller: Caller, body: Json) -> None:
    assert (await caller.send(PATH, body)).status_code == 400


async def test_old_cards_that_nobody_answered_go_and_answered_ones_stay(caller: Caller, settings: Settings) -> None:
    card = await abnormal(caller)
    await caller.send(PATH, {"feedback": [overridden(card)]})
    rows(settings.database_url, "UPDATE cds_card SET at = now() - interval '31 days' RETURNING 1")
    await caller.cards("patient-view", prefetch={"results": None, "encounters": None})
    left = rows(settings.database_url, "SELECT id::text FROM cds_card WHERE at < now() - interval '30 days'")
    assert left == [(card["uuid"],)]
