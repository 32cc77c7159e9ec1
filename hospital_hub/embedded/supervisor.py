"""Starts parts in the order of their needs, shows and restarts what ends, and ends all of it in reverse order."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from hospital_hub.embedded.parts import Part
from hospital_hub.embedded.process import Child, LastResort
from hospital_hub.embedded.restart import Exit, GiveUp, decide
from hospital_hub.errors import WrongSetup

POLL = 0.05
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PartFailed(WrongSetup):
    """A part could not be started, or ended too often; the message has the last lines of its log."""


class Kind(Enum):
    STARTING = "starting"
    READY = "ready"
    ENDED = "ended"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Notice:
    kind: Kind
    title: str
    detail: str = ""


class _StopAsked(Exception):
    """Leaves the task group; never seen outside."""


async def _raise_after(stop: asyncio.Event) -> None:
    await stop.wait()
    raise _StopAsked


class Supervisor:
    def __init__(self, parts: Sequence[Part], *, logs: Path, lock: int, report: Callable[[Notice], None]) -> None:
        self._parts = tuple(parts)
        self._logs = logs
        self._report = report
        self._last_resort = LastResort(lock)
        self._children: dict[str, Child] = {}
        self._is_ready = {part.name: asyncio.Event() for part in parts}

    async def run(self, stop: asyncio.Event, *, when_ready: Callable[[], None]) -> None:
        """Returns after `stop`, when nothing runs any more.

        Raises:
            PartFailed: after everything else was ended.
        """
        try:
            await self._live(stop, when_ready)
        finally:
            await asyncio.shield(self._stop_all())

    async def _live(self, stop: asyncio.Event, when_ready: Callable[[], None]) -> None:
        failed: list[BaseException] = []
        try:
            async with asyncio.TaskGroup() as group:
                for part in self._parts:
                    group.create_task(self._look_after(part), name=part.name)
                group.create_task(self._announce(when_ready))
                group.create_task(_raise_after(stop))
        except* _StopAsked:
            pass
        except* WrongSetup as failures:
            failed.extend(failures.exceptions)
        if failed:
            # Several parts may fail together; the first one names the cause.
            raise failed[0]

    def kill_now(self) -> None:
        for child in self._children.values():
            child.kill_group()

    async def _announce(self, when_ready: Callable[[], None]) -> None:
        for ready in self._is_ready.values():
            await ready.wait()
        when_ready()

    async def _look_after(self, part: Part) -> None:
        for need in part.needs & self._is_ready.keys():
            await self._is_ready[need].wait()
        loop = asyncio.get_running_loop()
        ends: list[float] = []
        while True:
            ended = await self._one_life(part)
            if part.once and ended.code == 0:
                return
            ends.append(loop.time())
            verdict = decide(ended, ends, policy=part.restart, now=loop.time())
            if isinstance(verdict, GiveUp):
                raise self._failed(part, verdict.reason)
            self._report(Notice(Kind.ENDED, part.title, f"{ended}, starts again in {verdict.delay:g} s"))
            await asyncio.sleep(verdict.delay)

    async def _one_life(self, part: Part) -> Exit:
        """From start to end. Only a stop of the whole ends it early, and leaves the process to `_stop_all`."""
        began = asyncio.get_running_loop().time()
        if part.before is not None:
            await asyncio.to_thread(part.before)
        child = await self._start(part)
        was_ready = await self._until_ready(part, child)
        if was_ready:
            self._is_ready[part.name].set()
            taken = asyncio.get_running_loop().time() - began
            self._report(Notice(Kind.READY, part.title, f"{taken:.1f} s"))
        code = await child.wait()
        await child.stop()
        await self._last_resort.forget(child.group)
        return Exit(code, was_ready)

    async def _start(self, part: Part) -> Child:
        self._report(Notice(Kind.STARTING, part.title))
        child = await Child.start(part.program, self._log(part))
        self._children[part.name] = child
        await self._last_resort.watch(child.group, part.program.stop_signal)
        return child

    async def _until_ready(self, part: Part, child: Child) -> bool:
        """False: it ended first."""
        try:
            async with asyncio.timeout(part.ready_within):
                if part.once:
                    return await child.wait() == 0
                while child.code is None:
                    if await part.ready.holds(child.log):
                        return True
                    await asyncio.sleep(POLL)
        except TimeoutError:
            raise self._failed(part, f"not ready within {part.ready_within:g} s") from None
        return False

    def _failed(self, part: Part, reason: str) -> PartFailed:
        child = self._children.get(part.name)
        lines = child.log.last_lines() if child else ""
        return PartFailed(f"{part.title}: {reason}. Its log is {self._log(part)}; the last lines:\n{lines}")

    def _log(self, part: Part) -> Path:
        return self._logs / f"{part.name}.log"

    async def _stop_all(self) -> None:
        """A part is stopped when all that need it are gone; parts that do not depend on each other stop together."""
        gone = {part.name: asyncio.Event() for part in self._parts}
        async with asyncio.TaskGroup() as group:
            for part in self._parts:
                users = [gone[other.name] for other in self._parts if part.name in other.needs]
                group.create_task(self._stop_one(part, users=users, gone=gone[part.name]))
        await self._last_resort.close()

    async def _stop_one(self, part: Part, *, users: Sequence[asyncio.Event], gone: asyncio.Event) -> None:
        for user in users:
            await user.wait()
        child = self._children.get(part.name)
        if child is not None:
            was_running = child.code is None
            await child.stop()
            await self._last_resort.forget(child.group)
            if was_running:
                self._report(Notice(Kind.STOPPED, part.title))
        gone.set()


@contextmanager
def stopped_by_signals(supervisor: Supervisor) -> Iterator[asyncio.Event]:
    """The first signal asks all parts to end; a second one does not wait for them."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def asked() -> None:
        if stop.is_set():
            supervisor.kill_now()
        stop.set()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, asked)
    try:
        yield stop
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
