"""A model server that breaks on request and counts exactly what it was asked, said and finished. For the fault matrix.

In the test's own process (`serving`), or alone: `python -m tests.fakes.breakable --port 9100 --slots 16`.
"""

import argparse
import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import orjson

TIERS = ("r1-32b", "r1-70b", "r1-671b")
FOREVER = 3600.0


class Fault(StrEnum):
    NONE = ""
    REFUSE = "refuse"  # nobody listens
    HANG_UP = "hang_up"  # the connection is closed when the question has been read
    BUSY = "429"
    ERROR = "500"
    UNAVAILABLE = "503"
    HANG = "hang"  # no byte, ever
    CUT = "cut"  # closed after some words
    STALL = "stall"  # silent after some words
    MALFORMED = "malformed"  # a line that is no JSON after some words
    DRIP = "drip"  # ten times slower
    WEDGE = "wedge"  # health 200, work taken, nothing produced, the counter still
    DRAIN = "drain"  # finishes what it has, health 503, takes nothing new


@dataclass
class Breakable:
    """Delays in seconds; `after` words the fault comes; `times` how often, -1 for always. `slots` 0: no limit."""

    models: tuple[str, ...] = TIERS
    ttft: float = 0.0
    gap: float = 0.0
    tokens: int = 8
    thoughts: int = 0
    slots: int = 0
    fault: Fault = Fault.NONE
    after: int = 2
    times: int = -1
    asked: int = 0
    finished: int = 0
    aborted: int = 0
    words: int = 0
    generated: int = 0
    said: Counter[str] = field(default_factory=Counter)  # generations that gave content, by the question's text
    answer: str | Callable[[str], str] = ""  # said for every question, or made of its text
    port: int = 0
    running: int = 0
    waiting: int = 0
    _free: asyncio.Semaphore | None = None
    _server: asyncio.Server | None = None
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def break_with(self, fault: Fault, *, after: int = 2, times: int = -1) -> None:
        self.fault, self.after, self.times = fault, after, times
        if fault is Fault.REFUSE:
            await self.stop()
        elif self._server is None:
            await self.start()

    async def start(self) -> None:
        self._free = asyncio.Semaphore(self.slots) if self.slots else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=2048)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _take_fault(self) -> Fault:
        if not self.fault or self.times == 0:
            return Fault.NONE
        self.times -= self.times > 0
        return self.fault

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._one(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        path, body = await read_request(reader)
        if path == "/v1/chat/completions":
            return await self._chat(orjson.loads(body), reader, writer)
        if path == "/v1/models":
            found = {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}
            writer.write(response(orjson.dumps(found)))
        elif path == "/metrics":
            writer.write(response(self._metrics(), kind="text/plain"))
        elif path == "/health":
            writer.write(response(b"", status="503 Draining" if self.fault is Fault.DRAIN else "200 OK"))
        elif path == "/_stats":
            stats = {"asked": self.asked, "finished": self.finished, "aborted": self.aborted, "words": self.words}
            writer.write(response(orjson.dumps({**stats, "running": self.running, "waiting": self.waiting})))
        else:
            writer.write(response(b"{}", status="404 Not Found"))
        return True

    async def _chat(self, body: dict, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Works on the answer and watches for the caller to hang up."""
        self.asked += 1
        working = asyncio.ensure_future(self._work(body, writer))
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
            left = not working.done() or isinstance(working.exception(), ConnectionError)
            self.aborted += left
            return False if left else await working
        finally:
            for task in (working, gone):
                task.cancel()
            await asyncio.gather(working, gone, return_exceptions=True)

    async def _work(self, body: dict, writer: asyncio.StreamWriter) -> bool:
        fault = self._take_fault()
        if fault is Fault.HANG_UP:
            return False
        if fault in {Fault.BUSY, Fault.ERROR, Fault.UNAVAILABLE, Fault.DRAIN}:
            status = "503 Draining" if fault is Fault.DRAIN else f"{fault} Planted"
            extra = "retry-after: 1\r\n" if fault is Fault.BUSY else ""
            writer.write(response(b'{"error":{"message":"planted","code":null}}', status=status, extra=extra))
            return True
        self.waiting += 1
        try:
            if self._free:
                await self._free.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            return await self._speak(body, writer, fault)
        finally:
            self.running -= 1
            if self._free:
                self._free.release()

    async def _speak(self, body: dict, writer: asyncio.StreamWriter, fault: Fault) -> bool:
        question = body["messages"][-1]["content"]
        if fault in {Fault.HANG, Fault.WEDGE}:
            await asyncio.sleep(FOREVER)
        await asyncio.sleep(self.ttft)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        writer.write(event({"role": "assistant", "content": ""}))
        for _ in range(self.thoughts):
            self.generated += 1
            writer.write(event({"reasoning": "hm "}))
            await asyncio.sleep(self.gap)
        answer = self.answer(question) if callable(self.answer) else self.answer
        words = answer.split(" ") if answer else [f"w{number}" for number in range(self.tokens)]
        words = words[: body.get("max_tokens") or None]
        for number, word in enumerate(words):
            if number and self.gap:
                await writer.drain()
                await asyncio.sleep(self.gap * (10 if fault is Fault.DRIP else 1))
            if number == self.after and not await self._go_on(writer, fault):
                return False
            self.said[question] += number == 0
            self.words += 1
            self.generated += 1
            writer.write(event({"content": word if number == 0 else f" {word}"}))
        usage = {
            "prompt_tokens": 10,
            "completion_tokens": len(words) + self.thoughts,
            "completion_tokens_details": {"reasoning_tokens": self.thoughts},
        }
        writer.write(event({}, finish="stop"))
        writer.write(chunk(b"data: " + orjson.dumps({"choices": [], "usage": usage}) + b"\n\n"))
        writer.write(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        await writer.drain()
        self.finished += 1
        return True

    async def _go_on(self, writer: asyncio.StreamWriter, fault: Fault) -> bool:
        """Break in the middle, if that is the fault."""
        if fault not in {Fault.CUT, Fault.STALL, Fault.MALFORMED}:
            return True
        await writer.drain()
        await asyncio.sleep(0.01)
        if fault is Fault.STALL:
            await asyncio.sleep(FOREVER)
        if fault is Fault.MALFORMED:
            writer.write(chunk(b'data: {"choices": [{"delta": {"conte\n\n'))
            await asyncio.sleep(0.5)  # who hangs up on that is heard
        return fault is not Fault.CUT

    def _metrics(self) -> bytes:
        label = '{engine="0",model_name="r1"}'
        use = min(1.0, self.running / self.slots) / 2 if self.slots else 0.0
        return (
            f"# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{label} {self.running}\n"
            f"# TYPE vllm:num_requests_waiting gauge\nvllm:num_requests_waiting{label} {self.waiting}\n"
            f"# TYPE vllm:kv_cache_usage_perc gauge\nvllm:kv_cache_usage_perc{label} {use}\n"
            f"# TYPE vllm:generation_tokens counter\nvllm:generation_tokens_total{label} {self.generated}\n"
        ).encode()


@asynccontextmanager
async def serving(*servers: Breakable) -> AsyncIterator[None]:
    for server in servers:
        await server.start()
    try:
        yield
    finally:
        for server in servers:
            await server.stop()


async def read_request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return first.split(" ")[1], body


def response(body: bytes, *, status: str = "200 OK", kind: str = "application/json", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def event(delta: dict[str, str], *, finish: str | None = None) -> bytes:
    found = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return chunk(b"data: " + orjson.dumps(found) + b"\n\n")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--slots", type=int, default=0)
    parser.add_argument("--ttft", type=float, default=0.0)
    parser.add_argument("--gap", type=float, default=0.0)
    parser.add_argument("--tokens", type=int, default=8)
    async with serving(Breakable(**vars(parser.parse_args()))):
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
