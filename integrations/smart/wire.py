"""JSON over HTTP as an authorisation server speaks it: no redirects, a size limit, a time limit."""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from integrations.smart.errors import Fault, SmartFault

SECONDS = 10.0
LARGEST = 256 * 1024
OK = 200
CLIENT_ERRORS = frozenset({400, 401, 403})
# RFC 6749, 4.1.2.1 and 5.2; a server's other words are not repeated anywhere.
OAUTH_CODES = frozenset(
    {
        *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"),
        *("invalid_scope", "access_denied", "unsupported_response_type", "server_error", "temporarily_unavailable"),
    }
)
Json = dict[str, Any]


def oauth_code(word: object) -> str:
    """A code of the specification, or `other`."""
    return word if isinstance(word, str) and word in OAUTH_CODES else "other"


async def get_json(http: aiohttp.ClientSession, url: str) -> Json:
    return await _call(http, "GET", url=url)


async def post_form(http: aiohttp.ClientSession, url: str, *, form: Mapping[str, str]) -> Json:
    return await _call(http, "POST", url=url, form=form)


async def _call(http: aiohttp.ClientSession, method: str, *, url: str, form: Mapping[str, str] | None = None) -> Json:
    try:
        async with http.request(
            method,
            url,
            data=form,
            headers={"Accept": "application/json"},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=SECONDS),
        ) as response:
            body = await _limited(response)
            return _answer(response.status, body)
    except TimeoutError as slow:
        raise SmartFault(Fault.UNREACHABLE, "too slow") from slow
    except (aiohttp.ClientError, ValueError) as gone:
        raise SmartFault(Fault.UNREACHABLE, type(gone).__name__) from gone


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > LARGEST:
            raise SmartFault(Fault.TOO_LARGE, "answer over 256 KiB")
        chunks.append(chunk)
    return b"".join(chunks)


def _answer(status: int, body: bytes) -> Json:
    if status != OK and status not in CLIENT_ERRORS:
        raise SmartFault(Fault.STATUS, status=status)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        if status != OK:
            raise SmartFault(Fault.STATUS, status=status) from wrong
        raise SmartFault(Fault.MALFORMED, "not JSON") from wrong
    if not isinstance(document, dict):
        raise SmartFault(Fault.MALFORMED, "not an object")
    if status != OK:
        raise SmartFault(Fault.DENIED, oauth_code=oauth_code(document.get("error")), status=status)
    return document
