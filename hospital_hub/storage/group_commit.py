"""Group commit: what many callers have to store at this moment becomes one transaction, and each waits for that one.

One task a process and purpose, on a connection of its own, driven past the ORM. A statement may be sent twice when the
connection breaks, so it must be written to do nothing the second time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import psycopg
import structlog

from hospital_hub.errors import HubError, Unavailable
from hospital_hub.storage.database import CONNECT_SECONDS, Database

MOST_AT_ONCE = 500
MOST_HELD = 20_000
COMMIT_SECONDS = 5.0
AGAIN_SECONDS = 0.5
Connection = psycopg.AsyncConnection[tuple[Any, ...]]
T = TypeVar("T")
log = structlog.get_logger()


@dataclass
class Wire:
    """One autocommit connection, opened when it is needed and again when it broke; `options` as of libpq."""

    database: Database
    options: str = ""
    _open: Connection | None = None

    async def run(self, work: Callable[[Connection], Awaitable[None]]) -> None:
        """Do the work; a second time on a new connection when the first one broke.

        Raises:
            Unavailable: the database does not answer. Any other psycopg.Error: it does not take what was sent.
        """
        try:
            try:
                await self._once(work)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                await self._once(work)
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as down:
            raise Unavailable(
                "The hub's database does not answer.",
                "Nothing was stored. Please try again in a few seconds.",
                code="database_unavailable",
            ) from down

    async def close(self) -> None:
        found, self._open = self._open, None
        if found is not None:
            await found.close()

    async def _once(self, work: Callable[[Connection], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await work(await self._connected())
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError, asyncio.CancelledError):
            await self.close()
            raise

    async def _connected(self) -> Connection:
        if self._open is None or self._open.closed:
            self._open = await psycopg.AsyncConnection.connect(
                self.database.plain_url, autocommit=True, connect_timeout=CONNECT_SECONDS, options=self.options
            )
        return self._open


@dataclass
class GroupCommit(Generic[T]):
    """`write` stores a batch in one transaction.

    With `linger` (seconds) nobody waits for an item: the batch gathers, and is kept while the database is away.
    `orphaned` hears of items that were stored although their caller had gone.
    """

    wire: Wire
    write: Callable[[Connection, Sequence[T]], Awaitable[None]]
    linger: float = 0.0
    orphaned: Callable[[T], None] = lambda _item: None
    lost: int = 0
    _held: list[tuple[T, asyncio.Future[None] | None]] = field(default_factory=list)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _still: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    @property
    def held(self) -> int:
        """Items that are not stored yet."""
        return len(self._held)

    async def put(self, item: T) -> None:
        """Return when the item is durable.

        Raises:
            Unavailable: it is not, and will not be.
        """
        done = asyncio.get_running_loop().create_future()
        self._held.append((item, done))
        self._start()
        await done

    def put_later(self, item: T) -> None:
        """Return at once; beyond `MOST_HELD` waiting items the oldest is given up and counted in `lost`."""
        if len(self._held) >= MOST_HELD:
            del self._held[0]
            self.lost += 1
        self._held.append((item, None))
        self._start()

    async def settle(self) -> None:
        """Wait until everything handed over so far is stored (or refused)."""
        while self._task is not None and not self._still.is_set():
            await self._still.wait()

    async def stop(self) -> None:
        """Store what is left, if the database is there, and end."""
        task = self._task
        if task is None:
            return
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self.settle()
        except TimeoutError:
            log.warning("group_commit_gave_up", messages=len(self._held))
        self._task = None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self.wire.close()

    def _start(self) -> None:
        self._still.clear()
        self._wake.set()
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(self.linger)
            self._wake.clear()
            while self._held:
                batch, self._held = self._held[:MOST_AT_ONCE], self._held[MOST_AT_ONCE:]
                if not await self._stored(batch):
                    self._held = batch + self._held
                    await asyncio.sleep(AGAIN_SECONDS)
            self._still.set()

    async def _stored(self, batch: list[tuple[T, asyncio.Future[None] | None]]) -> bool:
        """False when the batch is to be tried again."""
        wanted = [one for one in batch if one[1] is None or not one[1].done()]
        if not wanted:
            return True
        try:
            await self.wire.run(lambda connection: self.write(connection, [item for item, _ in wanted]))
        except HubError as down:
            if self.linger:
                return False
            for _, done in wanted:
                _fail(done, down)
            return True
        except Exception as unfit:  # noqa: BLE001 - the boundary of a task: nobody may be left waiting
            await self._one_by_one(wanted, unfit)
            return True
        for item, done in wanted:
            self._tell(item, done)
        return True

    async def _one_by_one(self, batch: list[tuple[T, asyncio.Future[None] | None]], unfit: Exception) -> None:
        """One item that the database does not take must not pull its neighbours down."""
        if len(batch) > 1:
            for one in batch:
                await self._stored([one])
            return
        self.lost += 1
        log.error("row_not_storable", error=type(unfit).__qualname__)
        _fail(batch[0][1], Unavailable("The hub could not store this.", "Tell operations.", code="not_storable"))

    def _tell(self, item: T, done: asyncio.Future[None] | None) -> None:
        if done is None:
            return
        if done.cancelled():
            self.orphaned(item)
        elif not done.done():
            done.set_result(None)


def _fail(done: asyncio.Future[None] | None, error: HubError) -> None:
    if done is not None and not done.done():
        done.set_exception(error)
