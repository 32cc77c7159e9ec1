"""Runs one piece of work with the hub's resources open, for commands."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hospital_hub.resources import Resources, open_resources
from hospital_hub.settings import load_settings

_T = TypeVar("_T")


def with_resources(work: Callable[[Resources], Awaitable[_T]]) -> _T:
    async def opened() -> _T:
        async with open_resources(load_settings()) as resources:
            return await work(resources)

    return asyncio.run(opened())
