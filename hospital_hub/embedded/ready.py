"""Cheap questions that tell whether a part can be used: an HTTP answer, a line in its log, a plain start."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hospital_hub.embedded.ports import LOOPBACK

ANSWER_WITHIN = 2.0


@dataclass(frozen=True)
class LogTail:
    """The part of a log file that this start of the part has written."""

    path: Path
    offset: int

    def text(self) -> str:
        with self.path.open("rb") as log:
            log.seek(self.offset)
            return log.read().decode(errors="replace")

    def last_lines(self, count: int = 12) -> str:
        return "\n".join(self.text().splitlines()[-count:])


class Ready(Protocol):
    async def holds(self, log: LogTail, /) -> bool: ...


@dataclass(frozen=True)
class HttpOk:
    port: int
    path: str

    async def holds(self, _log: LogTail, /) -> bool:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._status() == "200"
        except (OSError, TimeoutError):
            return False

    async def _status(self) -> str:
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        try:
            writer.write(
                f"GET {self.path} HTTP/1.1\r\nHost: {LOOPBACK}:{self.port}\r\nConnection: close\r\n\r\n".encode()
            )
            status_line = await reader.readline()
        finally:
            writer.close()
        return status_line.decode(errors="replace").partition(" ")[2][:3]


@dataclass(frozen=True)
class LogSays:
    words: str

    async def holds(self, log: LogTail, /) -> bool:
        return self.words in log.text()


@dataclass(frozen=True)
class Started:
    async def holds(self, _log: LogTail, /) -> bool:
        return True
