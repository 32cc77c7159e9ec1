"""One request of /v1 and the way back to its caller, straight on ASGI: body, headers, errors, a caller who leaves."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import orjson
from starlette.types import Receive, Scope, Send

from hospital_hub.errors import TooLong
from hospital_hub.inference.openai_shapes import broken_off, error_content, status_of
from hospital_hub.web.body_limit import limit_of
from hospital_hub.web.problems import Problem
from hospital_hub.web.security import fixed_headers, request_id

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
OK: Final = HTTPStatus.OK.value
RawHeaders = list[tuple[bytes, bytes]]


class Gone(Exception):
    """The caller has left; there is nobody to answer."""


@dataclass
class Exchange:
    """`whole` says that the answer has been sent to its end; from then on leaving is no matter."""

    scope: Scope
    receive: Receive
    send: Send
    begun: bool = False
    whole: bool = False
    gone: bool = False
    request_id: str = field(init=False)
    _headers: dict[bytes, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._headers = dict(self.scope["headers"])
        self.request_id = request_id(self.header("x-request-id") or None)

    def header(self, name: str) -> str:
        return self._headers.get(name.encode(), b"").decode("latin-1")

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            TooLong: it is larger than this path takes. Gone: the caller left while sending it.
        """
        limit, taken = limit_of(self.scope["path"]), bytearray()
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Gone
            taken += message.get("body", b"")
            if len(taken) > limit:
                raise TooLong("That is more than the hub takes at once.", "Shorten it or send it in parts.")
            if not message.get("more_body", False):
                return bytes(taken)

    @asynccontextmanager
    async def leaving_ends(self) -> AsyncGenerator[None]:
        """Stop what is done inside when the caller leaves.

        Raises:
            Gone: that happened.
        """
        work = asyncio.current_task()
        assert work is not None  # noqa: S101 - there is one inside a coroutine
        watching = asyncio.create_task(self._watch(work))
        try:
            yield
        except asyncio.CancelledError:
            if not self.gone:
                raise
            work.uncancel()
            raise Gone from None
        finally:
            watching.cancel()

    async def _watch(self, work: "asyncio.Task[None]") -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        if not self.whole:
            self.gone = True
            work.cancel()

    async def begin(self, status: int, headers: Mapping[str, str], *, length: int | None = None) -> None:
        raw: RawHeaders = [(b"x-request-id", self.request_id.encode()), *fixed_headers(https=self._https)]
        raw += [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
        if length is not None:
            raw.append((b"content-length", str(length).encode()))
        self.begun = True
        await self.send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, data: bytes) -> None:
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes) -> None:
        self.whole = True
        await self.send({"type": "http.response.body", "body": data, "more_body": False})

    async def answer(self, body: bytes, *, headers: Mapping[str, str], status: int = OK) -> None:
        await self.begin(status, headers, length=len(body))
        await self.end(body)

    async def fail(self, problem: Problem) -> None:
        """OpenAI's error object, or its event where the answer has begun."""
        if self.whole:
            return
        if self.begun:
            await self.end(broken_off(problem, request_id=self.request_id))
            return
        body = orjson.dumps(error_content(problem, request_id=self.request_id))
        await self.answer(body, headers={"content-type": JSON, **problem.headers}, status=status_of(problem))

    @property
    def _https(self) -> bool:
        return str(self.scope["app"].state.settings.public_url).startswith("https://")
