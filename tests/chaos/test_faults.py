"""The fault matrix: every way in which a model server breaks, what a caller gets, and what the ledger says."""

import asyncio
import socket
from contextlib import aclosing
from dataclasses import replace

import pytest

from hospital_hub.errors import Busy, ModelsUnavailable, UpstreamFailed
from hospital_hub.inference.ask import ask
from hospital_hub.inference.question import Consulting, Decided, Token
from hospital_hub.registry import TierClocks
from hospital_hub.resources import Resources
from routing import Task
from tests.chaos.faults import WHOLE, check_ledger, many, one, rig, until
from tests.fakes.breakable import Breakable, Fault, serving
from tests.fakes.fleet import asking, question
from tests.fixtures.hub import rows

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]
QUESTIONS = 60
BEFORE_CONTENT = [
    Fault.REFUSE,
    Fault.HANG_UP,
    Fault.BUSY,
    Fault.ERROR,
    Fault.UNAVAILABLE,
    Fault.HANG,
    Fault.DRAIN,
    Fault.CUT,
    Fault.STALL,
    Fault.MALFORMED,
]
AFTER_CONTENT = [Fault.CUT, Fault.STALL, Fault.MALFORMED]


@pytest.mark.parametrize("fault", BEFORE_CONTENT)
async def test_before_its_first_content_every_question_is_answered(
    resources: Resources, fault: Fault, seed: int
) -> None:
    async with rig(resources) as found:
        await found.first.break_with(fault, after=0)
        results = await many(found.models, QUESTIONS, seed=seed)
        assert [result.error for result in results if result.error] == []
        assert {result.answered.text for result in results if result.answered} == {WHOLE}
        assert set(found.said().values()) == {1}
        await check_ledger(found)


@pytest.mark.parametrize("fault", BEFORE_CONTENT)
async def test_where_a_whole_tier_is_broken_a_larger_one_answers(resources: Resources, fault: Fault, seed: int) -> None:
    async with rig(resources) as found:
        for server in (found.first, found.second):
            await server.break_with(fault, after=0, times=1)
        results = [await one(found.models, question()) for _ in range(4)]
        assert [result.error for result in results if result.error] == []
        assert set(found.said().values()) == {1}
        assert found.middle.finished >= 1
        await check_ledger(found)


@pytest.mark.parametrize("fault", AFTER_CONTENT)
async def test_after_its_first_content_a_broken_answer_is_an_error_and_never_another_answer(
    resources: Resources, fault: Fault, seed: int
) -> None:
    async with rig(resources) as found:
        await found.first.break_with(fault, after=3)
        results = await many(found.models, QUESTIONS, seed=seed)
        for result in results:
            if result.error is None:
                assert result.answered is not None
                assert result.answered.text == WHOLE  # nothing is cut in silence
            else:
                assert isinstance(result.error, UpstreamFailed)
                assert result.error.code == "answer_cut"
        assert any(result.error for result in results)
        assert set(found.said().values()) == {1}
        assert found.asked == QUESTIONS
        await check_ledger(found)


async def test_slow_words_are_waited_for_while_the_clocks_allow(resources: Resources, seed: int) -> None:
    async with rig(resources, gap=0.01) as found:
        await found.first.break_with(Fault.DRIP)
        results = await many(found.models, 16, seed=seed)
        assert {result.answered.text for result in results if result.answered} == {WHOLE}
        assert found.asked == len(results)
        await check_ledger(found)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.ERROR, Fault.HANG_UP, Fault.BUSY])
async def test_when_everything_is_broken_it_is_not_asked_much_more_than_once(
    resources: Resources, fault: Fault, seed: int
) -> None:
    offered = 200
    async with rig(resources) as found:
        for server in found.servers.values():
            await server.break_with(fault)
        results = await many(found.models, offered, seed=seed, deadline=2.0)
        assert all(isinstance(result.error, ModelsUnavailable | Busy) for result in results)
        assert found.asked <= 1.1 * offered
        assert found.said() == {}
        await check_ledger(found)


async def test_a_larger_tier_that_speaks_instead_is_named_before_its_first_word(resources: Resources) -> None:
    async with rig(resources) as found:
        await found.middle.break_with(Fault.ERROR)
        async with aclosing(ask(found.models, question(task=Task.NOTE))) as events:
            seen = [event async for event in events if not isinstance(event, Consulting)]
        kinds = [type(event) for event in seen]
        assert kinds[:3] == [Decided, Decided, Token]
        assert [event.decision.tier.label for event in seen if isinstance(event, Decided)] == ["r1-70b", "r1-671b"]
        assert kinds.count(Decided) == 2


async def test_the_breaker_opens_within_five_failures_says_so_at_once_and_recovers_within_twenty_seconds(
    resources: Resources,
) -> None:
    async with rig(resources) as found:
        for server in found.servers.values():
            await server.break_with(Fault.ERROR)
        for _ in range(30):
            await one(found.models, question(task=Task.NOTE))
        assert found.middle.asked <= 5
        assert found.large.asked <= 5
        assert found.first.asked == found.second.asked == 0  # never a smaller model for a note
        quick = [await one(found.models, question(task=Task.NOTE)) for _ in range(20)]
        assert sorted(result.seconds for result in quick)[10] < 0.1
        for server in found.servers.values():
            await server.break_with(Fault.NONE)

        async def answers() -> bool:
            return (await one(found.models, question(task=Task.NOTE))).error is None

        assert await until(answers, within=20.0) < 20.0
        await check_ledger(found)


LONG = TierClocks(connect=2.0, first_token=60.0, between=60.0, total=120.0)


async def test_a_stuck_server_is_out_within_fifteen_seconds_though_its_health_is_good(resources: Resources) -> None:
    async with rig(resources, clocks=LONG) as found:
        await found.first.break_with(Fault.WEDGE)
        await found.second.break_with(Fault.DRAIN)
        await found.models.fleet.poll()
        stuck = asyncio.create_task(one(found.models, replace(question(), deadline=90.0)))
        await asyncio.sleep(0.2)
        assert found.first.running == 1
        await found.second.break_with(Fault.NONE)
        await found.models.fleet.poll()

        async def out() -> bool:
            return any(row["state"] == "stuck" for row in found.models.gate.rows())

        assert await until(out, within=15.0) < 15.0
        results = await many(found.models, 20, seed=1)
        assert all(result.error is None for result in results)
        assert found.first.asked == 1
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)
        await check_ledger(found)


@pytest.mark.parametrize(
    ("fault", "clocks", "seconds"),
    [
        (Fault.HANG, {"first_token": 1.0}, 1.0),
        (Fault.STALL, {"between": 0.5}, 0.5),
        (Fault.DRIP, {"total": 1.5}, 1.5),
    ],
    ids=["first_token", "between", "total"],
)
async def test_each_clock_goes_off_within_a_tenth(
    resources: Resources, fault: Fault, clocks: dict[str, float], seconds: float
) -> None:
    server, away = Breakable(gap=0.03), Breakable()
    by_tier = {"r1-32b": [server], "r1-70b": [away], "r1-671b": [away]}
    others = LONG.model_copy(update=clocks)
    async with serving(server), asking(resources, by_tier, clocks=others) as models:
        await server.break_with(fault, after=1)
        results = [await one(models, question()) for _ in range(3)]
        assert all(result.error for result in results)
        await models.ledger.settle()
        found = rows(resources.settings.database_url, "SELECT total_ms FROM model_attempt")
        taken = [int(str(total)) / 1000 for (total,) in found]
        assert min(taken) >= seconds - 0.01
        assert min(taken) <= 1.1 * seconds, taken  # the others may have waited for this machine


async def test_the_clock_of_connecting_goes_off_within_a_tenth(resources: Resources) -> None:
    with socket.socket() as full, socket.socket() as one_in, socket.socket() as two_in:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (one_in, two_in):  # a queue of connections that nobody takes: the kernel answers no other
            filler.setblocking(False)  # noqa: FBT003 - its only parameter
            filler.connect_ex(full.getsockname())
        well, away = Breakable(), Breakable()
        by_tier = {"r1-32b": [well], "r1-70b": [away], "r1-671b": [away]}
        async with serving(well), asking(resources, by_tier) as models:
            await well.stop()
            entry = models.registry.tiers["r1-32b"]
            url = f"http://127.0.0.1:{full.getsockname()[1]}/v1"
            moved = entry.replicas[0].model_copy(update={"url": url})
            tiers = {**models.registry.tiers, "r1-32b": entry.model_copy(update={"replicas": (moved,)})}
            models.fleet.adopt(models.registry.model_copy(update={"tiers": tiers}))
            models.fleet.server(url).healthy = True
            result = await one(models, question())
            assert isinstance(result.error, ModelsUnavailable)
            await models.ledger.settle()
            (taken,) = rows(resources.settings.database_url, "SELECT total_ms FROM model_attempt")
            assert 490 <= int(str(taken[0])) <= 550


async def test_five_hundred_callers_who_leave_close_their_streams_within_a_second(resources: Resources) -> None:
    async with rig(resources, clocks=LONG, gap=0.02) as found:
        for server in found.servers.values():
            server.tokens = 1000

        async def leave() -> None:
            async with aclosing(ask(found.models, question())) as events:
                async for event in events:
                    if isinstance(event, Token):
                        return

        for _ in range(10):
            await asyncio.gather(*(leave() for _ in range(50)))
            began = asyncio.get_running_loop().time()
            while any(server.running for server in found.servers.values()):
                await asyncio.sleep(0.01)
                assert asyncio.get_running_loop().time() - began < 1.0
        assert sum(server.aborted for server in found.servers.values()) == 500
        assert all(row["under_way"] == 0 for row in found.models.gate.rows())
        await check_ledger(found)
