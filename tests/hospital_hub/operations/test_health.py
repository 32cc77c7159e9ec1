"""What a supervisor and a monitor are told, and what they are not told."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest_asyncio
from fastapi import FastAPI

from hospital_hub.identity.guard import metrics_token
from hospital_hub.identity.permissions import Role
from hospital_hub.inference.fleet import FleetState
from hospital_hub.inference.tables import Outcome
from hospital_hub.operations.health import STALE_SECONDS, State, fleet_freshness
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_id
from hospital_hub.storage.outbox import enqueue
from tests.fakes.vllm import FakeVllm, Mode
from tests.fixtures.hub import LogIn
from tests.hospital_hub.operations.calls import call, store

ALL_OK = {"database": "ok", "schema": "ok", "fleet": "ok"}


def plain(settings: Settings) -> str:
    return settings.database_url.replace("+psycopg", "")


@pytest_asyncio.fixture
async def scraper(client: httpx.AsyncClient, resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    client.headers["authorization"] = f"Bearer {metrics_token(resources.vault)}"
    yield client


async def test_a_living_process_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_ready_when_every_part_is(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "parts": ALL_OK})


async def test_ready_though_every_model_is_down(app: FastAPI, client: httpx.AsyncClient, fake_vllm: FakeVllm) -> None:
    """The rules of the hospital work without models, so the kiosk must stay open."""
    fake_vllm.mode = Mode.UNHEALTHY
    fleet = app.state.models.fleet
    await fleet.poll()
    assert not any(replica.healthy for view in fleet.snapshot(0.0).tiers for replica in view.replicas)
    assert (await client.get("/readyz")).status_code == 200


async def test_another_schema_is_named(client: httpx.AsyncClient, settings: Settings) -> None:
    with psycopg.connect(plain(settings), autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'older'")
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]) == (503, {**ALL_OK, "schema": "wrong"})


async def test_a_database_that_is_gone_is_named_and_its_address_is_not(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    name = plain(settings).partition("?")[0].rpartition("/")[2]
    with psycopg.connect(
        plain(settings).replace(f"/{name}?", "/postgres?").replace("hub@", "postgres@"), autocommit=True
    ) as one:
        one.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        one.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        answer = await client.get("/readyz")
        one.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
    assert (answer.status_code, answer.json()["parts"]) == (503, {**ALL_OK, "database": "down", "schema": "down"})
    assert name not in answer.text
    assert (await client.get("/readyz")).status_code == 200


async def test_a_picture_of_the_fleet_grows_stale(resources: Resources) -> None:
    fleet = FleetState(resources.registry, resources.http)
    assert fleet_freshness(fleet, now=0.0) is State.STALE
    await fleet.poll()
    now = asyncio.get_running_loop().time()
    assert fleet_freshness(fleet, now=now) is State.OK
    assert fleet_freshness(fleet, now=now + STALE_SECONDS) is State.STALE


async def test_figures_are_for_monitors_and_operations(client: httpx.AsyncClient, log_in: LogIn) -> None:
    assert (await client.get("/metrics")).status_code == 401
    wrong = await client.get("/metrics", headers={"authorization": "Bearer 00"})
    assert wrong.status_code == 401
    client.cookies.update(await log_in(Role.NURSE))
    assert (await client.get("/metrics")).status_code == 403
    client.cookies.update(await log_in(Role.OPERATIONS))
    assert (await client.get("/metrics")).status_code == 200


async def test_figures_tell_of_models_queue_and_requests(scraper: httpx.AsyncClient, resources: Resources) -> None:
    old = call(seconds_ago=3600)
    await store(resources, call(), call("r1-70b"), call(outcome=Outcome.REFUSED), old)
    async with resources.database.work() as session:
        enqueue(session, task="notes.file", subject_id=new_id(int(utc_now().timestamp() * 1000)), queue="files")
    await scraper.get("/operations/secret-case.csv")
    lines = (await scraper.get("/metrics")).text.splitlines()
    assert 'hub_model_calls{outcome="answered",tier="r1-32b"} 1.0' in lines
    assert 'hub_model_calls{outcome="refused",tier=""} 1.0' in lines
    assert 'hub_first_token_seconds{quantile="0.5",tier="r1-70b"} 0.5' in lines
    assert "hub_outbox_unpublished 1.0" in lines
    assert 'hub_replica_up{replica="demonstration",tier="r1-671b"} 1.0' in lines
    assert 'hub_replica_state{replica="demonstration",state="in use",tier="r1-671b"} 1.0' in lines
    assert 'hub_gate_waiting{lane="kiosk"} 0.0' in lines
    assert 'hub_requests_total{method="GET",route="/operations/{key}.csv",status="401"} 1.0' in lines
    assert not any("secret-case" in line or "somebody" in line or "Emergency" in line for line in lines)
