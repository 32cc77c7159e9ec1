"""Servers that no framework would make: each on a bare socket, each ending in the fault and the clock that it is."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
import pytest_asyncio

from integrations.vllm.chat import Clocks, Content, Server, stream_chat
from integrations.vllm.errors import Fault, UpstreamFault
from tests.fakes import vllm_shapes as shapes

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]
CLOCKS = Clocks(connect=1, first_token=0.6, between=0.3, total=1.2)
GENEROUS = 1.0  # seconds, for a busy machine; the clocks' exactness is shown in test_watch
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def piece(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def comments(writer: asyncio.StreamWriter) -> None:
    """Alive, but says nothing."""
    writer.write(HEAD)
    while True:
        writer.write(piece(b": still here\n\n"))
        await asyncio.sleep(0.05)


async def half_a_line(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + piece(shapes.chunk({"content": "One"})))
    while True:
        writer.write(piece(b"x"))
        await asyncio.sleep(0.05)


async def thoughts(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        writer.write(piece(shapes.chunk({"reasoning": "hm "})))
        await asyncio.sleep(0.05)


async def words(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        writer.write(piece(shapes.chunk({"content": "and "})))
        await asyncio.sleep(0.05)


async def page(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nok")


async def hang_up(writer: asyncio.StreamWriter) -> None:
    pass


async def busy(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 429 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n")


@asynccontextmanager
async def playing(script: Script) -> AsyncIterator[Server]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await script(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Server(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", "r1-32b")


async def fault_of(http: aiohttp.ClientSession, server: Server) -> tuple[UpstreamFault, str, float]:
    """The fault, the words before it, and the seconds until it."""
    clock, text = asyncio.get_running_loop().time, ""
    began = clock()
    try:
        async for chunk in stream_chat(http, server, body={"messages": []}, clocks=CLOCKS):
            text += chunk.text if isinstance(chunk, Content) else ""
    except UpstreamFault as fault:
        return fault, text, clock() - began
    raise AssertionError(f"this server answered: {text}")


@pytest.mark.parametrize(
    ("script", "clock", "seconds"),
    [
        (silent, "first_token", CLOCKS.first_token),
        (comments, "first_token", CLOCKS.first_token),
        (thoughts, "first_token", CLOCKS.first_token),
        (half_a_line, "between", CLOCKS.between),
        (words, "total", CLOCKS.total),
    ],
)
async def test_each_silence_meets_its_clock(
    http: aiohttp.ClientSession, *, script: Script, clock: str, seconds: float
) -> None:
    async with playing(script) as server:
        fault, _, took = await fault_of(http, server)
    assert (fault.fault, fault.detail) == (Fault.SLOW, clock)
    assert seconds <= took < seconds + GENEROUS


async def test_a_server_that_takes_no_connection_meets_the_first_clock(http: aiohttp.ClientSession) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):
            filler.settimeout(0)
            with suppress(BlockingIOError):
                filler.connect(full.getsockname())
        fault, _, _ = await fault_of(http, Server(f"http://127.0.0.1:{full.getsockname()[1]}/v1", "r1-32b"))
    assert (fault.fault, fault.detail) in {(Fault.SLOW, "connect"), (Fault.SLOW, "first_token")}


@pytest.mark.parametrize(("script", "fault"), [(page, Fault.MALFORMED), (hang_up, Fault.CUT), (busy, Fault.STATUS)])
async def test_what_is_no_answer_says_what_it_is(http: aiohttp.ClientSession, *, script: Script, fault: Fault) -> None:
    async with playing(script) as server:
        caught, text, _ = await fault_of(http, server)
    assert (caught.fault, text) == (fault, "")
    assert caught.retry_after == (7 if script is busy else None)
