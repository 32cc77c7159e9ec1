"""The page of operations: how often cards were accepted and dismissed and why; no person and no word of theirs."""

import uuid
from typing import Any

import httpx
import pytest

from hospital_hub.cds.outcomes import CardCount, Told, counted
from hospital_hub.identity.permissions import Role
from integrations.cds_hooks.feedback import Outcome
from tests.fixtures.hub import LogIn
from tests.hospital_hub.cds.conftest import Caller

Json = dict[str, Any]
HTML = {"accept": "text/html"}
SYSTEM = "urn:hospital-hub:cds:override"


def told(outcome: Outcome | None, code: str = "", *, rule: str = "abnormal", system: str = SYSTEM) -> Told:
    return Told("patient-view", rule, outcome, system if code else "", code)


def test_cards_are_counted_by_service_and_rule() -> None:
    found = [
        told(Outcome.ACCEPTED),
        told(Outcome.OVERRIDDEN, "known"),
        told(Outcome.OVERRIDDEN, "known"),
        told(Outcome.OVERRIDDEN),
        told(None),
        told(None, rule="drafts"),
    ]
    assert counted(found, known=frozenset({"known"})) == [
        CardCount("patient-view", "abnormal", 5, 1, 3, reasons=(("known", 2), ("no-reason", 1))),
        CardCount("patient-view", "drafts", 1, 0, 0, reasons=()),
    ]
    assert [one.unheard for one in counted(found, known=frozenset())] == [1, 1]


@pytest.mark.parametrize(
    ("code", "system", "in_words", "reason"),
    [
        ("known", SYSTEM, False, "known"),
        ("known", "urn:elsewhere", False, "other"),
        ("Mr Demo said so", SYSTEM, False, "other"),
        ("", "", True, "in-words"),
        ("", "", False, "no-reason"),
    ],
)
def test_a_reason_is_one_of_ours_or_only_counted(code: str, system: str, in_words: bool, reason: str) -> None:
    one = Told("patient-view", "abnormal", Outcome.OVERRIDDEN, system, code, in_words)
    (count,) = counted([one], known=frozenset({"known"}))
    assert count.reasons == ((reason, 1),)


async def act(caller: Caller, *entries: Json) -> None:
    answer = await caller.send("/cds-services/patient-view/feedback", {"feedback": list(entries)})
    assert (answer.status_code, answer.json()) == (200, {})


def overridden(card: Json, *, second: int, **reason: object) -> Json:
    told = {"overrideReason": reason} if reason else {}
    when = f"2026-11-24T08:30:{second:02}Z"
    return {"card": card["uuid"], "outcome": "overridden", **told, "outcomeTimestamp": when}


async def page_of(client: httpx.AsyncClient, log_in: LogIn, language: str = "en") -> str:
    client.cookies.update(await log_in(Role.OPERATIONS))
    answer = await client.get(f"/cds/outcomes?lang={language}", headers=HTML)
    assert answer.status_code == 200
    return answer.text


async def test_the_page_tells_of_cards_and_of_nobody(caller: Caller, client: httpx.AsyncClient, log_in: LogIn) -> None:
    for number in range(3):
        cards = await caller.cards("patient-view")
        card = next(one for one in cards if one["source"]["topic"]["code"] == "abnormal")
        suggestion = {"acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}]}
        when = {"outcomeTimestamp": "2026-11-24T08:30:00Z"}
        await act(caller, {"card": card["uuid"], "outcome": "accepted", **suggestion, **when})
        if number:  # what was done last counts
            reason = {"code": "known", "system": SYSTEM} if number == 1 else {"code": "Mr Demo", "system": "urn:x"}
            await act(caller, overridden(card, second=number, reason=reason, userComment="Mr Demo knows"))
    page = await page_of(client, log_in)
    row = page[page.index("abnormal results not yet noted") :].split("</tr>")[0]
    assert [part.split("<")[0] for part in row.split('class="number">')[1:]] == ["3", "1", "2", "0"]
    assert "Already known and considered" in row
    assert "A reason of the EMR&#39;s own" in row
    for word in ("Mr Demo", "Practitioner", "p1", "ward"):
        assert f">{word}" not in page
        assert f" {word}<" not in page
    assert "Mr Demo" not in page
    assert " style=" not in page


@pytest.mark.parametrize(
    ("language", "words"), [("en", "No card was shown in this time"), ("zh-CN", "该时段没有展示过提醒")]
)
async def test_without_cards_it_says_so(client: httpx.AsyncClient, log_in: LogIn, language: str, words: str) -> None:
    assert words in await page_of(client, log_in, language)


@pytest.mark.parametrize("role", [Role.NURSE, Role.RESEARCHER, Role.AUDITOR])
async def test_it_is_for_operations_alone(client: httpx.AsyncClient, log_in: LogIn, role: Role) -> None:
    client.cookies.update(await log_in(role))
    assert (await client.get("/cds/outcomes")).status_code == 403


async def test_old_cards_are_out_of_the_period(caller: Caller, client: httpx.AsyncClient, log_in: LogIn) -> None:
    await caller.cards("patient-view")
    client.cookies.update(await log_in(Role.OPERATIONS))
    assert "patient-view" in (await client.get("/cds/outcomes?period=day", headers=HTML)).text
    assert (await client.get(f"/cds/outcomes?period={uuid.uuid4()}")).status_code in {400, 422}
