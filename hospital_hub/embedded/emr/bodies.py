"""Reads request bodies up to a limit, and forms in which no name comes twice (RFC 6749, 3.2)."""

from collections.abc import Iterable
from urllib.parse import parse_qsl

from fastapi import Request

from hospital_hub.embedded.emr.failures import FhirRefusal, OAuthFailure

LARGEST_RESOURCE = 8 * 1024 * 1024
LARGEST_FORM = 64 * 1024


async def limited(request: Request, limit: int = LARGEST_RESOURCE) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise FhirRefusal(413, "too-long", text=f"The body is over {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


async def form(request: Request) -> dict[str, str]:
    try:
        pairs = parse_qsl((await limited(request, LARGEST_FORM)).decode(), keep_blank_values=True)
    except ValueError as wrong:
        raise OAuthFailure("invalid_request", "The body is not a form in UTF-8") from wrong
    return single(pairs)


def single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    result: dict[str, str] = {}
    for name, value in pairs:
        if name in result:
            raise OAuthFailure("invalid_request", f"{name} comes twice")
        result[name] = value
    return result
