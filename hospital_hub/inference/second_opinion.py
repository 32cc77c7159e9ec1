"""Two models answer apart; where they say the same, that is the answer, and where they differ a third one gives it.

Where one of the two fails, the arbiter answers. Where the arbiter is not to be had, there is no answer: of two that
differ none is taken. Every one of the two or three attempts stands in the ledger as what it was.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson

from hospital_hub.errors import HubError
from hospital_hub.inference.admission import QUEUES, Full
from hospital_hub.inference.failover import recorded, spoken
from hospital_hub.inference.failures import undecided
from hospital_hub.inference.models import Models
from hospital_hub.inference.placing import want
from hospital_hub.inference.question import Agreement, Agrees, Consulting, Question
from hospital_hub.inference.run import Run, Turn
from integrations.vllm.chat import Chunk, Content, Finished
from integrations.vllm.errors import UpstreamFault
from routing import SecondOpinion, Tier
from routing.agreement import same_choice, same_fields


@dataclass(frozen=True)
class _Opinion:
    turn: Turn
    text: str
    finished: Finished


async def consulted(models: Models, run: Run, *, plan: SecondOpinion) -> AsyncGenerator[Consulting | Chunk]:
    """A stage, then the agreed text in one piece; or another stage, then the arbiter's answer as it comes.

    Raises:
        UpstreamFault: of the arbiter. ModelsUnavailable: they differ and the arbiter has no place.
    """
    first, second = run.held
    yield Consulting((first.grant.tier, second.grant.tier))
    async with asyncio.TaskGroup() as both:
        asked = [both.create_task(_opinion(models, run, turn=turn)) for turn in (first, second)]
    opinions = [opinion for opinion in (task.result() for task in asked) if opinion is not None]
    run.opinions = tuple(opinion.turn.grant.tier for opinion in opinions)
    if len(opinions) == len(asked) and agree(run.question, opinions[0].text, opinions[1].text):
        chosen = opinions[1]
        run.agreed, run.speaker = run.opinions, chosen.turn.grant
        yield Content(chosen.text)
        yield chosen.finished
        return
    turn = await _arbiter(models, run, tier=plan.arbiter)
    yield Consulting((turn.grant.tier,))
    async with aclosing(spoken(models, run, turn=turn, tiers=(plan.arbiter,))) as chunks:
        async for chunk in chunks:
            yield chunk
    run.opinions = (*run.opinions, turn.grant.tier)


def agree(question: Question, first: str, second: str) -> bool:  # noqa: PLR0917 - two answers to a question
    """Whether two answers to this question say the same, by the kind that the caller named."""
    kind: Agreement | Agrees | None = question.second_opinion
    if kind is Agreement.CHOICE:
        return same_choice(first, second)
    if kind is Agreement.FIELDS:
        schema = question.prompt.schema or {}
        fields = schema.get("required") or list(schema.get("properties", ()))
        return bool(fields) and same_fields(_fields(first), _fields(second), fields=fields)
    return callable(kind) and not isinstance(kind, Agreement) and kind(first, second)


async def _opinion(models: Models, run: Run, *, turn: Turn) -> _Opinion | None:
    """One model's whole answer; None where it gave none. Only servers of its own tier are asked."""
    text: list[str] = []
    finished: Finished | None = None
    try:
        async with aclosing(spoken(models, run, turn=turn, tiers=(Tier.of(turn.grant.tier),))) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, Content):
                    text.append(chunk.text)
                elif isinstance(chunk, Finished):
                    finished = chunk
    except (UpstreamFault, HubError):
        return None
    return _Opinion(turn, "".join(text), finished) if finished else None


async def _arbiter(models: Models, run: Run, *, tier: Tier) -> Turn:
    wait = min(QUEUES[run.question.lane].longest, run.left(asyncio.get_running_loop().time()))
    found = await models.gate.enter(want(run.question, (tier,), wait=max(wait, 0.0)))
    if isinstance(found, Full):
        raise undecided()
    return await recorded(models, run, grant=found)


def _fields(answer: str) -> Mapping[str, Any]:
    try:
        found = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
