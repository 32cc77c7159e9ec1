"""What asking a model needs of the process, and the tasks that speak on when their page goes away."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Final

from hospital_hub.inference.ask import Models
from hospital_hub.resources import Resources

_SPEAKING: Final[set[asyncio.Task[None]]] = set()  # the loop itself keeps only weak references


@dataclass(frozen=True)
class Patience:
    """Seconds: for a model's question, for the rest of its words, for another stream's question, between looks."""

    reply: float = 20.0
    rest: float = 5.0
    other: float = 30.0
    look: float = 0.5


@dataclass(frozen=True)
class Desk:
    """What asking needs of the process."""

    resources: Resources
    models: Models
    patience: Patience = field(default_factory=Patience)


def speak(work: Coroutine[None, None, None]) -> None:
    """Let it go on to its end, whoever listens."""
    speaking = asyncio.create_task(work)
    _SPEAKING.add(speaking)
    speaking.add_done_callback(_SPEAKING.discard)


async def settle(seconds: float) -> None:
    """Before the process ends: let questions under way be stored, then give up; they may be asked for again."""
    if not _SPEAKING:
        return
    _, late = await asyncio.wait(set(_SPEAKING), timeout=seconds)
    for speaking in late:
        speaking.cancel()
    await asyncio.gather(*late, return_exceptions=True)
