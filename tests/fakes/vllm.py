"""A model server at the wire: streams a script, counts what it was asked, breaks on request.

It behaves as vLLM 0.32 with the parser deepseek_r1 and priority scheduling: tests/vllm puts the same questions to both.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.fakes import vllm_shapes as shapes

BROKEN = 500
PROMPT_TOKENS = 7
Piece = tuple[str, str]  # the field of the delta, and its text


class Mode(StrEnum):
    WELL = "well"
    ERROR = "error"  # 500 before anything
    REJECT = "reject"  # 400: the request does not fit
    HANG = "hang"  # headers, then nothing
    CUT = "cut"  # the connection ends after two tokens
    STALL = "stall"  # silence after two tokens
    MALFORMED = "malformed"  # a line that is no JSON
    BREAK = "break"  # an error event after two tokens
    ABORT = "abort"  # the server is shut down after two tokens
    THINKING = "thinking"  # the thinking never closes: no content
    UNHEALTHY = "unhealthy"  # health says 503


BREAKS_AFTER = 2  # tokens
BREAKS = frozenset({Mode.CUT, Mode.STALL, Mode.MALFORMED, Mode.BREAK, Mode.ABORT})


@dataclass
class FakeVllm:
    """`tokens` is the answer; `asked` are the bodies received, `callers` from where; `open` counts streams under way.

    With `closes` false the thinking ends only where a `thinking_token_budget` ends it. `context` is in tokens, a
    word being one; 0 takes everything. `running` comes on top of what is under way.
    """

    tokens: list[str] = field(default_factory=lambda: ["Please ", "wait ", "for ", "a nurse."])
    thoughts: list[str] = field(default_factory=lambda: ["Let me think."])
    mode: Mode = Mode.WELL
    closes: bool = True
    context: int = 0
    running: int = 0
    waiting: int = 0
    generated: int = 42
    gap: float = 0.0
    finish: str = "stop"
    reasoning_field: str = "reasoning"
    asked: list[dict[str, Any]] = field(default_factory=list)
    callers: list[tuple[str, int]] = field(default_factory=list)
    open: int = 0
    origin: str = ""

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    def reset(self) -> None:
        fresh = FakeVllm(origin=self.origin, open=self.open)
        self.__dict__.update(fresh.__dict__)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/models", self._models),
                Route("/health", self._health),
                Route("/metrics", self._metrics),
            ]
        )

    async def _chat(self, request: Request) -> Response:
        asked = orjson.loads(await request.body())
        self.asked.append(asked)
        self.callers.append((request.client.host, request.client.port) if request.client else ("", 0))
        if self.mode is Mode.ERROR:
            return JSONResponse(shapes.error("engine died", kind="InternalServerError", code=BROKEN), BROKEN)
        if refusal := self._refusal(asked):
            return JSONResponse(refusal, refusal["error"]["code"])
        if asked.get("stream"):
            return StreamingResponse(self._stream(asked), media_type="text/event-stream")
        return await self._whole(asked)

    def _refusal(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """What the server says before it begins, or None."""
        if self.mode is Mode.REJECT:
            return shapes.error("This model's maximum context length is 8 tokens.", param="input_tokens")
        if asked["model"] not in shapes.NAMES:
            return shapes.error("The model does not exist.", kind="NotFoundError", param="model", code=404)
        if not isinstance(asked.get("priority", 0), int):
            return shapes.error("1 validation error", kind="Bad Request", param="body.priority")
        if "response_format" in asked and not asked["response_format"].get("json_schema"):
            return shapes.error("When response_format type is 'json_schema', it is required.", param="response_format")
        return self._too_long(asked) if self.context else None

    def _too_long(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        words = sum(len(message["content"].split()) for message in asked["messages"])
        if asked.get("max_tokens", 0) > self.context:
            return shapes.error("max_tokens cannot be greater than max_model_len", param="max_tokens")
        if words + asked.get("max_tokens", 0) > self.context:
            return shapes.error("This model's maximum context length is exceeded.", param="input_tokens")
        return None

    def _script(self, asked: dict[str, Any]) -> tuple[list[Piece], str]:
        """The pieces of the answer, a token each, and its finish_reason."""
        budget = asked.get("thinking_token_budget")
        thoughts = self.thoughts if budget is None else self.thoughts[:budget]
        pieces = [(self.reasoning_field, text) for text in thoughts]
        endless = not self.closes and budget is None
        if self.mode is Mode.THINKING or endless:
            return pieces, "length"
        pieces += [("content", text) for text in self.tokens]
        for number, (_, text) in enumerate(pieces):
            if any(stop in text for stop in asked.get("stop", ())):
                return pieces[:number], "stop"
        most = asked.get("max_tokens") or len(pieces)
        return pieces[:most], "length" if len(pieces) > most else self.finish

    async def _whole(self, asked: dict[str, Any]) -> Response:
        pieces, finish = self._script(asked)
        await asyncio.sleep(self.gap * len(pieces))
        text = {kind: "".join(said for of, said in pieces if of == kind) for kind, _ in pieces}
        self.generated += len(pieces)
        counted = shapes.Counted(PROMPT_TOKENS, len(pieces))
        reasoning = text.get(self.reasoning_field, "")
        return JSONResponse(shapes.whole(text.get("content") or None, reasoning, finish=finish, counted=counted))

    async def _stream(self, asked: dict[str, Any]) -> AsyncIterator[bytes]:
        self.open += 1
        try:
            if self.mode is Mode.HANG:
                await asyncio.sleep(3600)
            pieces, finish = self._script(asked)
            yield shapes.chunk({"role": "assistant", "content": ""})
            async for event in self._speak(pieces, asked):
                yield event
            if self.mode is Mode.CUT and _said(pieces) > BREAKS_AFTER:
                return
            yield shapes.chunk({self.reasoning_field: ""}, finish="abort" if self.mode is Mode.ABORT else finish)
            yield shapes.last_chunk(shapes.Counted(PROMPT_TOKENS, len(pieces)))
            yield shapes.DONE
        finally:
            self.open -= 1

    async def _speak(self, pieces: list[Piece], asked: dict[str, Any]) -> AsyncIterator[bytes]:
        interval, said, counting = asked.get("stream_interval") or 1, 0, _counts(asked)
        for kind, text, tokens, at in _batched(pieces, interval):
            if kind == "content":
                if said == BREAKS_AFTER and self.mode in BREAKS:
                    async for event in self._break():
                        yield event
                    return
                await asyncio.sleep(self.gap)
                said += 1
            self.generated += tokens
            yield shapes.chunk({kind: text}, counted=shapes.Counted(PROMPT_TOKENS, at) if counting else None)

    async def _break(self) -> AsyncIterator[bytes]:
        if self.mode is Mode.STALL:
            await asyncio.sleep(3600)
        if self.mode is Mode.MALFORMED:
            yield b"data: {no json\n\n"
        if self.mode is Mode.BREAK:
            yield shapes.event(shapes.error("Internal server error", kind="InternalServerError", code=BROKEN))

    async def _models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model"} for name in shapes.NAMES]})

    async def _health(self, request: Request) -> Response:
        return Response(status_code=503 if self.mode is Mode.UNHEALTHY else 200)

    async def _metrics(self, request: Request) -> Response:
        running = self.running + self.open
        return PlainTextResponse(shapes.metrics(running=running, waiting=self.waiting, generated=self.generated))


def _batched(pieces: list[Piece], interval: int) -> Iterator[tuple[str, str, int, int]]:
    """Kind, text, tokens in it and tokens so far: the first token alone, then `interval` of one kind together."""
    start = 0
    while start < len(pieces):
        kind, end = pieces[start][0], start + 1
        while start and end < len(pieces) and pieces[end][0] == kind and end - start < interval:
            end += 1
        yield kind, "".join(text for _, text in pieces[start:end]), end - start, end
        start = end


def _said(pieces: list[Piece]) -> int:
    return sum(1 for kind, _ in pieces if kind == "content")


def _counts(asked: dict[str, Any]) -> bool:
    return bool((asked.get("stream_options") or {}).get("continuous_usage_stats"))
