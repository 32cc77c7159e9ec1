"""`hospital-hub fleet`: what operators see and change while the hub runs."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI

from hospital_hub.settings import Settings
from tests.fakes.serving import served
from tests.fixtures.hub import rows
from tests.fixtures.processes import environment
from tests.hospital_hub.cli.conftest import Run


@pytest_asyncio.fixture
async def hub(app: FastAPI, settings: Settings) -> AsyncIterator[dict[str, str]]:
    """The environment of a command on the machine of a running hub."""
    async with served(app) as origin:
        yield dict(environment(settings.model_copy(update={"internal_url": origin})))


async def fleet(run: Run, env: dict[str, str], *command: str) -> str:
    said = await asyncio.to_thread(run, "fleet", *command, env=env)
    assert said.exit_code == 0, said.stderr
    return said.stdout


async def test_the_list_tells_every_replica_with_its_state(run: Run, hub: dict[str, str]) -> None:
    told = await fleet(run, hub, "list")
    assert [tier in told for tier in ("r1-32b", "r1-70b", "r1-671b")] == [True] * 3
    assert told.count("in use") == 3


async def test_a_drained_replica_stays_so_over_restarts_until_it_is_taken_back(
    run: Run, hub: dict[str, str], app: FastAPI, settings: Settings
) -> None:
    state = app.state.models.fleet
    assert "no new work" in await fleet(run, hub, "drain", "demonstration")
    assert "already" in await fleet(run, hub, "drain", "demonstration")
    await state.poll()
    assert (await fleet(run, hub, "list")).count("drained") == 3
    assert not any(one.healthy for view in state.snapshot(0.0).tiers for one in view.replicas)
    assert rows(settings.database_url, 'SELECT name, "by" FROM drained_replica') == [("demonstration", "command-line")]
    assert "work again" in await fleet(run, hub, "undrain", "demonstration")
    await state.poll()
    assert (await fleet(run, hub, "list")).count("in use") == 3
    assert rows(settings.database_url, "SELECT detail FROM audit_event WHERE entity = 'replica/demonstration'") == [
        ({"drained": True},),
        ({"drained": False},),
    ]


async def test_a_name_that_is_none_is_said(run: Run, hub: dict[str, str]) -> None:
    said = await asyncio.to_thread(run, "fleet", "drain", "r9", env=hub)
    assert said.exit_code == 2
    assert "demonstration" in said.stderr


async def test_models_are_read_again_and_a_wrong_file_changes_nothing(
    run: Run, hub: dict[str, str], app: FastAPI
) -> None:
    gate = app.state.models.gate
    document = app.state.resources.settings.models_document()
    wider = app.state.models.registry.model_copy(update={"version": "next"})
    gate.reread = lambda: wider
    assert "next is in force" in await fleet(run, hub, "reload")
    assert app.state.models.registry.version == "next"
    tiers = {label: entry.model_copy(update={"model": "other"}) for label, entry in wider.tiers.items()}
    gate.reread = lambda: wider.model_copy(update={"tiers": tiers, "version": "wrong"})
    said = await asyncio.to_thread(run, "fleet", "reload", env=hub)
    assert said.exit_code == 2
    assert app.state.models.registry.version == "next"
    assert document["version"] != "next"


@pytest.mark.parametrize("command", [("list",), ("reload",)])
def test_without_a_hub_it_says_so(run: Run, settings: Settings, command: tuple[str, ...]) -> None:
    away = dict(environment(settings.model_copy(update={"internal_url": "http://127.0.0.1:1"})))
    said = run("fleet", *command, env=away)
    assert said.exit_code != 0
    assert "does not answer" in said.stderr
