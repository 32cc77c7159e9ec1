"""The publisher as a process, between a real database and a broker that comes and goes."""

import asyncio
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from hospital_hub.broker import PUBLISHER as PATIENCE
from hospital_hub.broker import make_celery
from hospital_hub.publisher import BrokerDown, Publisher
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage import outbox
from tests.fixtures.hub import rows
from tests.fixtures.processes import PUBLISHER, background

NOWHERE = "redis://127.0.0.1:1/0"
PUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL"


@pytest.fixture
def broker(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def silent() -> Iterator[str]:
    """A broker that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


async def enqueue(resources: Resources, count: int = 1) -> None:
    async with resources.database.work() as session:
        for _ in range(count):
            outbox.enqueue(session, task="research.run", subject_id=uuid.uuid4(), queue="batch")


def publisher(resources: Resources, url: str) -> Publisher:
    celery = make_celery(resources.settings.model_copy(update={"redis_url": url}), patience=PATIENCE)
    return Publisher(resources.database, celery)


async def test_messages_hold_ids_and_nothing_else(resources: Resources, broker: redis.Redis, redis_url: str) -> None:
    await enqueue(resources, 3)
    assert await publisher(resources, redis_url).publish_due() == 3
    assert broker.llen("hub:batch") == 3
    assert await publisher(resources, redis_url).publish_due() == 0


@pytest.mark.parametrize("kind", ["down", "silent"])
async def test_what_does_not_go_out_is_given_back(
    resources: Resources, settings: Settings, silent: str, kind: str
) -> None:
    await enqueue(resources, 3)
    began = time.monotonic()
    with pytest.raises(BrokerDown):
        await publisher(resources, NOWHERE if kind == "down" else silent).publish_due()
    assert time.monotonic() - began < 15
    assert rows(settings.database_url, PUBLISHED) == [(0,)]


async def test_it_waits_for_its_parts_and_ends_when_asked(
    resources: Resources, settings: Settings, broker: redis.Redis, redis_url: str, tmp_path: Path
) -> None:
    async with background(PUBLISHER, settings.model_copy(update={"redis_url": redis_url}), folder=tmp_path) as process:
        await process.says("publisher_ready")
        await enqueue(resources)
        await process.says("published")
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        rows(settings.database_url, f"SELECT pg_terminate_backend(pid) {others}")
        await enqueue(resources)
        async with asyncio.timeout(20):
            while broker.llen("hub:batch") < 2:
                await asyncio.sleep(0.05)
        assert await process.end() == 0


@pytest.mark.parametrize(
    ("missing", "words"),
    [("database_url", "HUB_DATABASE_URL is not set"), ("redis_url", "HUB_REDIS_URL is not set")],
)
async def test_a_missing_setting_is_one_line_and_code_2(
    settings: Settings, tmp_path: Path, missing: str, words: str
) -> None:
    async with background(PUBLISHER, settings.model_copy(update={missing: ""}), folder=tmp_path) as process:
        assert await process.process.wait() == 2
        assert process.said().count("\n") == 1
        assert process.said().startswith(words)


async def test_an_empty_database_is_one_line_and_code_2(settings: Settings, postgres_url: str, tmp_path: Path) -> None:
    async with background(
        PUBLISHER, settings.model_copy(update={"database_url": postgres_url}), folder=tmp_path
    ) as process:
        assert await process.process.wait() == 2
        assert "hospital-hub db upgrade" in process.said().splitlines()[-1]
