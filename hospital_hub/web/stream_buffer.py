"""The events of a page's stream where every process of the hub can read them: sealed, numbered, kept for minutes.

Redis is a cache here. What it loses, or cannot take, is missing for readers in other processes, and they are told.
"""

import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import orjson
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from redis.asyncio import Redis
from redis.exceptions import RedisError

PURPOSE: Final = "page-streams"
KEPT_SECONDS: Final = 120
OWNER_SECONDS: Final = 6
LOOK_MILLISECONDS: Final = 500
NONCE_BYTES: Final = 12
log = structlog.get_logger()


@dataclass(frozen=True)
class Place:
    """One writing of a stream; written again, it gets another `generation`."""

    name: str
    generation: str

    @property
    def key(self) -> str:
        return f"hub:page:{self.name}:{self.generation}"

    @property
    def owner(self) -> str:
        return f"hub:page:{self.name}:owner"

    @property
    def reader(self) -> str:
        return f"{self.key}:reader"


@dataclass(frozen=True)
class PageEvent:
    """One event as it goes to the browser, without its number."""

    name: str
    data: str


@dataclass(frozen=True)
class Sent:
    """`number` counts from 1 without a hole; with the generation it is the event's SSE id."""

    generation: str
    number: int
    event: PageEvent


class End(Enum):
    WHOLE = "whole"
    GAP = "gap"  # what comes next is not here any more, or whoever wrote it is gone


@dataclass(frozen=True)
class Buffer:
    """A stream that is being written has an owner, who must say so every few seconds."""

    cache: Redis
    key: bytes

    async def claim(self, place: Place) -> str:
        """The generation that is being written, this one if there was none or the cache does not answer."""
        taken = await self._try(self.cache.set(place.owner, place.generation, nx=True, ex=OWNER_SECONDS, get=True))
        return taken.decode() if taken else place.generation

    async def beat(self, place: Place) -> None:
        await self._try(self.cache.set(place.owner, place.generation, ex=OWNER_SECONDS))

    async def write(self, place: Place, sent: Sent) -> bool:
        """False when it is not there for others."""
        body = orjson.dumps([sent.event.name, sent.event.data])
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + AESGCM(self.key).encrypt(nonce, body, _bound(place, sent.number))
        return await self._add(place, number=sent.number, value=sealed)

    async def end(self, place: Place, *, last: int) -> None:
        """Nothing comes after event `last`."""
        await self._add(place, number=last + 1, value=b"")

    async def release(self, place: Place) -> None:
        """Nobody writes it any more."""
        if await self._is_owned(place):
            await self._try(self.cache.delete(place.owner))

    async def is_read(self, place: Place) -> bool:
        """Whether another process has a reader."""
        return bool(await self._try(self.cache.exists(place.reader)))

    async def read(self, place: Place, *, after: int) -> AsyncGenerator[Sent | End]:
        """Events after number `after` without a hole, as they come; then how it ended."""
        number = after
        while True:
            found = await self._next(place, number)
            for at, sealed in found:
                event = self._open(place, number=at, sealed=sealed) if sealed else None
                if at != number + 1 or (sealed and event is None):
                    yield End.GAP
                    return
                if event is None:
                    yield End.WHOLE
                    return
                number = at
                yield Sent(place.generation, at, event)
            await self._try(self.cache.set(place.reader, b"1", ex=OWNER_SECONDS))
            if not found and not await self._is_owned(place) and not await self._next(place, number):
                yield End.GAP
                return

    async def _is_owned(self, place: Place) -> bool:
        return bool(await self._try(self.cache.get(place.owner)) == place.generation.encode())

    async def _next(self, place: Place, number: int) -> list[tuple[int, bytes]]:
        found = await self._try(self.cache.xread({place.key: f"{number}-0"}, block=LOOK_MILLISECONDS))
        return [(int(at.split(b"-")[0]), fields[b"e"]) for at, fields in found[0][1]] if found else []

    async def _add(self, place: Place, *, number: int, value: bytes) -> bool:
        pipeline = self.cache.pipeline(transaction=False)
        pipeline.xadd(place.key, {b"e": value}, id=f"{number}-0")
        pipeline.expire(place.key, KEPT_SECONDS)
        return await self._try(pipeline.execute()) is not None

    async def _try(self, command: Any) -> Any:  # noqa: ANN401 - whatever Redis answers
        try:
            return await command
        except (RedisError, OSError, TimeoutError):
            log.debug("stream_buffer_away")
            return None

    def _open(self, place: Place, *, number: int, sealed: bytes) -> PageEvent | None:
        try:
            body = AESGCM(self.key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(place, number))
            return PageEvent(*orjson.loads(body))
        except (InvalidTag, ValueError):
            return None


def _bound(place: Place, number: int) -> bytes:
    return f"{place.key}|{number}".encode()
