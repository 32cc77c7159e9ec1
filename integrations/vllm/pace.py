"""Reads a burst of small pieces as one: each read costs more than all of its events."""

import asyncio

import aiohttp

BURST = 0.002  # seconds: pieces that follow each other closer are left to gather for a turn of the event loop


class Pace:
    """The pace at which one answer is read. With `whole` nobody waits for its pieces, so all are left to gather."""

    __slots__ = ("_last", "_loop", "_response", "_whole")

    def __init__(self, response: aiohttp.ClientResponse, *, loop: asyncio.AbstractEventLoop, whole: bool) -> None:
        self._response, self._loop, self._whole = response, loop, whole
        self._last = loop.time()

    async def keep(self) -> None:
        """Called after each read: lets the next pieces gather if they come fast."""
        before, self._last = self._last, self._loop.time()
        if self._whole or self._last - before < BURST:
            await self.gather()

    async def gather(self) -> None:
        """Leave for a moment in the socket what comes."""
        connection = self._response.connection
        if connection is not None and connection.protocol is not None:
            connection.protocol.pause_reading()
            await asyncio.sleep(0)
            connection.protocol.resume_reading()
