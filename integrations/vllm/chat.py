"""One chat completion, streamed: bytes of server-sent events in, typed chunks out, with four clocks.

Reads `reasoning` (vLLM >= 0.11) and `reasoning_content` (older servers) alike. Never retries.
Source: vLLM OpenAI-compatible server, chat completions; WHATWG server-sent events.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from integrations.vllm.errors import Fault, UpstreamFault

HTTP_ERROR = 400
ERROR_BODY_BYTES = 2048


@dataclass(frozen=True)
class Clocks:
    """Seconds: to connect, to the first content token, between two chunks, for the whole answer."""

    connect: float
    first_token: float
    between: float
    total: float


@dataclass(frozen=True)
class Server:
    """Where to ask: the OpenAI base URL (ending in /v1) and the model's served name."""

    url: str
    model: str


@dataclass(frozen=True)
class Thought:
    text: str


@dataclass(frozen=True)
class Content:
    text: str


@dataclass(frozen=True)
class Finished:
    """`reason` is OpenAI's finish_reason; token counts are the server's own, 0 where it told none."""

    reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


Chunk = Thought | Content | Finished


async def stream_chat(
    http: aiohttp.ClientSession, server: Server, *, body: Mapping[str, Any], clocks: Clocks
) -> AsyncGenerator[Chunk]:
    """Yield chunks until `Finished`; closing the iterator closes the connection to the server.

    Raises:
        UpstreamFault: for every way in which the answer did not come whole.
    """
    payload = {**body, "model": server.model, "stream": True, "stream_options": {"include_usage": True}}
    timeout = aiohttp.ClientTimeout(total=clocks.total, connect=clocks.connect, sock_read=None)
    try:
        async with http.post(
            f"{server.url}/chat/completions",
            data=orjson.dumps(payload),
            headers={"Content-Type": "application/json"},
            timeout=timeout,
        ) as response:
            await _check(response)
            async for chunk in _chunks(response.content, clocks=clocks):
                yield chunk
    except TimeoutError as slow:
        raise UpstreamFault(Fault.SLOW, "a clock ran out") from slow
    except aiohttp.ClientPayloadError as cut:
        raise UpstreamFault(Fault.CUT, "the connection broke") from cut
    except aiohttp.ClientConnectionError as refused:
        raise UpstreamFault(Fault.REFUSED, type(refused).__name__) from refused


async def _check(response: aiohttp.ClientResponse) -> None:
    if response.status >= HTTP_ERROR:
        await response.content.read(ERROR_BODY_BYTES)  # may echo the prompt, so it is dropped
        raise UpstreamFault(Fault.STATUS, str(response.status), status=response.status)


async def _chunks(stream: aiohttp.StreamReader, *, clocks: Clocks) -> AsyncGenerator[Chunk]:
    loop = asyncio.get_running_loop()
    first_by = loop.time() + clocks.first_token
    spoke, reason, usage = False, "", (0, 0)
    while True:
        patience = clocks.between if spoke else max(first_by - loop.time(), 0.001)
        async with asyncio.timeout(patience):
            data = await _next_data(stream)
        if data == b"[DONE]":
            break
        if data is None:
            raise UpstreamFault(Fault.CUT, "the stream ended early")
        delta, finish, counted = _parse(data)
        reason, usage = finish or reason, counted or usage
        for chunk in delta:
            spoke = spoke or isinstance(chunk, Content)
            yield chunk
    if not spoke:
        raise UpstreamFault(Fault.EMPTY, reason or "no content")
    yield Finished(reason or "stop", *usage)


async def _next_data(stream: aiohttp.StreamReader) -> bytes | None:
    """The data of the next event, or None at the end of the stream; comments and blank lines are passed over."""
    while True:
        line = await stream.readline()
        if not line:
            return None
        if line.startswith(b"data:"):
            return line[5:].strip()


def _parse(data: bytes) -> tuple[list[Chunk], str, tuple[int, int] | None]:
    try:
        event = orjson.loads(data)
        if "error" in event:
            raise UpstreamFault(Fault.STATUS, "error event", status=_code(event["error"]))
        choice = (event.get("choices") or [{}])[0]
        delta = choice.get("delta") or {}
        thought = delta.get("reasoning") or delta.get("reasoning_content")
        chunks: list[Chunk] = [Thought(thought)] if thought else []
        if delta.get("content"):
            chunks.append(Content(delta["content"]))
        usage = event.get("usage")
        counted = (int(usage["prompt_tokens"]), int(usage["completion_tokens"])) if usage else None
        return chunks, choice.get("finish_reason") or "", counted
    except (orjson.JSONDecodeError, AttributeError, KeyError, IndexError, TypeError, ValueError) as wrong:
        raise UpstreamFault(Fault.MALFORMED, "not a chat completion chunk") from wrong


def _code(error: object) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) else 500
