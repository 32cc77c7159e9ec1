"""The embedded broker: behind a password, keeps its queue, speaks to redis-py and Celery."""

import os
import signal
from pathlib import Path

import pytest
import redis
from celery import Celery

from hospital_hub.embedded.ports import next_free_port
from hospital_hub.embedded.valkey import Valkey
from tests.fixtures.servers import running

PORT = 21_700


def broker_in(folder: Path) -> Valkey:
    return Valkey(folder / "with space", secrets=folder / "secrets", port=next_free_port(PORT))


async def test_queue_is_kept_after_a_stop(tmp_path: Path) -> None:
    broker = broker_in(tmp_path)
    async with running(broker.part(), tmp_path):
        with redis.Redis.from_url(broker.url) as client:
            client.lpush("queue", "42")
    async with running(broker.part(), tmp_path):
        with redis.Redis.from_url(broker.url) as client:
            assert client.lrange("queue", 0, -1) == [b"42"]


async def test_starts_again_after_a_kill(tmp_path: Path) -> None:
    broker = broker_in(tmp_path)
    async with running(broker.part(), tmp_path) as child:
        os.kill(child.group, signal.SIGKILL)
        await child.wait()
    async with running(broker.part(), tmp_path):
        with redis.Redis.from_url(broker.url) as client:
            assert client.ping()


async def test_wants_the_password_and_never_drops_messages(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert client.config_get("appendonly")["appendonly"] == "yes"
    without = redis_url.replace(redis_url.partition("//")[2].partition("@")[0] + "@", "")
    with redis.Redis.from_url(without) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


async def test_password_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    broker = broker_in(tmp_path)
    async with running(broker.part(), tmp_path):
        pass
    assert (tmp_path / "secrets" / "valkey.password").stat().st_mode & 0o077 == 0
    assert (tmp_path / "with space" / "valkey.conf").stat().st_mode & 0o077 == 0
    assert broker_in(tmp_path).url.partition("@")[0] == broker.url.partition("@")[0]


def test_celery_takes_the_url(redis_url: str) -> None:
    with Celery(broker=redis_url).connection_for_write() as connection:
        connection.ensure_connection(max_retries=1)
        assert connection.connected
