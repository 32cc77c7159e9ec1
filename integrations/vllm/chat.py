"""One chat completion, asked and streamed under four clocks. Never retries.

Every question is streamed, also for callers who want the answer whole: without a stream there is no first token, and
a server that hangs would hold the question until the last clock.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from integrations.vllm.answer import Chunk, Content, Finished, Reading, Thought, error_parameter
from integrations.vllm.errors import Fault, UpstreamFault
from integrations.vllm.pace import Pace
from integrations.vllm.watch import CONNECT, FIRST_TOKEN, Clocks, Watch

__all__ = ["Chunk", "Clocks", "Content", "Finished", "Server", "Thought", "stream_chat"]

OK = 200
ERROR_BODY_BYTES = 4096
EVENTS = "text/event-stream"
HEADERS = {"Content-Type": "application/json", "Accept": EVENTS}
# With every event, so that the tokens of an answer that broke off are known too.
USAGE = {"include_usage": True, "continuous_usage_stats": True}


@dataclass(frozen=True, slots=True)
class Server:
    """Where to ask: the OpenAI base URL (ending in /v1) and the model's served name."""

    url: str
    model: str


async def stream_chat(
    http: aiohttp.ClientSession, server: Server, *, body: Mapping[str, Any], clocks: Clocks, whole: bool = False
) -> AsyncGenerator[Chunk]:
    """Yield chunks until `Finished`; closing the iterator closes the connection to the server.

    `whole` says that nobody waits for the first of them.

    Raises:
        UpstreamFault: for every way in which the answer did not come whole.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    response = await _ask(http, server, body=body, clocks=clocks)
    watch = Watch(clocks, loop=loop, started=started, stop=response.close)
    reading, pace, heard = Reading(body.get("stop", ())), Pace(response, loop=loop, whole=whole), False
    try:
        if whole:
            await pace.gather()
        while not reading.done:
            watch.wait(heard=heard)
            data = await response.content.readany()
            watch.hold()
            if not data:
                raise UpstreamFault(Fault.CUT, "the stream ended early")
            chunks = reading.feed(data)
            heard, watch.spoke = bool(chunks), reading.spoke
            for chunk in chunks:
                yield chunk
            if not reading.done:
                await pace.keep()
        yield reading.finished()
        if not reading.stopped:
            watch.wait(heard=True)
            await _end(response)
    except aiohttp.ClientError as broken:
        raise _named(broken, watch.ran_out) from broken
    finally:
        watch.end()
        response.release()


async def _end(response: aiohttp.ClientResponse) -> None:
    """Read to the end, so that the connection can serve the next question; the answer is whole, whatever comes."""
    with suppress(aiohttp.ClientError):
        await response.content.readany()


async def _ask(
    http: aiohttp.ClientSession, server: Server, *, body: Mapping[str, Any], clocks: Clocks
) -> aiohttp.ClientResponse:
    payload = {**body, "model": server.model, "stream": True, "stream_options": USAGE}
    payload.pop("stop", None)  # found here: the server would look for them in the thinking too
    timeout = aiohttp.ClientTimeout(total=None, connect=clocks.connect, ceil_threshold=math.inf)
    url = f"{server.url}/chat/completions"
    try:
        async with asyncio.timeout(min(clocks.first_token, clocks.total)):
            response = await http.post(url, data=orjson.dumps(payload), headers=HEADERS, timeout=timeout)
            if response.status != OK:
                raise await _refusal(response)
    except aiohttp.ClientError as broken:
        raise _named(broken, "") from broken
    except TimeoutError as slow:
        raise UpstreamFault(Fault.SLOW, FIRST_TOKEN) from slow
    if not response.headers.get("Content-Type", "").startswith(EVENTS):
        response.close()
        raise UpstreamFault(Fault.MALFORMED, "no event stream")
    return response


async def _refusal(response: aiohttp.ClientResponse) -> UpstreamFault:
    """Only the name of the wrong field is kept of the server's words: they may echo the prompt."""
    try:
        parameter = error_parameter(await response.content.read(ERROR_BODY_BYTES))
        wait = response.headers.get("Retry-After", "")
    finally:
        response.release()
    return UpstreamFault(
        Fault.STATUS,
        str(response.status),
        status=response.status,
        parameter=parameter,
        retry_after=int(wait) if wait.isdecimal() else None,
    )


def _named(broken: aiohttp.ClientError, ran_out: str) -> UpstreamFault:
    if ran_out:
        return UpstreamFault(Fault.SLOW, ran_out)
    if isinstance(broken, TimeoutError):
        return UpstreamFault(Fault.SLOW, CONNECT)
    if isinstance(broken, aiohttp.ClientPayloadError):
        return UpstreamFault(Fault.CUT, "the connection broke")
    if isinstance(broken, aiohttp.ClientConnectorError):
        return UpstreamFault(Fault.REFUSED, type(broken).__name__)
    return UpstreamFault(Fault.CUT, "it hung up")  # perhaps with the question in its hands
