"""POST /v1/chat/completions as a bare ASGI endpoint: the way from a program's words to the door of the models.

It sees to everything itself (key, limits, form, errors, headers, a caller who leaves), so that `main` may put it before
the middleware of the pages.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Final

import structlog
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from hospital_hub.clinical import red_flags
from hospital_hub.errors import HubError, UpstreamFailed
from hospital_hub.identity import keys
from hospital_hub.identity.keys import KeyHolder
from hospital_hub.identity.permissions import Action
from hospital_hub.inference.ask import ask
from hospital_hub.inference.door import Door, KeyGuard
from hospital_hub.inference.exchange import EVENTS, JSON, OK, Exchange, Gone
from hospital_hub.inference.openai_form import ChatRequest
from hospital_hub.inference.openai_shapes import Chunks, completion, decision_headers
from hospital_hub.inference.question import Answered, Decided, Event, Question, Token
from hospital_hub.inference.stored_answers import Claim, Kept
from hospital_hub.storage.clock import utc_now
from hospital_hub.web.problems import Problem, problem_of, problem_of_form, unforeseen
from routing import Lane

SCOPE: Final = keys.Scope.CHAT
log = structlog.get_logger()


class ChatEndpoint:
    """`guard` is what stands before it; other routes declare theirs as a dependency."""

    guard: Final = KeyGuard(Action.MODEL_ASK, scope=SCOPE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI's own
        exchange = Exchange(scope, receive, send)
        structlog.contextvars.bind_contextvars(request_id=exchange.request_id)  # each request is a task of its own
        try:
            await _serve(scope["app"].state.door, exchange)
        except Gone:
            log.info("client_gone")
        except Exception as error:  # noqa: BLE001 - the boundary of a request
            await exchange.fail(_problem(error))


@dataclass
class _Asked:
    """One request of a program that has come in; `sent` is kept for its idempotency key alone."""

    door: Door
    exchange: Exchange
    request: ChatRequest
    claim: Claim | None = None
    sent: list[bytes] = field(default_factory=list)

    def headers(self, decided: Decided, *, tier: str, kind: str) -> dict[str, str]:
        told = decision_headers(decided.decision, tier=tier, asked=self.request.model, notice=decided.notice)
        return {"content-type": kind, **told}

    async def keep(self, headers: dict[str, str]) -> None:
        """Before the last byte goes out, so that whoever has the whole answer finds it again."""
        if self.claim is not None:
            await self.door.answers.keep(self.claim, Kept(headers, b"".join(self.sent)))
            self.claim = None


async def _serve(door: Door, exchange: Exchange) -> None:
    holder = await door.holder(exchange.header("authorization"), scope=SCOPE)
    holder.who.require(Action.MODEL_ASK)
    body = await exchange.body()
    request = ChatRequest.model_validate_json(body)
    request.refuse_unsupported()
    question = _question(door, exchange, request=request, holder=holder)
    asked = _Asked(door, exchange, request)
    if key := exchange.header("idempotency-key"):
        found = await door.answers.claim(holder.who, key=key, body=body)
        if isinstance(found, Kept):
            await exchange.answer(found.body, headers=found.headers)
            return
        asked.claim = found
    try:
        async with exchange.leaving_ends():
            await _within_limits(asked, holder, question=question)
    finally:
        if asked.claim is not None:
            await door.answers.forget(asked.claim)


def _question(door: Door, exchange: Exchange, *, request: ChatRequest, holder: KeyHolder) -> Question:
    """What programs send counts as patients' text; red flags are looked for in every turn of a person."""
    flags = [flag.rule for turn in request.persons_turns for flag in red_flags.find(turn)]
    return Question(
        who=holder.who,
        prompt=request.prompt(),
        text=request.routed_text,
        lane=Lane.STAFF,
        entity=f"v1/{exchange.request_id}",
        answer_tokens=request.answer_tokens,
        minimum=request.minimum(frozenset(door.models.registry.tiers)),
        red_flags=tuple(dict.fromkeys(flags)),
        request_id=exchange.request_id,
        wishes=request.wishes(),
        patient_data=True,
        whole=not request.stream,
    )


async def _within_limits(asked: _Asked, holder: KeyHolder, *, question: Question) -> None:
    estimated, used = question.prompt.tokens + question.answer_tokens, 0
    await asked.door.admit(holder, tokens=estimated, now=utc_now())
    try:
        answered = await _answered(asked, question)
        used = answered.prompt_tokens + answered.completion_tokens
    finally:
        asked.door.settle(holder, estimated=estimated, used=used)


async def _answered(asked: _Asked, question: Question) -> Answered:
    async with aclosing(ask(asked.door.models, question)) as events:
        first = await anext(events)
        assert isinstance(first, Decided)  # noqa: S101 - the first event of every answer
        if asked.request.stream:
            return await _streamed(asked, first, events=events)
        answered = await _whole(events)
        headers = asked.headers(first, tier=answered.tier, kind=JSON)
        asked.sent.append(completion(answered, created=_now()))
        await asked.keep(headers)
        await asked.exchange.answer(asked.sent[0], headers=headers)
        return answered


async def _whole(events: AsyncGenerator[Event]) -> Answered:
    """With the model's words as they came: blanks at either end are the program's business."""
    words: list[str] = []
    async for event in events:
        if isinstance(event, Token):
            words.append(event.text)
        elif isinstance(event, Answered):
            return replace(event, text="".join(words) or event.text)
    raise UpstreamFailed("The model gave no answer.", "Please try again.")


async def _streamed(asked: _Asked, decided: Decided, *, events: AsyncGenerator[Event]) -> Answered:
    """Headers wait for the first word: until then it may still be another model, or an error with its own status."""
    headers: dict[str, str] = {}
    chunks = None
    async for event in events:
        if isinstance(event, Token | Answered) and chunks is None:
            tier = decided.decision.tier.label if isinstance(event, Token) else event.tier
            headers = asked.headers(decided, tier=tier, kind=EVENTS)
            chunks = Chunks(decided.call_id, model=tier, created=_now())
            await asked.exchange.begin(OK, headers)
            text = event.text
            await _write(asked, chunks.first() + chunks.content(text))
        elif isinstance(event, Token) and chunks is not None:
            await _write(asked, chunks.content(event.text))
        elif isinstance(event, Decided):
            decided = event
        if isinstance(event, Answered) and chunks is not None:
            last = chunks.end(event, with_usage=asked.request.with_usage)
            asked.sent.append(last)
            await asked.keep(headers)
            await asked.exchange.end(last)
            return event
    raise UpstreamFailed("The model gave no answer.", "Please try again.")


async def _write(asked: _Asked, data: bytes) -> None:
    if asked.claim is not None:
        asked.sent.append(data)
    await asked.exchange.write(data)


def _problem(error: Exception) -> Problem:
    if isinstance(error, HubError):
        return problem_of(error)
    if isinstance(error, ValidationError):
        return problem_of_form(error.errors(include_url=False, include_input=False))
    return unforeseen(error)


def _now() -> int:
    return int(utc_now().timestamp())
