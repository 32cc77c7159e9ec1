"""The one door to a model: decide, account, audit, stream, fall back before the first token and never after it."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from hospital_hub.errors import Busy, HubError, ModelsUnavailable, TooLong, UpstreamFailed
from hospital_hub.inference.fleet import FleetState
from hospital_hub.inference.ledger import Ledger, Tally
from hospital_hub.inference.question import Answered, Decided, Event, Question, Token
from hospital_hub.inference.request_body import chat_body
from hospital_hub.inference.shadow import shadowed
from hospital_hub.inference.tables import Outcome
from hospital_hub.registry import Registry
from integrations.vllm.chat import Chunk, Clocks, Content, Finished, Server, stream_chat
from integrations.vllm.errors import Fault, UpstreamFault
from routing import Decision, Policy, Refusal
from routing.replay import case_of

SICK = frozenset({Fault.REFUSED, Fault.STATUS, Fault.SLOW, Fault.CUT})
log = structlog.get_logger()


@dataclass(frozen=True)
class Models:
    """What `ask` needs of the process: the fleet's picture, the policy in force, the registry, the ledger.

    `shadow` is a candidate policy, which decides too and acts on nothing.
    """

    fleet: FleetState
    policy: Policy
    registry: Registry
    ledger: Ledger
    shadow: Policy | None = None


@dataclass
class _Run:
    """One answer while it is made; `started` by the loop's clock."""

    started: float
    tier: str
    tally: Tally = field(default_factory=Tally)
    outcome: Outcome = Outcome.ABANDONED
    text: list[str] = field(default_factory=list)

    def heard(self, text: str, *, now: float) -> None:
        if not self.text:
            self.tally.first_token_ms = round((now - self.started) * 1000)
        self.text.append(text)


async def ask(models: Models, question: Question) -> AsyncGenerator[Event]:
    """Yield Decided, then Tokens, then Answered. Closing the generator closes the model's stream.

    Raises:
        Busy: no allowed tier has room. TooLong: the text fits none. ModelsUnavailable: none is alive or answered.
        UpstreamFailed: the answer broke off after its first token; what was shown is not an answer.
    """
    clock = asyncio.get_running_loop().time
    case = case_of(question.for_routing(), models.fleet.snapshot(clock()))
    outcome = case.decide(models.policy)
    call_id = await models.ledger.open(question, outcome, case=case, shadow=shadowed(case, models.shadow))
    if isinstance(outcome, Refusal):
        raise _refused(outcome)
    run = _Run(started=clock(), tier=outcome.tier.label)
    try:
        yield Decided(outcome, str(call_id), models.registry.notice)
        async with aclosing(_speak(models, question, decision=outcome, run=run)) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, Content):
                    run.heard(chunk.text, now=clock())
                    yield Token(chunk.text)
                elif isinstance(chunk, Finished):
                    run.outcome = Outcome.ANSWERED
                    run.tally.prompt_tokens = chunk.prompt_tokens
                    run.tally.completion_tokens = chunk.completion_tokens
                    yield _answered(models, question, run=run, finished=chunk, call_id=str(call_id))
    except UpstreamFault as fault:
        run.outcome = Outcome.CUT if run.text else Outcome.FAILED
        raise _failed(fault, spoke=bool(run.text)) from fault
    finally:
        run.tally.total_ms = round((clock() - run.started) * 1000)
        await models.ledger.close(call_id, run.outcome, tally=run.tally, tier=run.tier)


async def answer(models: Models, question: Question) -> Answered:
    """The whole answer, for callers that do not stream."""
    async with aclosing(ask(models, question)) as events:
        async for event in events:
            if isinstance(event, Answered):
                return event
    raise UpstreamFailed("The model gave no answer.", "Please try again.")


async def _speak(models: Models, question: Question, *, decision: Decision, run: _Run) -> AsyncGenerator[Chunk]:
    """Chunks of the first replica that says something; before that, the next replica, then the next tier up."""
    last = UpstreamFault(Fault.REFUSED, "no replica")
    for tier, replica, server in _attempts(models.registry, decision):
        entry = models.registry.tiers[tier]
        run.tier, run.tally.replica, run.tally.attempts = tier, replica, run.tally.attempts + 1
        body = chat_body(entry, question.prompt, answer_tokens=question.answer_tokens)
        clocks = Clocks(**entry.clocks.model_dump())
        try:
            with models.fleet.occupy(server.url):
                async with aclosing(stream_chat(models.fleet.http, server, body=body, clocks=clocks)) as chunks:
                    async for chunk in chunks:
                        yield chunk
        except UpstreamFault as fault:
            log.warning("model_fault", tier=tier, replica=replica, fault=str(fault.fault), status=fault.status)
            if run.text or fault.caller_is_wrong:
                raise
            if fault.fault in SICK:
                models.fleet.distrust(server.url)
            last = fault
        else:
            return
    raise last


def _attempts(registry: Registry, decision: Decision) -> Iterator[tuple[str, str, Server]]:
    """Tier, replica and server in the order in which to try them; a server that plays several tiers comes once."""
    tried: set[str] = set()
    chosen = [(decision.tier.label, name) for name in decision.replicas]
    upwards = [
        (tier.label, replica.name) for tier in decision.fallbacks for replica in registry.tiers[tier.label].replicas
    ]
    for label, name in (*chosen, *upwards):
        entry = registry.tiers[label]
        url = next(replica.url for replica in entry.replicas if replica.name == name)
        if url not in tried:
            tried.add(url)
            yield label, name, Server(url, entry.served_name)


def _answered(models: Models, question: Question, *, run: _Run, finished: Finished, call_id: str) -> Answered:
    return Answered(
        text="".join(run.text).strip(),
        finish_reason=finished.reason,
        tier=run.tier,
        weights=models.registry.tiers[run.tier].model,
        prompt_version=question.prompt.version,
        call_id=call_id,
        notice=models.registry.notice,
        prompt_tokens=finished.prompt_tokens,
        completion_tokens=finished.completion_tokens,
    )


def _refused(refusal: Refusal) -> HubError:
    if refusal.code == "too_long":
        return TooLong("The text is longer than any model can read.", "Shorten it, or split it into parts.")
    if refusal.code == "down":
        return ModelsUnavailable("No model that may answer this is running.", "Please try again in a few seconds.")
    return Busy("All models that may answer this are busy.", "Please try again soon.", retry_after=refusal.retry_after)


def _failed(fault: UpstreamFault, *, spoke: bool) -> HubError:
    if spoke:
        return UpstreamFailed(
            "The answer broke off.", "What is shown is incomplete. Please ask again.", code="answer_cut"
        )
    if fault.caller_is_wrong:
        return TooLong("The model cannot take this request.", "Shorten the text and try again.", code="model_rejected")
    return ModelsUnavailable("No model gave an answer.", "Please try again in a few seconds.")
