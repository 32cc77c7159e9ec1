"""One request to one model server: whatever its end, its place is given back and its result noted."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import structlog

from hospital_hub.inference.admission import Grant
from hospital_hub.inference.ledger_values import AttemptResult
from hospital_hub.inference.models import Models
from hospital_hub.inference.outcomes import AttemptOutcome
from hospital_hub.inference.question import Question
from hospital_hub.inference.request_body import Manner, chat_body
from hospital_hub.inference.run import Run, Turn
from hospital_hub.inference.servers import Verdict
from hospital_hub.registry import TierClocks, TierEntry
from integrations.vllm.chat import Chunk, Clocks, Content, Finished, Server, stream_chat
from integrations.vllm.errors import Fault, UpstreamFault

BUSY, UNAVAILABLE = 429, 503
LEAST_SECONDS = 0.05
OUTCOMES = {
    Fault.REFUSED: AttemptOutcome.REFUSED,
    Fault.STATUS: AttemptOutcome.BROKEN,
    Fault.SLOW: AttemptOutcome.SLOW,
    Fault.CUT: AttemptOutcome.CUT,
    Fault.MALFORMED: AttemptOutcome.MALFORMED,
    Fault.EMPTY: AttemptOutcome.EMPTY,
}
log = structlog.get_logger()


@dataclass
class _Notes:
    """What is known of the attempt; the end stands at "the caller left" until something else is known."""

    number: int
    sent: float
    hurried: bool
    verdict: Verdict = Verdict.NEITHER
    outcome: AttemptOutcome = AttemptOutcome.ABANDONED
    rest: float | None = None
    pieces: int = 0
    first: float | None = None
    finished: Finished | None = None

    def answered(self, finished: Finished) -> None:
        self.finished, self.verdict, self.outcome = finished, Verdict.WELL, AttemptOutcome.ANSWERED

    def failed(self, fault: UpstreamFault) -> None:
        self.verdict, self.outcome = _judged(fault, hurried=self.hurried)
        self.rest = fault.retry_after

    def result(self, grant: Grant, *, now: float) -> AttemptResult:
        """Where the server did not tell its tokens, one of its events counts as one."""
        told = self.finished
        return AttemptResult(
            number=self.number,
            outcome=self.outcome,
            tier=grant.tier,
            prompt_tokens=told.prompt_tokens if told else 0,
            completion_tokens=told.completion_tokens if told else self.pieces,
            reasoning_tokens=told.reasoning_tokens if told else 0,
            queue_ms=round(1000 * grant.waited),
            first_token_ms=None if self.first is None else round(1000 * (self.first - self.sent)),
            total_ms=round(1000 * (now - self.sent)),
        )


async def attempt(models: Models, run: Run, *, turn: Turn) -> AsyncGenerator[Chunk]:
    """Chunks of the answer. Closing the iterator closes the connection to the server.

    Raises:
        UpstreamFault: for every way in which the answer did not come whole.
    """
    run.begin(turn)
    grant, entry = turn.grant, models.registry.tiers[turn.grant.tier]
    now = asyncio.get_running_loop().time
    sent = now()
    left = max(run.left(sent), LEAST_SECONDS)
    clocks = _clocks(entry.clocks, left)
    notes = _Notes(turn.number, sent, hurried=left < entry.clocks.first_token)
    body = _body(run.question, entry, cache_salt=models.cache_salt(run.question.who.department))
    server = Server(grant.url, entry.served_name)
    try:
        async with aclosing(
            stream_chat(models.http, server, body=body, clocks=clocks, whole=run.question.whole)
        ) as chunks:
            async for chunk in chunks:
                grant.pulse.heard += 1
                if isinstance(chunk, Finished):
                    notes.answered(chunk)
                else:
                    notes.pieces += chunk.pieces
                    if notes.first is None and isinstance(chunk, Content):
                        notes.first = now()
                        models.gate.spoke(grant)
                yield chunk
    except UpstreamFault as fault:
        if notes.finished is not None:  # the answer is whole; only the connection did not end well
            return
        notes.failed(fault)
        log.warning("model_fault", tier=grant.tier, replica=grant.replica, fault=fault.fault.value, status=fault.status)
        raise
    finally:
        models.gate.leave(grant, notes.verdict, rest=notes.rest)
        run.results.append(notes.result(grant, now=now()))


def _clocks(allowed: TierClocks, left: float) -> Clocks:
    return Clocks(allowed.connect, min(allowed.first_token, left), allowed.between, allowed.total)


def _body(question: Question, entry: TierEntry, *, cache_salt: str) -> dict[str, Any]:
    manner = Manner(
        question.lane,
        question.wishes,
        cache_salt,
        whole=question.whole,
        prompt_tokens=question.prompt.tokens,
    )
    return chat_body(entry, question.prompt, answer_tokens=question.answer_tokens, manner=manner)


def _judged(fault: UpstreamFault, *, hurried: bool) -> tuple[Verdict, AttemptOutcome]:
    """What a fault says of the server, and of the attempt. `hurried`: its first-token clock was cut by the deadline."""
    outcome = OUTCOMES[fault.fault]
    if fault.caller_is_wrong:
        return Verdict.NEITHER, AttemptOutcome.REJECTED
    if fault.status == BUSY or (fault.status == UNAVAILABLE and fault.retry_after is not None):
        return Verdict.BUSY, AttemptOutcome.BUSY
    if fault.fault is Fault.REFUSED:
        return Verdict.GONE, outcome
    if fault.fault is Fault.EMPTY or (fault.fault is Fault.SLOW and hurried):
        return Verdict.NEITHER, outcome
    return Verdict.FAULT, outcome
