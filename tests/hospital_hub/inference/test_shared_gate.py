"""One gate for several hub processes: over its socket, with hubs that die and a gate that is started again."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvloop

from hospital_hub.errors import WrongSetup
from hospital_hub.inference.admission import Full, Grant
from hospital_hub.inference.gate import LocalGate
from hospital_hub.inference.gate_client import MOMENT_SECONDS, GateClient
from hospital_hub.inference.gate_server import gate_served
from hospital_hub.inference.gate_wire import address_of
from hospital_hub.inference.servers import Verdict
from integrations.vllm.state import ServerState
from routing import Lane
from tests.hospital_hub.inference.gates import on_paper, registry, say, want

TOKEN = "secret-of-the-hub"
RUNNING: dict[int, asyncio.Task[None]] = {}


@pytest.fixture
def address() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="gate-")
    yield f"unix:{folder}/gate.sock"
    shutil.rmtree(folder)


@asynccontextmanager
async def served(gate: LocalGate, address: str) -> AsyncIterator[None]:
    async with gate_served(gate, address=address, token=TOKEN):
        yield


@asynccontextmanager
async def hub(address: str, *, token: str = TOKEN) -> AsyncIterator[GateClient]:
    client = GateClient(address, token, registry({}, places=1))
    RUNNING[id(client)] = asyncio.create_task(client.run())
    try:
        yield client
    finally:
        kill(client)
        with suppress(asyncio.CancelledError):
            await RUNNING.pop(id(client))


def kill(client: GateClient) -> None:
    """Nothing runs any more, and the kernel closes the socket."""
    RUNNING[id(client)].cancel()
    if client._line is not None and client._line.transport is not None:
        client._line.transport.abort()


def under_way(gate: LocalGate) -> int:
    return gate.fleet.server("http://r1-32b/v1").under_way


async def until(holds: Callable[[], bool], within: float = 2.0) -> None:
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.01)


async def test_two_hubs_share_the_places_and_a_dead_one_frees_its_own_at_once(address: str) -> None:
    gate = on_paper(places=2)
    async with served(gate, address), hub(address) as first, hub(address) as second:
        assert isinstance(await first.enter(want(Lane.KIOSK)), Grant)
        held = await second.enter(want(Lane.KIOSK))
        assert isinstance(held, Grant)
        assert held.url == "http://r1-32b/v1"
        assert isinstance(await second.enter(want(Lane.KIOSK)), Full)
        waiting = asyncio.create_task(second.enter(want(Lane.KIOSK, wait=5.0)))
        await until(lambda: first.waiting().get(Lane.KIOSK) == 1)
        kill(first)
        async with asyncio.timeout(0.5):
            assert isinstance(await waiting, Grant)
        second.leave(held, Verdict.WELL)
        await until(lambda: under_way(gate) == 1)


async def test_what_a_hub_holds_is_claimed_again_when_the_gate_was_restarted(address: str) -> None:
    before, after = on_paper(places=2), on_paper(places=2)
    async with hub(address) as client:
        async with served(before, address):
            held = [await client.enter(want(Lane.KIOSK)) for _ in range(2)]
            assert all(isinstance(one, Grant) for one in held)
        async with served(after, address):
            late = await client.enter(want(Lane.KIOSK))
            assert isinstance(late, Full)
            assert under_way(after) == 2
            for grant in held:
                assert isinstance(grant, Grant)
                client.leave(grant, Verdict.WELL)
            await until(lambda: under_way(after) == 0)


async def test_a_question_that_waits_over_a_restart_is_asked_again(address: str) -> None:
    before, after = on_paper(places=1), on_paper(places=1)
    async with hub(address) as client:
        async with served(before, address), hub(address) as other:
            assert isinstance(await other.enter(want(Lane.KIOSK)), Grant)
            waiting = asyncio.create_task(client.enter(want(Lane.KIOSK, wait=5.0)))
            await asyncio.sleep(0.1)
        async with served(after, address):
            assert isinstance(await waiting, Grant)


async def test_without_a_gate_new_work_is_refused_within_a_moment(address: str) -> None:
    async with hub(address) as client:
        began = asyncio.get_running_loop().time()
        assert await client.enter(want(Lane.KIOSK)) == Full("no_gate", 2)
        assert asyncio.get_running_loop().time() - began < MOMENT_SECONDS + 0.2


async def test_a_caller_who_leaves_gives_up_his_place_in_the_queue(address: str) -> None:
    gate = on_paper(places=1)
    async with served(gate, address), hub(address) as client:
        held = await client.enter(want(Lane.KIOSK))
        waiting = asyncio.create_task(client.enter(want(Lane.KIOSK, wait=5.0)))
        await until(lambda: gate.waiting()[Lane.KIOSK] == 1)
        waiting.cancel()
        await until(lambda: gate.waiting()[Lane.KIOSK] == 0)
        assert isinstance(held, Grant)
        client.leave(held, Verdict.WELL)
        await until(lambda: under_way(gate) == 0)


async def test_a_breaker_is_one_for_all_hubs(address: str) -> None:
    gate = on_paper({"r1-32b": ("a",)}, places=50)
    async with served(gate, address), hub(address) as first, hub(address) as second:
        for client in (first, second, first, second, first):
            grant = await client.enter(want(Lane.KIOSK))
            assert isinstance(grant, Grant)
            client.leave(grant, Verdict.FAULT)
        await asyncio.sleep(0.05)
        assert await first.enter(want(Lane.KIOSK)) == Full("down", 5)
        assert await second.enter(want(Lane.KIOSK)) == Full("down", 5)


async def test_the_picture_and_the_registry_are_the_gates(address: str) -> None:
    gate = on_paper({"r1-32b": ("a", "b")}, places=7)
    async with served(gate, address), hub(address) as client:
        assert isinstance(await client.enter(want(Lane.KIOSK)), Grant)
        say(gate, "b", ServerState(3, 1, 0.5, 0.0))
        await asyncio.sleep(0.25)
        now = asyncio.get_running_loop().time()
        small = client.fleet.snapshot(now).tiers[0]
        assert small.max_inflight == 7
        assert [(one.name, one.running, one.waiting) for one in small.replicas] == [("a", 1, 0), ("b", 3, 1)]
        assert client.fleet.snapshot(now, idle=True).tiers[0].replicas[1].running == 0
        assert [row["under_way"] for row in client.rows()][:2] == [1, 0]


async def test_words_that_hubs_hear_are_progress_at_the_gate(address: str) -> None:
    gate = on_paper()
    async with served(gate, address), hub(address) as client:
        grant = await client.enter(want(Lane.KIOSK))
        assert isinstance(grant, Grant)
        grant.pulse.heard += 5
        await until(lambda: gate.fleet.server(grant.url).pulse.heard == 5)


async def test_reading_models_again_reaches_every_hub_or_changes_nothing(address: str) -> None:
    gate = on_paper(places=2)
    found = [registry({}, places=9)]
    gate.reread = lambda: found[0]
    async with served(gate, address), hub(address) as first, hub(address) as second:
        await first.enter(want())
        await second.enter(want())
        await first.reload()
        await until(lambda: second.fleet.registry.tiers["r1-32b"].max_inflight == 9)
        tiers = dict(found[0].tiers)
        tiers["r1-32b"] = tiers["r1-32b"].model_copy(update={"model": "another/Model"})
        found[0] = found[0].model_copy(update={"tiers": tiers})
        with pytest.raises(WrongSetup, match="weights"):
            await first.reload()
        assert gate.fleet.registry.tiers["r1-32b"].model != "another/Model"


async def test_who_does_not_know_the_key_gets_nothing(address: str) -> None:
    gate = on_paper()
    async with served(gate, address), hub(address, token="guessed") as stranger:
        assert isinstance(await stranger.enter(want(Lane.KIOSK)), Full)
    assert under_way(gate) == 0


async def test_a_second_gate_at_the_same_place_is_refused(address: str) -> None:
    async with served(on_paper(), address):
        with pytest.raises(WrongSetup, match="HUB_GATE"):
            async with served(on_paper(), address):
                pass


def test_it_runs_on_the_loop_of_the_web_server(address: str) -> None:
    async def ask() -> Grant | Full:
        async with served(on_paper(places=2), address), hub(address) as client:
            return await client.enter(want(Lane.KIOSK))

    assert isinstance(uvloop.run(ask()), Grant)


async def test_it_listens_at_a_port_too() -> None:
    gate = on_paper()
    async with served(gate, "tcp://127.0.0.1:28917"), hub("tcp://127.0.0.1:28917") as client:
        assert isinstance(await client.enter(want(Lane.KIOSK)), Grant)


@pytest.mark.parametrize("text", ["", "gate.sock", "unix:", "unix:/" + "x" * 120, "tcp://host", "http://host:1"])
def test_an_address_that_is_none_is_said(text: str) -> None:
    with pytest.raises(WrongSetup, match="HUB_GATE"):
        address_of(text)
