"""Batches over HTTP: taken in whole or not at all, once a key, seen by their owner alone."""

import asyncio
import csv
import io
import json
import uuid
from collections.abc import AsyncIterator

import httpx
import pytest

from hospital_hub.identity.permissions import Role
from hospital_hub.research.upload import MOST_BYTES
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import LogIn, rows
from tests.hospital_hub.research.conftest import BATCHES, HandIn, jsonl, questions
from tests.hospital_hub.research.test_shift import shift

JSONL = {"content-type": "application/x-ndjson"}
STORED = "SELECT (SELECT count(*) FROM job), (SELECT count(*) FROM job_item), (SELECT count(*) FROM outbox)"


async def test_a_batch_is_stored_with_its_outbox_row_and_its_audit_event(
    researcher: httpx.AsyncClient, hand_in: HandIn, settings: Settings
) -> None:
    batch = await hand_in(questions(3))
    assert (batch["state"], batch["total"], batch["remaining"]) == ("submitted", 3, 3)
    assert rows(settings.database_url, STORED) == [(1, 3, 1)]
    assert rows(settings.database_url, "SELECT task, queue, published_at FROM outbox") == [
        ("research.run", "batch", None)
    ]
    told = rows(settings.database_url, "SELECT entity, detail FROM audit_event WHERE deed = 'CREATE'")
    assert told == [(f"job/{batch['id']}", {"items": 3})]
    listed = (await researcher.get(BATCHES)).json()["batches"]
    assert [one["id"] for one in listed] == [batch["id"]]


async def test_no_text_stands_in_the_database_in_the_clear(hand_in: HandIn, settings: Settings) -> None:
    await hand_in(jsonl([{"id": "MARK-ID-77", "question": "MARK-QUESTION-77"}]))
    for table in ("job", "job_item", "outbox", "audit_event", "data_key"):
        assert b"MARK" not in str(rows(settings.database_url, f"SELECT * FROM {table}")).encode()  # noqa: S608


@pytest.mark.parametrize("field", ["file", "lines"])
async def test_a_form_does_the_same(researcher: httpx.AsyncClient, field: str) -> None:
    part = ("batch.jsonl", questions(2)) if field == "file" else (None, questions(2))
    answer = await researcher.post(BATCHES, files={field: part, "title": (None, "My study")})
    assert answer.status_code == 202
    assert (answer.json()["title"], answer.json()["total"]) == ("My study", 2)
    assert answer.headers["location"] == f"{BATCHES}/{answer.json()['id']}"


async def test_wrong_lines_are_named_and_nothing_is_stored(researcher: httpx.AsyncClient, settings: Settings) -> None:
    body = b'{"question": "fine"}\n{"question": ""}\n\n{"q": 1}'
    answer = await researcher.post(BATCHES, content=body, headers=JSONL)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "bad_lines"
    assert [(one["location"], one["code"]) for one in problem["errors"]] == [
        ("line 2", "empty"),
        ("line 4", "extra_field"),
    ]
    assert rows(settings.database_url, STORED) == [(0, 0, 0)]


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", "application/x-ndjson", 400, "empty_batch"),
        (b"{}", "application/pdf", 415, "wrong_content_type"),
        (b"no form", "multipart/form-data; boundary=x", 400, "broken_form"),
        (b"no form", "multipart/form-data", 400, "broken_form"),
        (b'{"question": "a"}\n' * 10_001, "application/x-ndjson", 413, "too_many_lines"),
    ],
)
async def test_what_is_no_batch_is_refused(
    researcher: httpx.AsyncClient, content: bytes, kind: str, status: int, code: str
) -> None:
    answer = await researcher.post(BATCHES, content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_endless_body_is_cut_off(researcher: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 2 * MOST_BYTES:
            sent += 1 << 20
            yield b" " * (1 << 20)

    answer = await researcher.post(BATCHES, content=endless(), headers=JSONL)
    assert (answer.status_code, answer.json()["code"]) == (413, "batch_too_large")


async def test_one_key_is_one_batch(researcher: httpx.AsyncClient, settings: Settings) -> None:
    key = {"Idempotency-Key": "4f1", **JSONL}
    answers = await asyncio.gather(*(researcher.post(BATCHES, content=questions(5), headers=key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 19
    assert rows(settings.database_url, STORED) == [(1, 5, 1)]
    other = await researcher.post(BATCHES, content=questions(4), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_a_key_is_its_owners(client: httpx.AsyncClient, log_in: LogIn) -> None:
    ids = set()
    for name in ("one", "two"):
        client.cookies.update(await log_in(Role.RESEARCHER, name))
        answer = await client.post(BATCHES, content=questions(1), headers={"Idempotency-Key": "same", **JSONL})
        ids.add(answer.json()["id"])
    assert len(ids) == 2


async def test_a_job_is_there_for_its_owner_alone(client: httpx.AsyncClient, log_in: LogIn, settings: Settings) -> None:
    client.cookies.update(await log_in(Role.RESEARCHER, "owner"))
    batch = (await client.post(BATCHES, content=questions(1), headers=JSONL)).json()["id"]
    client.cookies.update(await log_in(Role.RESEARCHER, "other"))
    assert (await client.get(BATCHES)).json() == {"batches": []}
    nothing = str(uuid.uuid4())
    for path in ("", "/results.jsonl", "/results.csv"):
        foreign, absent = [await client.get(f"{BATCHES}/{one}{path}") for one in (batch, nothing)]
        assert foreign.status_code == absent.status_code == 404
        assert foreign.json()["code"] == absent.json()["code"] == "no_such_batch"
    for button in ("cancel", "resume", "retry-failed"):
        assert (await client.post(f"{BATCHES}/{batch}/{button}")).status_code == 404
    for page in (f"/research/{batch}", f"/research/{batch}/progress"):
        assert (await client.get(page)).status_code == 404
    assert rows(settings.database_url, "SELECT state FROM job") == [("SUBMITTED",)]


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.RESEARCHER, Role.SERVICE, Role.KIOSK}])
async def test_other_roles_may_not(client: httpx.AsyncClient, log_in: LogIn, role: Role) -> None:
    client.cookies.update(await log_in(role))
    for path in (BATCHES, f"{BATCHES}/{uuid.uuid4()}", "/research"):
        assert (await client.get(path)).status_code == 403
    assert (await client.post(BATCHES, content=questions(1), headers=JSONL)).status_code == 403


async def test_cancelling_and_taking_it_back(
    researcher: httpx.AsyncClient, hand_in: HandIn, worker_resources: Resources, fake_vllm: FakeVllm
) -> None:
    batch = await hand_in(questions(2))
    cancelled = await researcher.post(f"{BATCHES}/{batch['id']}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    await shift(worker_resources, batch)
    assert fake_vllm.asked == []
    assert (await researcher.post(f"{BATCHES}/{batch['id']}/retry-failed")).json()["code"] == "job_cancelled"
    assert (await researcher.post(f"{BATCHES}/{batch['id']}/resume")).json()["state"] == "submitted"
    await shift(worker_resources, batch)
    assert (await researcher.get(f"{BATCHES}/{batch['id']}")).json()["state"] == "done"
    assert (await researcher.post(f"{BATCHES}/{batch['id']}/cancel")).status_code == 409


async def test_the_results_files_say_what_made_them(
    researcher: httpx.AsyncClient, hand_in: HandIn, worker_resources: Resources, fake_vllm: FakeVllm
) -> None:
    fake_vllm.tokens = ["=1+1 ", "脓毒症"]
    batch = await hand_in(jsonl([{"id": "a", "question": "电话13800138000"}, {"question": "二"}]))
    before = (await researcher.get(f"{BATCHES}/{batch['id']}/results.jsonl")).text.splitlines()
    assert [json.loads(line)["state"] for line in before] == ["pending", "pending"]
    await shift(worker_resources, batch)
    answer = await researcher.get(f"{BATCHES}/{batch['id']}/results.jsonl")
    assert answer.headers["content-disposition"].startswith("attachment")
    first, second = map(json.loads, answer.text.splitlines())
    assert (first["line"], first["id"], first["state"], first["answer"]) == (1, "a", "answered", "=1+1 脓毒症")
    assert first["identifiers_removed"] == {"mobile": 1}
    assert first["label"].startswith("AI draft, not checked")
    assert first["notice"] == "demonstration weights, not for clinical use"
    assert first["prompt_version"].startswith("research/answer@")
    assert second["id"] is None
    table = list(
        csv.DictReader(
            io.StringIO((await researcher.get(f"{BATCHES}/{batch['id']}/results.csv")).text.lstrip("\ufeff"))
        )
    )
    assert [row["answer"] for row in table] == ["'=1+1 脓毒症"] * 2
    assert "13800138000" not in json.dumps(fake_vllm.asked, ensure_ascii=False)
    assert "[MOBILE]" in json.dumps(fake_vllm.asked)


async def test_reading_results_is_an_audit_event(
    researcher: httpx.AsyncClient, hand_in: HandIn, settings: Settings
) -> None:
    batch = await hand_in(questions(1))
    await researcher.get(f"{BATCHES}/{batch['id']}/results.csv")
    told = rows(settings.database_url, "SELECT who, entity FROM audit_event WHERE deed = 'READ'")
    assert told == [("test-researcher", f"job/{batch['id']}")]
