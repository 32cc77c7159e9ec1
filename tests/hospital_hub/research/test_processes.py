"""A real worker, a real publisher and a real broker, while parts of them are killed: nothing lost, nothing twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest_asyncio
import redis

from hospital_hub.settings import Settings
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import rows
from tests.fixtures.processes import PUBLISHER, WORKER, Background, background
from tests.hospital_hub.research.conftest import BATCHES, HandIn, questions

RESULTS = "SELECT count(*), count(DISTINCT ordinal), count(*) FILTER (WHERE outcome = 'ANSWERED') FROM job_result"


@pytest_asyncio.fixture
async def around(settings: Settings, hub_origin: str, redis_url: str) -> AsyncIterator[Settings]:
    """Settings with which a worker finds the hub and an empty broker."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield settings.model_copy(update={"internal_url": hub_origin, "redis_url": redis_url})


async def progress(client: httpx.AsyncClient, batch: dict[str, Any]) -> dict[str, Any]:
    return dict((await client.get(f"{BATCHES}/{batch['id']}")).json())


async def until(client: httpx.AsyncClient, batch: dict[str, Any], *, answered: int, within: float = 60.0) -> list[int]:
    """Wait; the counts seen on the way."""
    seen = [0]
    async with asyncio.timeout(within):
        while seen[-1] < answered:
            await asyncio.sleep(0.1)
            seen.append((await progress(client, batch))["answered"])
    return seen


async def ready(worker: Background) -> None:
    await worker.says(" ready.")


async def test_twenty_questions_are_answered_once_each(
    researcher: httpx.AsyncClient, hand_in: HandIn, around: Settings, tmp_path: Path
) -> None:
    async with background(PUBLISHER, around, folder=tmp_path), background(WORKER, around, folder=tmp_path) as worker:
        batch = await hand_in(questions(20))
        await until(researcher, batch, answered=20)
        assert rows(around.database_url, RESULTS) == [(20, 20, 20)]
        assert "Question" not in worker.said()
        await ready(worker)
        assert await worker.end() == 0


async def test_a_killed_worker_loses_no_item_and_repeats_none(
    researcher: httpx.AsyncClient, hand_in: HandIn, around: Settings, fake_vllm: FakeVllm, tmp_path: Path
) -> None:
    fake_vllm.gap = 0.1
    batch = await hand_in(questions(20))
    async with background(PUBLISHER, around, folder=tmp_path):
        async with background(WORKER, around, folder=tmp_path) as first:
            before = await until(researcher, batch, answered=4)
            first.kill()
        async with background(WORKER, around, folder=tmp_path):
            after = await until(researcher, batch, answered=20)
    counts = before + after[1:]
    assert counts == sorted(counts)
    assert rows(around.database_url, RESULTS) == [(20, 20, 20)]
    fences = rows(around.database_url, "SELECT count(DISTINCT fence) FROM job_result")
    assert fences == [(2,)]
    # Two items were in flight when it was killed; nothing else is asked again.
    assert len(fake_vllm.asked) <= 22


async def test_a_killed_child_is_replaced(
    researcher: httpx.AsyncClient, hand_in: HandIn, around: Settings, fake_vllm: FakeVllm, tmp_path: Path
) -> None:
    fake_vllm.gap = 0.1
    async with background(PUBLISHER, around, folder=tmp_path), background(WORKER, around, folder=tmp_path) as worker:
        batch = await hand_in(questions(12))
        await until(researcher, batch, answered=2)
        for child in psutil.Process(worker.process.pid).children():
            child.kill()
        await until(researcher, batch, answered=12)
    assert rows(around.database_url, RESULTS) == [(12, 12, 12)]


async def test_a_flushed_broker_loses_nothing(
    researcher: httpx.AsyncClient, hand_in: HandIn, around: Settings, tmp_path: Path
) -> None:
    batch = await hand_in(questions(5))
    async with background(PUBLISHER, around, folder=tmp_path) as publisher:
        await publisher.says("published")
        with redis.Redis.from_url(around.redis_url) as client:
            assert client.llen("hub:batch") == 1
            client.flushall()
        # The minute after which an unheard message goes out again, passed by hand.
        rows(around.database_url, "UPDATE outbox SET published_at = now() - interval '61 seconds' RETURNING 1")
        async with background(WORKER, around, folder=tmp_path):
            await until(researcher, batch, answered=5)
    assert rows(around.database_url, RESULTS) == [(5, 5, 5)]


async def test_a_worker_that_ends_gives_its_job_back_at_once(
    researcher: httpx.AsyncClient, hand_in: HandIn, around: Settings, fake_vllm: FakeVllm, tmp_path: Path
) -> None:
    fake_vllm.tokens, fake_vllm.gap = ["late"], 4.0
    batch = await hand_in(questions(3))
    async with background(PUBLISHER, around, folder=tmp_path), background(WORKER, around, folder=tmp_path) as worker:
        async with asyncio.timeout(30):
            while len(fake_vllm.asked) < 2:
                await asyncio.sleep(0.05)
        assert await worker.end() == 0
    leases = rows(
        around.database_url, "SELECT count(*) FROM outbox WHERE lease_until IS NOT NULL OR done_at IS NOT NULL"
    )
    assert leases == [(0,)]
    assert rows(around.database_url, "SELECT sum(attempts) FROM job_item") == [(0,)]
    assert (await progress(researcher, batch))["state"] == "running"


async def test_batches_are_taken_in_while_the_broker_is_down(
    researcher: httpx.AsyncClient, hand_in: HandIn, around: Settings, tmp_path: Path
) -> None:
    nowhere = around.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    async with background(PUBLISHER, nowhere, folder=tmp_path) as publisher:
        batch = await hand_in(questions(3))
        await publisher.says("publisher_waits")
        assert await publisher.end() == 0
    async with background(PUBLISHER, around, folder=tmp_path), background(WORKER, around, folder=tmp_path):
        await until(researcher, batch, answered=3)
