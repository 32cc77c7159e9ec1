"""How a task runs: one event loop and one set of resources a worker process, opened after the fork.

A step is a coroutine over the resources. Whatever goes wrong in it is told by kind and place, never by its text.
"""

import asyncio
import mmap
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog
from celery import signals

from hospital_hub.broker import TASK_SECONDS, make_celery
from hospital_hub.resources import Resources, open_resources
from hospital_hub.settings import Settings, load_settings

__all__ = ["StepFailed", "make_celery", "run", "serve_steps", "stopping"]

T = TypeVar("T")
STEP_SECONDS: Final = TASK_SECONDS - 60
log = structlog.get_logger()


class StepFailed(Exception):
    """A step broke off; the message names the kind of error only, because its text may quote a patient."""


@dataclass(frozen=True)
class _Opened:
    """`loop` is the standard one: a worker waits for models, so a faster loop would only cost memory."""

    loop: asyncio.Runner
    resources: Resources
    closing: AsyncExitStack


class Workplace:
    """What this process has opened. The flag for stopping is shared with the children that are forked from it.

    It is a byte of shared memory, not a lock: a child killed while it looks cannot block its parent.
    """

    def __init__(self, settings: Callable[[], Settings] = load_settings) -> None:
        self._settings = settings
        self._stop = mmap.mmap(-1, 1)
        self._opened: _Opened | None = None

    @property
    def stopping(self) -> bool:
        return self._stop[0] != 0

    def ask_to_stop(self) -> None:
        self._stop[0] = 1

    def open(self) -> _Opened:
        if self._opened is None:
            loop = asyncio.Runner()
            closing = AsyncExitStack()
            resources = loop.run(closing.enter_async_context(open_resources(self._settings())))
            self._opened = _Opened(loop, resources, closing)
        return self._opened

    def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.loop.run(opened.closing.aclose())
            opened.loop.close()

    def run(self, step: Callable[[Resources], Awaitable[T]]) -> T:
        """One step to its end.

        Raises:
            StepFailed: it broke off or took longer than `STEP_SECONDS`; what it had not committed is undone.
        """
        opened = self.open()

        async def bounded() -> T:
            async with asyncio.timeout(STEP_SECONDS):
                return await step(opened.resources)

        try:
            return opened.loop.run(bounded())
        except Exception as error:  # noqa: BLE001 - the boundary of a task
            failed = _told(error)
        raise failed


def _told(error: Exception) -> StepFailed:
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("step_failed", error=type(error).__qualname__, frames=frames[-6:])
    return StepFailed(type(error).__qualname__)


_HERE: Final = Workplace()


def run(step: Callable[[Resources], Awaitable[T]]) -> T:
    """Run a step on this process's loop and resources; see `Workplace.run`."""
    return _HERE.run(step)


def stopping() -> bool:
    """Whether the worker was asked to end; a long step then gives its work back soon."""
    return _HERE.stopping


def serve_steps(*, before_forks: Callable[[], object]) -> None:
    """Have Celery open and close this process's workplace: after each fork, before each end."""
    signals.worker_init.connect(_receiver(before_forks), weak=False)
    signals.worker_process_init.connect(_receiver(_HERE.open), weak=False)
    signals.worker_process_shutdown.connect(_receiver(_HERE.close), weak=False)
    signals.worker_shutting_down.connect(_receiver(_HERE.ask_to_stop), weak=False)


def _receiver(act: Callable[[], object]) -> Callable[..., None]:
    def received(**_told: object) -> None:  # Celery refuses receivers without keywords of any name
        act()

    return received
