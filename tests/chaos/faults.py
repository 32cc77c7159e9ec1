"""For the fault matrix: a small fleet, many questions at once, and the ledger held against the servers' counts."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hospital_hub.errors import HubError
from hospital_hub.inference.ask import Models, answer
from hospital_hub.inference.question import Answered, Question
from hospital_hub.registry import TierClocks
from hospital_hub.resources import Resources
from routing import Lane
from tests.fakes.breakable import Breakable, serving
from tests.fakes.fleet import QUICK, asking, question
from tests.fixtures.hub import rows

WHOLE = " ".join(f"w{number}" for number in range(8))
NOT_SENT = ("REFUSED", "UNSENT")


@dataclass
class Rig:
    """Two replicas of the 32B and one of each larger tier."""

    models: Models
    resources: Resources
    first: Breakable
    second: Breakable
    middle: Breakable
    large: Breakable

    @property
    def servers(self) -> dict[str, Breakable]:
        return {
            "r1-32b-0": self.first,
            "r1-32b-1": self.second,
            "r1-70b-0": self.middle,
            "r1-671b-0": self.large,
        }

    @property
    def asked(self) -> int:
        return sum(server.asked for server in self.servers.values())

    def said(self) -> Counter[str]:
        """How many generations gave content, by question."""
        return sum((server.said for server in self.servers.values()), Counter())


@asynccontextmanager
async def rig(
    resources: Resources, *, clocks: TierClocks = QUICK, max_inflight: int = 1000, gap: float = 0.001
) -> AsyncIterator[Rig]:
    servers = [Breakable(gap=gap) for _ in range(4)]
    first, second, middle, large = servers
    by_tier = {"r1-32b": [first, second], "r1-70b": [middle], "r1-671b": [large]}
    async with (
        serving(*servers),
        asking(resources, by_tier, clocks=clocks, max_inflight=max_inflight) as models,
    ):
        yield Rig(models, resources, first, second, middle, large)


@dataclass(frozen=True)
class Result:
    question: Question
    answered: Answered | None
    error: HubError | None
    seconds: float


async def one(models: Models, asked: Question) -> Result:
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        return Result(asked, await answer(models, asked), None, clock() - began)
    except HubError as error:
        return Result(asked, None, error, clock() - began)


async def many(models: Models, number: int, *, seed: int, deadline: float = 30.0) -> list[Result]:
    """Questions of people in three lanes, some at the same time, in an order of the seed's own."""
    dice, free = random.Random(seed), asyncio.Semaphore(8)  # noqa: S311 - a test's dice
    lanes = (Lane.KIOSK, Lane.CLINICIAN, Lane.STAFF)

    async def bounded(pause: float, lane: Lane) -> Result:
        async with free:
            await asyncio.sleep(pause)
            return await one(models, question(lane=lane, deadline=deadline))

    return await asyncio.gather(*(bounded(dice.random() * 0.01, dice.choice(lanes)) for _ in range(number)))


async def check_ledger(found: Rig) -> None:
    """Row by row what the servers counted: asked, finished, tokens; and nothing is left open."""
    await found.models.ledger.settle()
    url = found.resources.settings.database_url
    attempts = rows(url, "SELECT replica, outcome, completion_tokens FROM model_attempt")
    for name, server in found.servers.items():
        own = [(outcome, tokens) for replica, outcome, tokens in attempts if replica == name]
        assert sum(outcome not in NOT_SENT for outcome, _ in own) == server.asked, (name, Counter(own))
        assert sum(outcome == "ANSWERED" for outcome, _ in own) == server.finished, (name, Counter(own))
        assert sum(int(str(tokens)) for outcome, tokens in own if outcome == "ANSWERED") == 8 * server.finished
    assert rows(url, "SELECT count(*) FROM model_attempt WHERE outcome = 'OPEN'") == [(0,)]
    assert rows(url, "SELECT count(*) FROM model_call WHERE outcome = 'OPEN'") == [(0,)]
    assert rows(url, "SELECT count(*) FROM model_call c WHERE attempts <> (SELECT count(*) FROM model_attempt a "
                     "WHERE a.call_id = c.id)") == [(0,)]  # fmt: skip


async def until(holds: Callable[[], Awaitable[bool]], *, within: float) -> float:
    """Seconds until it holds."""
    clock = asyncio.get_running_loop().time
    began = clock()
    async with asyncio.timeout(within):
        while not await holds():
            await asyncio.sleep(0.05)
    return clock() - began
