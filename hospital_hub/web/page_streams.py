"""Streams of pages that outlive a lost connection: an answer is written on for a while, numbered, and read again.

A reader who comes back with the id of the last event goes on without a hole, in whichever process, or is told that
there is a gap. Nobody is given a second answer while the first one is being written. Who may read is the route's
business, each time; a stream's name should hold the log-in.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, cast

from sse_starlette import ServerSentEvent
from starlette.requests import HTTPConnection, Request

from hospital_hub.web.problems import unforeseen
from hospital_hub.web.stream_buffer import Buffer, End, PageEvent, Place, Sent

WRITE_ON_SECONDS: Final = 20.0
KEPT_SECONDS: Final = 60.0
BEAT_SECONDS: Final = 2.0
TRIES: Final = 3
ID: Final = re.compile(r"([0-9a-f]{12})-([0-9]{1,9})")
Make = Callable[[], AsyncGenerator[PageEvent]]


@dataclass(frozen=True)
class Last:
    """The event that the browser read last."""

    generation: str
    number: int


@dataclass(eq=False)
class _Live:
    """A stream that this process writes, or wrote a moment ago; `shared` while no event is missing for others.

    `alone_since` by the loop's clock.
    """

    place: Place
    alone_since: float
    sent: list[Sent] = field(default_factory=list)
    ended: bool = False
    whole: bool = False
    shared: bool = True
    readers: int = 0
    more: asyncio.Condition = field(default_factory=asyncio.Condition)
    writing: "asyncio.Task[None] | None" = None


@dataclass
class PageStreams:
    """One for a process. `write_on` is for how many seconds an answer goes on without a reader."""

    buffer: Buffer
    write_on: float = WRITE_ON_SECONDS
    _live: dict[str, _Live] = field(default_factory=dict)

    async def follow(self, name: str, *, last: Last | None, make: Make) -> AsyncGenerator[Sent | End]:
        """The stream after event `last`, or GAP and then all of it, begun with `make` where nobody writes it."""
        if last is not None:
            found = self._resumed(Place(name, last.generation), last)
            async with aclosing(_until_gap(found)) as events:
                async for event in events:
                    yield event
                    if event is End.WHOLE:
                        return
            yield End.GAP
        for _ in range(TRIES):
            async with aclosing(_until_gap(await self._from_the_beginning(name, make))) as events:
                async for event in events:
                    yield event
                    if event is End.WHOLE:
                        return
            yield End.GAP

    async def close(self) -> None:
        """Give up what is being written; call it before the process ends."""
        tasks = [live.writing for live in self._live.values() if live.writing is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _resumed(self, place: Place, last: Last) -> AsyncGenerator[Sent | End]:
        live = self._live.get(place.name)
        if live is not None and live.place == place and last.number <= len(live.sent):
            return self._read(live, last.number)
        return self.buffer.read(place, after=last.number)

    async def _from_the_beginning(self, name: str, make: Make) -> AsyncGenerator[Sent | End]:
        live = self._live.get(name)
        if live is None or live.ended:
            place = Place(name, secrets.token_hex(6))
            writing = await self.buffer.claim(place)
            if writing != place.generation:
                return self.buffer.read(Place(name, writing), after=0)
            live = self._live[name] = _Live(place, alone_since=_now())
            live.writing = asyncio.create_task(self._write(live, make))
        return self._read(live, 0)

    async def _read(self, live: _Live, after: int) -> AsyncGenerator[Sent | End]:
        live.readers += 1
        try:
            number = after
            while number < len(live.sent) or not live.ended:
                while number < len(live.sent):
                    number += 1
                    yield live.sent[number - 1]
                async with live.more:
                    while number == len(live.sent) and not live.ended:
                        await live.more.wait()
            yield End.WHOLE if live.whole else End.GAP
        finally:
            live.readers -= 1
            live.alone_since = _now()

    async def _write(self, live: _Live, make: Make) -> None:
        watching = asyncio.create_task(self._watch(live))
        try:
            async with aclosing(make()) as events:
                async for event in events:
                    sent = Sent(live.place.generation, len(live.sent) + 1, event)
                    live.sent.append(sent)
                    await _tell(live)
                    live.shared = live.shared and await self.buffer.write(live.place, sent)
            live.whole = True
            if live.shared:
                await self.buffer.end(live.place, last=len(live.sent))
        except Exception as failure:  # noqa: BLE001 - nobody awaits this task; its readers begin again
            unforeseen(failure)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await self.buffer.release(live.place)
            live.ended, live.writing = True, None
            asyncio.get_running_loop().call_later(KEPT_SECONDS, self._forget, live)
            await _tell(live)

    async def _watch(self, live: _Live) -> None:
        """Keep the stream this process's own, and end it when nobody has read it for a while."""
        while True:
            await asyncio.sleep(min(BEAT_SECONDS, self.write_on / 4))
            await self.buffer.beat(live.place)
            alone = not live.readers and _now() - live.alone_since > self.write_on
            if alone and live.writing is not None and not await self.buffer.is_read(live.place):
                live.writing.cancel()
                return

    def _forget(self, live: _Live) -> None:
        if self._live.get(live.place.name) is live:
            del self._live[live.place.name]


def page_streams_of(connection: HTTPConnection) -> PageStreams:
    """The streams of the process that serves this request."""
    return cast("PageStreams", connection.app.state.page_streams)


def last_of(request: Request) -> Last | None:
    """What the browser read last (WHATWG server-sent events, Last-Event-ID)."""
    found = ID.fullmatch(request.headers.get("last-event-id", ""))
    return Last(found[1], int(found[2])) if found else None


async def as_sse(
    request: Request, name: str, *, make: Make, gap: Callable[[], PageEvent]
) -> AsyncGenerator[ServerSentEvent]:
    """The stream for a browser; `gap` makes what the page shows where a part was lost."""
    streams = page_streams_of(request)
    async with aclosing(streams.follow(name, last=last_of(request), make=make)) as events:
        async for event in events:
            if isinstance(event, Sent):
                number = f"{event.generation}-{event.number}"
                yield ServerSentEvent(event=event.event.name or None, data=event.event.data, id=number, sep="\n")
            elif event is End.GAP:
                told = gap()
                yield ServerSentEvent(event=told.name or None, data=told.data, sep="\n")


async def _until_gap(events: AsyncGenerator[Sent | End]) -> AsyncGenerator[Sent | End]:
    async with aclosing(events):
        async for event in events:
            if event is End.GAP:
                return
            yield event


async def _tell(live: _Live) -> None:
    async with live.more:
        live.more.notify_all()


def _now() -> float:
    return asyncio.get_running_loop().time()
