"""/v1: the OpenAI protocol for the departments' own programs, through the same router and the same door."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.responses import Response

from hospital_hub.clinical import red_flags
from hospital_hub.errors import HubError
from hospital_hub.identity.guard import BEARER, Guard
from hospital_hub.identity.keys import owner_of
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.api import models_of
from hospital_hub.inference.ask import ask
from hospital_hub.inference.openai_form import AUTO, ChatRequest, chunk, completion, decision_headers, usage
from hospital_hub.inference.question import Answered, Decided, Event, Question, Token
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from routing import Lane

router = APIRouter(prefix="/v1", tags=["OpenAI protocol"])


class KeyGuard(Guard):
    """A department's API key in the Authorization header."""

    async def _who(self, request: Request) -> Principal | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if f"{scheme} " != BEARER or not token:
            return None
        resources = resources_of(request)
        async with resources.database.work() as session:
            return await owner_of(session, vault=resources.vault, token=token)


Program = Annotated[Principal, Depends(KeyGuard(Action.MODEL_ASK))]


@router.get("/models")
async def list_models(request: Request, who: Program) -> dict[str, Any]:  # noqa: ARG001 - the guard is the point
    names = (AUTO, *models_of(request).registry.tiers)
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "created": 0, "owned_by": "hospital-hub"} for name in names],
    }


@router.post("/chat/completions", response_model=None)
async def chat_completions(body: ChatRequest, request: Request, who: Program) -> Response:
    body.refuse_unsupported()
    models = models_of(request)
    question = Question(
        who=who,
        prompt=body.prompt(),
        text=body.last_words,
        lane=Lane.STAFF,
        entity=f"v1/{getattr(request.state, 'request_id', '')}",
        answer_tokens=body.answer_tokens,
        minimum=body.minimum(frozenset(models.registry.tiers)),
        red_flags=tuple(flag.rule for flag in red_flags.find(body.last_words)),
        request_id=getattr(request.state, "request_id", ""),
    )
    events = ask(models, question)
    first = await anext(events)
    assert isinstance(first, Decided)  # noqa: S101 - the first event of every answer
    if body.stream:
        return await _streamed(events, first, with_usage=body.stream_options.include_usage)
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Answered):
                headers = {**decision_headers(first.decision, first.notice), "x-hub-tier": event.tier}
                return JSONResponse(completion(event, created=_now()), headers=headers)
    raise AssertionError("ask() ends with an answer or an error")


async def _streamed(events: AsyncGenerator[Event], first: Decided, *, with_usage: bool) -> Response:
    """Headers wait for the first token, so that a failure before it is still an HTTP error."""
    try:
        token = await anext(events)
    except BaseException:
        await events.aclose()
        raise
    headers = {**decision_headers(first.decision, first.notice), "Cache-Control": "no-store"}
    lines = _lines(events, first, token=token, with_usage=with_usage)
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)


async def _lines(
    events: AsyncGenerator[Event], first: Decided, *, token: Event, with_usage: bool
) -> AsyncIterator[bytes]:
    created, model = _now(), first.decision.tier.label
    async with aclosing(events):
        yield _data(chunk(first.call_id, model=model, created=created, delta={"role": "assistant", "content": ""}))
        try:
            event: Event = token
            while not isinstance(event, Answered):
                if isinstance(event, Token):
                    yield _data(chunk(first.call_id, model=model, created=created, delta={"content": event.text}))
                event = await anext(events)
        except HubError as cut:
            yield _data(
                {"error": {"message": f"{cut.message} {cut.next_step}", "type": "server_error", "code": cut.code}}
            )
            return
        yield _data(chunk(first.call_id, model=model, created=created, delta={}, finish=event.finish_reason))
        if with_usage:
            ending = chunk(first.call_id, model=model, created=created, delta={})
            yield _data({**ending, "choices": [], "usage": usage(event)})
        yield b"data: [DONE]\n\n"


def _data(content: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(content) + b"\n\n"


def _now() -> int:
    return int(utc_now().timestamp())
