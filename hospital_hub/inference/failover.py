"""An answer from the first server that says something: before its first content another server may be asked.

Another replica of the tier first, then the other tiers that the decision allows. What the gate's retry budget refuses
is not tried: the fault that led there is then the end.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from hospital_hub.inference.admission import QUEUES, Full, Grant
from hospital_hub.inference.attempt import attempt
from hospital_hub.inference.models import Models
from hospital_hub.inference.placing import want
from hospital_hub.inference.run import Run, Turn
from integrations.vllm.chat import Chunk, Content
from integrations.vllm.errors import UpstreamFault
from routing import Tier


async def spoken(models: Models, run: Run, *, turn: Turn, tiers: tuple[Tier, ...]) -> AsyncGenerator[Chunk]:
    """Chunks of one whole answer; `tiers` may be asked, in this order.

    Raises:
        UpstreamFault: of the last server that was asked.
    """
    tried: frozenset[str] = frozenset()
    spoke = False
    while True:
        run.speaker = turn.grant
        try:
            async with aclosing(attempt(models, run, turn=turn)) as chunks:
                async for chunk in chunks:
                    spoke = spoke or isinstance(chunk, Content)
                    yield chunk
        except UpstreamFault as fault:
            if spoke or fault.caller_is_wrong:
                raise
            tried |= {turn.grant.url}
            found = await _elsewhere(models, run, tiers=tiers, tried=tried)
            if isinstance(found, Full):
                raise
        else:
            return
        turn = await recorded(models, run, grant=found)


async def recorded(models: Models, run: Run, *, grant: Grant) -> Turn:
    """A further attempt, durable in the ledger before it is made.

    Raises:
        Unavailable: the ledger cannot be written, so nothing may be asked.
    """
    turn = run.turn(grant)
    await models.ledger.attempt(run.call_id, turn.attempt)
    return turn


async def _elsewhere(models: Models, run: Run, *, tiers: tuple[Tier, ...], tried: frozenset[str]) -> Grant | Full:
    failed = run.speaker.url if run.speaker else ""
    left = run.left(asyncio.get_running_loop().time())
    if left <= 0:
        return Full("no_retry", 1)
    wait = min(left, QUEUES[run.question.lane].longest)
    return await models.gate.enter(replace(want(run.question, tiers, wait=wait), tried=tried, failed=failed))
