"""What an examination of one part found, as a value: right or wrong, what was seen, and what to do about it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import orjson
from sqlalchemy.exc import DBAPIError

from hospital_hub.errors import HubError, WrongSetup

UPGRADE = "look at its log, then run `hospital-hub db upgrade`"
SECONDS = 3.0
HTTP_OK = 200


@dataclass(frozen=True)
class Finding:
    """`remedy` is empty when nothing has to be done."""

    part: str
    right: bool
    seen: str
    remedy: str = ""


class Wrong(Exception):
    """An examination ends early; carries what was seen and what to do."""

    def __init__(self, seen: str, remedy: str) -> None:
        super().__init__(seen)
        self.remedy = remedy


async def examine(part: str, look: Callable[[], Awaitable[str]]) -> Finding:
    """`look` returns what it saw, or raises."""
    try:
        return Finding(part, right=True, seen=await look())
    except Wrong as wrong:
        return Finding(part, right=False, seen=str(wrong), remedy=wrong.remedy)
    except WrongSetup as wrong:
        seen, _, remedy = str(wrong).partition(": ")
        return Finding(part, right=False, seen=seen, remedy=remedy)
    except DBAPIError as wrong:
        return Finding(part, right=False, seen=f"the database refuses ({type(wrong.orig).__name__})", remedy=UPGRADE)
    except HubError as wrong:
        return Finding(part, right=False, seen=wrong.message, remedy=wrong.next_step)


async def fetch(http: aiohttp.ClientSession, url: str, *, remedy: str) -> bytes:
    """The body of a 200.

    Raises:
        Wrong: no connection, too slow, or another status.
    """
    try:
        async with http.get(url, timeout=aiohttp.ClientTimeout(total=SECONDS)) as response:
            body = await response.read()
    except TimeoutError as slow:
        raise Wrong(f"{url} does not answer within {SECONDS:g} s", remedy) from slow
    except aiohttp.ClientError as gone:
        raise Wrong(f"{url} cannot be reached ({type(gone).__name__})", remedy) from gone
    if response.status != HTTP_OK:
        raise Wrong(f"{url} answers {response.status}", remedy)
    return body


async def fetch_object(http: aiohttp.ClientSession, url: str, *, remedy: str) -> dict[str, object]:
    """As `fetch`, for a JSON object."""
    body = await fetch(http, url, remedy=remedy)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as broken:
        raise Wrong(f"{url} does not answer with JSON", remedy) from broken
    if not isinstance(found, dict):
        raise Wrong(f"{url} does not answer with an object", remedy)
    return found
