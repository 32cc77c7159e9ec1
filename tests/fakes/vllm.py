"""A model server at the wire: streams a script, counts what it was asked, breaks on request."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

BROKEN = 500


class Mode(StrEnum):
    WELL = "well"
    ERROR = "error"  # 500 before anything
    REJECT = "reject"  # 400: the request does not fit
    HANG = "hang"  # headers, then nothing
    CUT = "cut"  # the connection ends after two tokens
    STALL = "stall"  # silence after two tokens
    MALFORMED = "malformed"  # a line that is no JSON
    THINKING = "thinking"  # the thinking never closes: no content
    UNHEALTHY = "unhealthy"  # health says 503


@dataclass
class FakeVllm:
    """`tokens` is the answer; `asked` are the bodies received; `open` counts streams under way."""

    tokens: list[str] = field(default_factory=lambda: ["Please ", "wait ", "for ", "a nurse."])
    thoughts: list[str] = field(default_factory=lambda: ["Let me think."])
    mode: Mode = Mode.WELL
    running: int = 0
    waiting: int = 0
    gap: float = 0.0
    finish: str = "stop"
    reasoning_field: str = "reasoning"
    asked: list[dict[str, Any]] = field(default_factory=list)
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
        self.asked.append(orjson.loads(await request.body()))
        if self.mode is Mode.ERROR:
            return JSONResponse({"error": {"message": "engine died", "code": BROKEN}}, BROKEN)
        if self.mode is Mode.REJECT:
            return JSONResponse({"error": {"message": "maximum context length", "code": 400}}, 400)
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[bytes]:
        self.open += 1
        try:
            if self.mode is Mode.HANG:
                await asyncio.sleep(3600)
            for thought in self.thoughts:
                yield self._event({self.reasoning_field: thought})
            for number, token in enumerate([] if self.mode is Mode.THINKING else self.tokens):
                if number == 2:
                    if self.mode is Mode.CUT:
                        return
                    if self.mode is Mode.STALL:
                        await asyncio.sleep(3600)
                    if self.mode is Mode.MALFORMED:
                        yield b"data: {no json\n\n"
                await asyncio.sleep(self.gap)
                yield self._event({"content": token})
            yield self._event({}, finish="length" if self.mode is Mode.THINKING else self.finish)
            usage = {"prompt_tokens": 7, "completion_tokens": len(self.tokens)}
            yield b"data: " + orjson.dumps({"choices": [], "usage": usage}) + b"\n\n"
            yield b"data: [DONE]\n\n"
        finally:
            self.open -= 1

    @staticmethod
    def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
        return b"data: " + orjson.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}) + b"\n\n"

    async def _models(self, request: Request) -> Response:
        names = ("r1-32b", "r1-70b", "r1-671b")
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})

    async def _health(self, request: Request) -> Response:
        return Response(status_code=503 if self.mode is Mode.UNHEALTHY else 200)

    async def _metrics(self, request: Request) -> Response:
        return PlainTextResponse(
            "# TYPE vllm:num_requests_running gauge\n"
            f'vllm:num_requests_running{{model_name="r1",engine="0"}} {self.running}\n'
            "# TYPE vllm:num_requests_waiting gauge\n"
            f'vllm:num_requests_waiting{{model_name="r1",engine="0"}} {self.waiting}\n'
            "# TYPE vllm:kv_cache_usage_perc gauge\n"
            'vllm:kv_cache_usage_perc{model_name="r1",engine="0"} 0.25\n'
            "# TYPE vllm:generation_tokens counter\n"
            'vllm:generation_tokens_total{model_name="r1",engine="0"} 42\n'
        )
