"""The one door to a model: place, account, audit, stream; fall back before the first content, never after it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from hospital_hub.errors import UpstreamFailed
from hospital_hub.inference.failover import spoken
from hospital_hub.inference.failures import failed, refused
from hospital_hub.inference.ledger_values import Taken
from hospital_hub.inference.models import Models
from hospital_hub.inference.placing import NoPlace, Placed, allowed_fallbacks, place
from hospital_hub.inference.question import Answered, Consulting, Decided, Event, Question, Token
from hospital_hub.inference.run import Run
from hospital_hub.inference.second_opinion import consulted
from hospital_hub.inference.shadow import shadowed
from hospital_hub.inference.tables import Outcome
from integrations.vllm.chat import Chunk, Content, Finished
from integrations.vllm.errors import UpstreamFault

__all__ = ["Models", "answer", "ask"]


async def ask(models: Models, question: Question) -> AsyncGenerator[Event]:
    """Yield Decided, then Tokens, then Answered; Decided once more before the first Token if another tier speaks.

    Closing the generator closes the model's stream.

    Raises:
        Busy: no allowed tier has room in time. TooLong: the text fits none. ModelsUnavailable: none is alive or
        answered. UpstreamFailed: the answer broke off after its first token; what was shown is not an answer.
    """
    clock = asyncio.get_running_loop().time
    started = clock()
    placed = await place(models, question)
    if isinstance(placed, NoPlace):
        await models.ledger.open(question, Taken(placed.refusal, placed.case, shadowed(placed.case, models.shadow)))
        raise refused(placed.refusal)
    run = await _opened(models, question, placed=placed, started=started)
    try:
        yield Decided(placed.decision, str(run.call_id), models.registry.notice)
        async with aclosing(_heard(models, run)) as events:
            async for event in events:
                yield event
        yield _answered(models, run)
    except UpstreamFault as fault:
        run.outcome = Outcome.CUT if run.text else Outcome.FAILED
        raise failed(fault, spoke=bool(run.text)) from fault
    except (GeneratorExit, asyncio.CancelledError):
        run.abandoned()
        raise
    finally:
        run.give_back(models.gate)
        models.ledger.close(run.call_id, run.closing(now=clock()))


async def answer(models: Models, question: Question) -> Answered:
    """The whole answer, for callers that do not stream."""
    async with aclosing(ask(models, question)) as events:
        async for event in events:
            if isinstance(event, Answered):
                return event
    raise UpstreamFailed("The model gave no answer.", "Please try again.")


async def _opened(models: Models, question: Question, *, placed: Placed, started: float) -> Run:
    """The question stands in the ledger, with its first attempts; if it cannot, the places are given back."""
    run = Run(question, placed, started)
    first, *others = (run.turn(grant) for grant in placed.grants)
    try:
        taken = Taken(placed.decision, placed.case, shadowed(placed.case, models.shadow))
        run.call_id = await models.ledger.open(question, taken, attempt=first.attempt)
        for turn in others:
            await models.ledger.attempt(run.call_id, turn.attempt)
    except BaseException:  # also when the caller leaves while it is written
        run.give_back(models.gate)
        raise
    return run


async def _heard(models: Models, run: Run) -> AsyncGenerator[Event]:
    clock = asyncio.get_running_loop().time
    async with aclosing(_answering(models, run)) as chunks:
        async for chunk in chunks:
            if isinstance(chunk, Content):
                if not run.text and (other := run.other_tier()):
                    yield Decided(other, str(run.call_id), models.registry.notice)
                run.heard(chunk.text, now=clock())
                yield Token(chunk.text)
            elif isinstance(chunk, Finished):
                run.ended(chunk)
            elif isinstance(chunk, Consulting):
                yield chunk


def _answering(models: Models, run: Run) -> AsyncGenerator[Consulting | Chunk] | AsyncGenerator[Chunk]:
    decision = run.placed.decision
    if decision.second_opinion is not None and len(run.held) > 1:
        return consulted(models, run, plan=decision.second_opinion)
    tiers = (decision.tier, *allowed_fallbacks(decision, run.question))
    return spoken(models, run, turn=run.held[0], tiers=tiers)


def _answered(models: Models, run: Run) -> Answered:
    assert run.finished is not None and run.speaker is not None  # noqa: S101, PT018 - `spoken` ends so, or raises
    tier = run.speaker.tier
    return Answered(
        text="".join(run.text).strip(),
        finish_reason=run.finished.reason,
        tier=tier,
        weights=models.registry.tiers[tier].model,
        prompt_version=run.question.prompt.version,
        call_id=str(run.call_id),
        notice=models.registry.notice,
        prompt_tokens=run.finished.prompt_tokens,
        completion_tokens=run.finished.completion_tokens,
        agreed=run.agreed,
        opinions=run.opinions,
    )
