"""How every worker's boards hear of a change at once: PostgreSQL's LISTEN and NOTIFY, and nothing else.

One connection a process listens for all of its boards, and only while there is one. A notification carries no data;
who hears it reads again. A lost one is healed by the next beat.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, cast

import psycopg
from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import HTTPConnection

from hospital_hub.errors import Unavailable

CHANNEL: Final = "triage_case"
BEAT_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 3
_ANSWER_SECONDS: Final = 3.0


async def announce(session: AsyncSession) -> None:
    """Tell all boards when this transaction commits, and only then."""
    await session.exec(select(func.pg_notify(CHANNEL, "")))


@dataclass(eq=False)
class _Board:
    """`news` is set when there is something to read again, `lost` when nobody listens for this board any more."""

    news: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False

    def tell(self, *, lost: bool = False) -> None:
        self.lost = self.lost or lost
        self.news.set()


class News:
    """The boards of one process and the connection that listens for them."""

    def __init__(self, database_url: str, *, beat: float = BEAT_SECONDS) -> None:
        self._url = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._beat = beat
        self._boards: set[_Board] = set()
        self._listening: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()

    async def changes(self) -> AsyncGenerator[None]:
        """Yield as soon as somebody listens, then after every change, and at least once a beat (seconds).

        Raises:
            Unavailable: the database went away; the board says that it is not live and connects again.
        """
        board = await self._join()
        try:
            while not board.lost:
                board.news.clear()
                yield
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._beat):
                        await board.news.wait()
        finally:
            self._leave(board)
        raise _gone()

    async def close(self) -> None:
        """Before the process ends."""
        listening = self._listening
        if listening is not None:
            listening.cancel()
            await asyncio.wait({listening})

    async def _join(self) -> _Board:
        async with self._connecting:
            if self._listening is None:
                connection, begun = await self._connect(), asyncio.Event()
                self._listening = asyncio.create_task(self._listen(connection, begun))
                await begun.wait()  # a task that is cancelled before it begins would never close its connection
            board = _Board()
            self._boards.add(board)
        return board

    def _leave(self, board: _Board) -> None:
        self._boards.discard(board)
        if not self._boards and self._listening is not None:
            self._listening.cancel()
            self._listening = None

    async def _connect(self) -> psycopg.AsyncConnection:
        try:
            connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=_CONNECT_SECONDS
            )
        except psycopg.OperationalError as gone:
            raise _gone() from gone
        try:
            await connection.execute(f"LISTEN {CHANNEL}")
        except BaseException as gone:  # also when the board leaves meanwhile
            await connection.close()
            if isinstance(gone, psycopg.Error):
                raise _gone() from gone
            raise
        return connection

    async def _listen(self, connection: psycopg.AsyncConnection, begun: asyncio.Event) -> None:
        """Until the connection is lost; a dead one that says nothing is found out soon after a beat."""
        own = asyncio.current_task()
        try:
            async with connection:
                begun.set()
                while True:
                    async for _ in connection.notifies(timeout=self._beat):
                        self._tell()
                    with self._impatient(own):
                        await connection.execute("SELECT 1")
        except psycopg.Error:
            return
        finally:
            self._lose(own)

    @contextmanager
    def _impatient(self, own: asyncio.Task[None] | None) -> Iterator[None]:
        """Boards are told in time that nobody answers, however long the driver then tries to call its question back."""

        def give_up() -> None:
            self._lose(own)
            if own is not None:
                own.cancel()

        overdue = asyncio.get_running_loop().call_later(_ANSWER_SECONDS, give_up)
        try:
            yield
        finally:
            overdue.cancel()

    def _lose(self, own: asyncio.Task[None] | None) -> None:
        if self._listening is own:  # else the last board has left, and others may listen anew
            self._listening = None
            self._tell(lost=True)

    def _tell(self, *, lost: bool = False) -> None:
        for board in self._boards:
            board.tell(lost=lost)


def _gone() -> Unavailable:
    return Unavailable(
        "The board has lost the database.", "The board connects again by itself.", code="database_unavailable"
    )


def news_of(connection: HTTPConnection) -> News:
    """The news of the application that serves this request."""
    return cast("News", connection.app.state.board_news)
