"""One server under the contract, real or fake, and how it is asked."""

from dataclasses import dataclass, field
from typing import Any

import aiohttp

from integrations.vllm.chat import Chunk, Clocks, Content, Finished, Server, Thought, stream_chat
from integrations.vllm.state import ServerState, read_state
from tests.fakes.vllm import FakeVllm

CONTEXT = 2048
PATIENT = Clocks(connect=5, first_token=90, between=60, total=150)


@dataclass(frozen=True)
class Subject:
    """`fake` is None for the real server, whose model cannot be told what to say."""

    url: str
    fake: FakeVllm | None = None

    def says(self, text: str) -> None:
        """What the fake answers where the real model is held to it by a schema."""
        if self.fake is not None:
            self.fake.tokens = [text]

    async def stream(self, http: aiohttp.ClientSession, body: dict[str, Any], *, model: str = "r1-70b") -> "Whole":
        whole = Whole()
        async for chunk in stream_chat(http, Server(self.url, model), body=body, clocks=PATIENT):
            whole.chunks.append(chunk)
        return whole

    async def plain(self, http: aiohttp.ClientSession, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body of a question that is not streamed, as the server gives them."""
        async with http.post(f"{self.url}/chat/completions", json={"model": "r1-70b", **body}) as response:
            return response.status, await response.json()

    async def state(self, http: aiohttp.ClientSession) -> ServerState:
        return await read_state(http, self.url, timeout_seconds=30)


@dataclass
class Whole:
    chunks: list[Chunk] = field(default_factory=list)

    def text(self, kind: type[Thought] | type[Content]) -> str:
        return "".join(chunk.text for chunk in self.chunks if isinstance(chunk, kind))

    def pieces(self, kind: type[Thought] | type[Content]) -> int:
        return sum(chunk.pieces for chunk in self.chunks if isinstance(chunk, kind))

    @property
    def end(self) -> Finished:
        assert isinstance(self.chunks[-1], Finished)
        return self.chunks[-1]
