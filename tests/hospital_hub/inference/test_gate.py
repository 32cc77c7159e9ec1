"""Who gets a place, who waits, who is told to come back: one gate, lanes, bounded queues."""

import asyncio
from dataclasses import replace

import pytest

from hospital_hub.inference.admission import QUEUES, Full, Grant
from hospital_hub.inference.gate import LocalGate
from hospital_hub.inference.servers import Verdict
from integrations.vllm.state import ServerState
from routing import Lane
from tests.hospital_hub.inference.gates import LARGE, MIDDLE, SMALL, on_paper, say, want


async def granted(gate: LocalGate, lane: Lane, times: int) -> list[Grant]:
    found = [await gate.enter(want(lane)) for _ in range(times)]
    assert all(isinstance(one, Grant) for one in found), found
    return [one for one in found if isinstance(one, Grant)]


async def waiting(gate: LocalGate, lane: Lane, *, seconds: float = 5.0) -> "asyncio.Task[Grant | Full]":
    task = asyncio.create_task(gate.enter(want(lane, wait=seconds)))
    await asyncio.sleep(0)
    assert not task.done(), task.result()
    return task


async def test_each_lane_fills_a_server_up_to_its_share() -> None:
    gate = on_paper(places=10)
    await granted(gate, Lane.BATCH, 5)
    assert isinstance(await gate.enter(want(Lane.BATCH)), Full)
    await granted(gate, Lane.STAFF, 4)
    assert isinstance(await gate.enter(want(Lane.STAFF)), Full)
    await granted(gate, Lane.KIOSK, 1)
    assert isinstance(await gate.enter(want(Lane.KIOSK)), Full)


async def test_a_place_goes_to_the_most_urgent_lane_then_to_who_came_first() -> None:
    gate = on_paper(places=2)
    (held, _) = await granted(gate, Lane.KIOSK, 2)
    clinicians = [await waiting(gate, Lane.CLINICIAN), await waiting(gate, Lane.CLINICIAN)]
    kiosk = await waiting(gate, Lane.KIOSK)
    order = []
    for name, task in (("kiosk", kiosk), ("first", clinicians[0]), ("second", clinicians[1])):
        task.add_done_callback(lambda _, name=name: order.append(name))
    for _ in range(3):
        gate.leave(held, Verdict.WELL)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        held = next(task.result() for task in (kiosk, *clinicians) if task.done())
    assert order == ["kiosk", "first", "second"]


async def test_full_is_said_at_once_with_whole_seconds() -> None:
    gate = on_paper(places=1)
    await granted(gate, Lane.KIOSK, 1)
    began = asyncio.get_running_loop().time()
    found = await gate.enter(want(Lane.KIOSK))
    assert isinstance(found, Full)
    assert (found.code, type(found.retry_after)) == ("busy", int)
    assert found.retry_after >= 1
    assert asyncio.get_running_loop().time() - began < 0.1


async def test_who_would_wait_longer_than_allowed_is_told_at_once() -> None:
    gate = on_paper(places=1)
    await granted(gate, Lane.KIOSK, 1)
    gate.fleet.server("http://r1-32b/v1").seconds = 30.0
    found = await gate.enter(want(Lane.KIOSK, wait=10.0))
    assert found == Full("busy", 30)


async def test_a_queue_is_bounded() -> None:
    gate = on_paper(places=1)
    await granted(gate, Lane.KIOSK, 1)
    gate.fleet.server("http://r1-32b/v1").seconds = 0.001
    tasks = [await waiting(gate, Lane.KIOSK) for _ in range(QUEUES[Lane.KIOSK].places)]
    assert not gate.worth_waiting(Lane.KIOSK)
    assert isinstance(await gate.enter(want(Lane.KIOSK, wait=5.0)), Full)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(gate.waiting().values()) == 0


async def test_waiting_ends_with_its_time() -> None:
    gate = on_paper(places=1)
    await granted(gate, Lane.KIOSK, 1)
    began = asyncio.get_running_loop().time()
    assert isinstance(await gate.enter(want(Lane.KIOSK, wait=0.2)), Full)
    assert 0.2 <= asyncio.get_running_loop().time() - began < 0.3
    assert gate.waiting()[Lane.KIOSK] == 0


async def test_batch_is_shed_when_a_person_waits() -> None:
    gate = on_paper(places=2)
    await granted(gate, Lane.KIOSK, 2)
    batch = await waiting(gate, Lane.BATCH)
    person = await waiting(gate, Lane.STAFF)
    await asyncio.sleep(0)
    assert isinstance(await batch, Full)
    assert isinstance(await gate.enter(want(Lane.BATCH, wait=5.0)), Full)
    person.cancel()


async def test_a_caller_who_leaves_the_queue_leaves_no_place_behind() -> None:
    gate = on_paper(places=1)
    (held,) = await granted(gate, Lane.KIOSK, 1)
    first, second = await waiting(gate, Lane.KIOSK), await waiting(gate, Lane.KIOSK)
    gate.leave(held, Verdict.WELL)  # the first has its place, and leaves before it hears of it
    first.cancel()
    assert isinstance(await second, Grant)
    assert gate.fleet.server("http://r1-32b/v1").under_way == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_place_that_comes_free_as_a_wait_ends_goes_to_the_next() -> None:
    """Between the end of a wait and its task's next turn the caller still stands in the queue."""
    gate = on_paper(places=1)
    (held,) = await granted(gate, Lane.KIOSK, 1)
    late, patient = await waiting(gate, Lane.KIOSK), await waiting(gate, Lane.KIOSK)
    late.cancel()
    gate.leave(held, Verdict.WELL)
    assert isinstance(await patient, Grant)
    await asyncio.gather(late, return_exceptions=True)
    assert gate.waiting()[Lane.KIOSK] == 0


async def test_the_least_loaded_replica_of_a_tier_is_chosen_and_counted() -> None:
    gate = on_paper({"r1-32b": ("a", "b")}, places=4)
    say(gate, "a", ServerState(3, 0, 0.0, 0.0))
    names = [grant.replica for grant in await granted(gate, Lane.KIOSK, 4)]
    assert names == ["b", "b", "b", "a"]


async def test_a_patient_stays_on_a_replica_while_that_costs_little() -> None:
    gate = on_paper({"r1-32b": ("a", "b", "c")}, places=20)
    own = {}
    for patient in range(30):
        asked = replace(want(Lane.KIOSK), affinity=bytes([patient]) * 8)
        first = await gate.enter(asked)
        assert isinstance(first, Grant)
        own[patient] = first.replica
        gate.leave(first, Verdict.WELL)
        again = await gate.enter(asked)
        assert isinstance(again, Grant)
        assert again.replica == first.replica
        gate.leave(again, Verdict.WELL)
    assert set(own.values()) == {"a", "b", "c"}
    mine = own[0]
    say(gate, mine, ServerState(15, 0, 0.0, 0.0))
    other = await gate.enter(replace(want(Lane.KIOSK), affinity=bytes([0]) * 8))
    assert isinstance(other, Grant)
    assert other.replica != mine


async def test_no_patient_data_leaves_its_zone() -> None:
    gate = on_paper({"r1-32b": ("inside", "outside")}, places=2)
    entry = gate.fleet.registry.tiers["r1-32b"]
    zoned = tuple(one.model_copy(update={"patient_zone": one.name == "inside"}) for one in entry.replicas)
    tiers = {**gate.fleet.registry.tiers, "r1-32b": entry.model_copy(update={"replicas": zoned})}
    gate.fleet.adopt(gate.fleet.registry.model_copy(update={"tiers": tiers}))
    patient = replace(want(Lane.KIOSK), patient=True)
    found = [await gate.enter(patient) for _ in range(3)]
    assert [one.replica if isinstance(one, Grant) else "full" for one in found] == ["inside", "inside", "full"]


async def test_only_a_part_of_the_large_tier_is_filled_from_below() -> None:
    gate = on_paper(places=10)
    found = [await gate.enter(want(Lane.KIOSK, SMALL, LARGE)) for _ in range(19)]
    tiers = [one.tier if isinstance(one, Grant) else "full" for one in found]
    assert tiers == ["r1-32b"] * 10 + ["r1-671b"] * 8 + ["full"]
    assert isinstance(await gate.enter(want(Lane.KIOSK, LARGE)), Grant)


async def test_nothing_healthy_is_down_and_not_busy() -> None:
    gate = on_paper()
    say(gate, "r1-32b", None)
    assert (await gate.enter(want(Lane.KIOSK, wait=5.0))) == Full("down", 5)


async def test_a_drained_replica_gets_nothing_new_and_comes_back() -> None:
    gate = on_paper({"r1-32b": ("a", "b")}, places=4)
    gate.fleet.drained = frozenset({"a"})
    assert {grant.replica for grant in await granted(gate, Lane.KIOSK, 4)} == {"b"}
    task = await waiting(gate, Lane.KIOSK)
    gate.fleet.drained = frozenset()
    gate.serve_waiting()
    found = await task
    assert isinstance(found, Grant)
    assert found.replica == "a"


async def test_a_server_that_said_429_rests_and_is_the_last_choice_for_a_while() -> None:
    gate = on_paper({"r1-32b": ("a", "b")}, places=4)
    (grant,) = await granted(gate, Lane.KIOSK, 1)
    gate.leave(grant, Verdict.BUSY, rest=0.05)
    await asyncio.sleep(0.06)
    names = {one.replica for one in await granted(gate, Lane.KIOSK, 4)}
    assert grant.replica not in names
    assert (await granted(gate, Lane.KIOSK, 1))[0].replica == grant.replica


async def test_failovers_to_a_clean_server_or_from_an_ejected_one_are_free_and_others_are_counted() -> None:
    gate = on_paper({"r1-32b": ("a", "b")}, places=100)
    clean = replace(want(Lane.KIOSK), failed="http://a/v1", tried=frozenset({"http://a/v1"}))
    assert all([isinstance(await gate.enter(clean), Grant) for _ in range(20)])
    gate = on_paper({"r1-32b": ("a", "b")}, places=100)
    failing = gate.fleet.server("http://a/v1")
    gate.fleet.server("http://b/v1").doubted_until = asyncio.get_running_loop().time() + 60
    again = replace(want(Lane.KIOSK), failed="http://a/v1", tried=frozenset({"http://a/v1"}))
    assert [isinstance(await gate.enter(again), Grant) for _ in range(4)] == [True] * 3 + [False]
    failing.breaker.trip(asyncio.get_running_loop().time())
    assert all([isinstance(await gate.enter(again), Grant) for _ in range(20)])
    second = replace(again, tried=frozenset({"http://a/v1", "http://b/v1"}), tiers=(SMALL, MIDDLE))
    assert await gate.enter(second) == Full("no_retry", 1)


async def test_a_failing_server_does_not_draw_the_load_to_itself() -> None:
    """What fails at once is always the least loaded one."""
    gate = on_paper({"r1-32b": ("a", "b")}, places=50)
    asked = []
    for _ in range(20):
        (grant,) = await granted(gate, Lane.KIOSK, 1)
        asked.append(grant.replica)
        if grant.replica == "a":
            gate.leave(grant, Verdict.FAULT)
    assert asked.count("a") == 1
