"""Outcomes of answers: one of a kind, replaced by the next; a thumb only by somebody who may see the answer."""

import uuid
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from hospital_hub.identity.accounts import TERMINAL
from hospital_hub.identity.keys import NewKey, create_key
from hospital_hub.identity.permissions import Role
from hospital_hub.inference.feedback import Seen, keep, withdraw
from hospital_hub.inference.routing_outcome import OutcomeKind
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from tests.fixtures.hub import LogIn, rows
from tests.hospital_hub.operations.calls import call, store

OUTCOMES = 'SELECT kind, value, detail, "by" FROM routing_outcome ORDER BY kind, "by"'
HELLO = {"model": "hub-auto", "messages": [{"role": "user", "content": "Hello"}]}


async def asked(resources: Resources, *, who: str = "test-researcher", lane: str = "staff") -> uuid.UUID:
    made = call()
    made.who, made.lane = who, lane
    await store(resources, made)
    return made.id


async def press(client: httpx.AsyncClient, answer: uuid.UUID, rating: str) -> httpx.Response:
    return await client.post(f"/answers/{answer}/thumb", data={"rating": rating})


async def test_of_one_kind_the_last_word_counts(resources: Resources, settings: Settings) -> None:
    answer = await asked(resources)
    for value, detail in ((0.0, "discarded"), (0.75, "signed")):
        async with resources.database.work() as session:
            await keep(session, Seen(OutcomeKind.EDIT, value, detail), call=answer)
    assert rows(settings.database_url, OUTCOMES) == [("EDIT", 0.75, "signed", "")]
    async with resources.database.work() as session:
        await withdraw(session, OutcomeKind.EDIT, call=answer)
    assert rows(settings.database_url, OUTCOMES) == []


@pytest.mark.parametrize("answer", [None, uuid.UUID(int=5)])
async def test_without_a_stored_call_nothing_is_kept_and_nothing_fails(
    resources: Resources, settings: Settings, answer: uuid.UUID | None
) -> None:
    async with resources.database.work() as session:
        await keep(session, Seen(OutcomeKind.EDIT, 0.5), call=answer)
    assert rows(settings.database_url, OUTCOMES) == []


async def test_an_outcome_goes_with_its_call(resources: Resources, settings: Settings) -> None:
    answer = await asked(resources)
    async with resources.database.work() as session:
        await keep(session, Seen(OutcomeKind.EDIT, 0.5), call=answer)
    rows(settings.database_url, "DELETE FROM model_call RETURNING 1")
    assert rows(settings.database_url, OUTCOMES) == []


async def test_a_thumb_is_given_changed_and_taken_back(
    client: httpx.AsyncClient, log_in: LogIn, resources: Resources, settings: Settings
) -> None:
    client.cookies.update(await log_in(Role.RESEARCHER))
    answer = await asked(resources)
    up = await press(client, answer, "up")
    assert up.status_code == 200
    assert up.text.count('aria-pressed="true"') == 1
    assert 'value="none" aria-pressed="true"' in up.text
    assert rows(settings.database_url, OUTCOMES) == [("THUMB", 1.0, "", "test-researcher")]
    assert (await press(client, answer, "down")).status_code == 200
    assert rows(settings.database_url, OUTCOMES) == [("THUMB", 0.0, "", "test-researcher")]
    assert 'aria-pressed="true"' not in (await press(client, answer, "none")).text
    assert rows(settings.database_url, OUTCOMES) == []


async def test_nobody_rates_what_is_not_hers_to_see(
    client: httpx.AsyncClient, log_in: LogIn, resources: Resources, settings: Settings
) -> None:
    client.cookies.update(await log_in(Role.RESEARCHER))
    for foreign in (await asked(resources, who="another"), await asked(resources, who="k", lane="kiosk"), uuid.uuid4()):
        answer = await press(client, foreign, "up")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_answer")
    assert rows(settings.database_url, OUTCOMES) == []


async def test_nurses_rate_what_a_kiosk_said_each_for_herself(
    client: httpx.AsyncClient, log_in: LogIn, resources: Resources, settings: Settings
) -> None:
    answer = await asked(resources, who="kiosk|1", lane="kiosk")
    for name, rating in (("nurse-1", "up"), ("nurse-2", "down")):
        client.cookies.clear()
        client.cookies.update(await log_in(Role.NURSE, name))
        assert (await press(client, answer, rating)).status_code == 200
    assert rows(settings.database_url, OUTCOMES) == [("THUMB", 1.0, "", "nurse-1"), ("THUMB", 0.0, "", "nurse-2")]


@pytest_asyncio.fixture
async def program(app: FastAPI, client: httpx.AsyncClient, resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    async with resources.database.work() as session:
        wanted = NewKey("reports", "Pathology")
        key = await create_key(session, TERMINAL, vault=resources.vault, wanted=wanted, now=utc_now())
    client.headers["authorization"] = f"Bearer {key}"
    yield client


async def test_a_program_rates_its_own_completion(program: httpx.AsyncClient, settings: Settings) -> None:
    completion = (await program.post("/v1/chat/completions", json=HELLO)).json()["id"]
    answer = await program.post("/v1/feedback", json={"id": completion, "rating": "down"})
    assert (answer.status_code, answer.json()) == (200, {"id": completion, "rating": "down"})
    assert [row[:2] for row in rows(settings.database_url, OUTCOMES)] == [("THUMB", 0.0)]


@pytest.mark.parametrize("completion", ["chatcmpl-nothing", f"chatcmpl-{uuid.UUID(int=7)}", ""])
async def test_an_unknown_completion_is_said_in_openai_s_form(program: httpx.AsyncClient, completion: str) -> None:
    answer = await program.post("/v1/feedback", json={"id": completion, "rating": "up"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "no_such_answer"


async def test_another_rating_is_refused(program: httpx.AsyncClient) -> None:
    answer = await program.post("/v1/feedback", json={"id": "chatcmpl-x", "rating": "great"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "body.rating")
