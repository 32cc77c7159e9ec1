"""JSON-RPC as trytond 7.0 speaks it (protocols/jsonrpc.py): one POST a call, dates and times as marked objects.

No redirects, a size limit, a time limit.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import aiohttp

from integrations.gnuhealth.errors import Fault, GnuHealthFault, fault_of_error, fault_of_status

SECONDS = 20.0
LARGEST = 4 * 1024 * 1024
OK = 200
Values = dict[str, Any]


async def post(http: aiohttp.ClientSession, url: str, *, body: Mapping[str, Any], authorization: str = "") -> Any:  # noqa: ANN401 - JSON as received
    """The `result` of one call.

    Raises:
        GnuHealthFault: by status, by Tryton's name of the error, or because there was no usable answer.
    """
    headers = {"Authorization": authorization} if authorization else {}
    try:
        async with http.post(
            url,
            json=body,
            headers={"Accept": "application/json", **headers},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=SECONDS),
        ) as response:
            content = await _limited(response)
            if response.status != OK:
                raise fault_of_status(response.status)
            return _result(content)
    except TimeoutError as slow:
        raise GnuHealthFault(Fault.UNREACHABLE, "too slow") from slow
    except (aiohttp.ClientError, ValueError) as gone:
        raise GnuHealthFault(Fault.UNREACHABLE, type(gone).__name__) from gone


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > LARGEST:
            raise GnuHealthFault(Fault.TOO_LARGE, "answer")
        chunks.append(chunk)
    return b"".join(chunks)


def _result(content: bytes) -> Any:  # noqa: ANN401 - JSON as received
    try:
        answer = json.loads(content, object_hook=_decoded)
    except (ValueError, TypeError, KeyError, RecursionError) as wrong:
        raise GnuHealthFault(Fault.MALFORMED, "not JSON") from wrong
    if not isinstance(answer, dict):
        raise GnuHealthFault(Fault.MALFORMED, "not an object")
    if "error" in answer:
        raise fault_of_error(answer["error"])
    if "result" not in answer:
        raise GnuHealthFault(Fault.MALFORMED, "no result")
    return answer["result"]


def _date(marked: Values) -> date:
    return date(marked["year"], marked["month"], marked["day"])


def _datetime(marked: Values) -> datetime:
    """Tryton keeps its times in UTC and sends them without a zone."""
    clock = (marked["hour"], marked["minute"], marked["second"], marked["microsecond"])
    return datetime(marked["year"], marked["month"], marked["day"], *clock, tzinfo=UTC)


_MARKED: Mapping[str, Callable[[Values], object]] = {"date": _date, "datetime": _datetime}


def _decoded(found: Values) -> object:
    decode = _MARKED.get(str(found.get("__class__")))
    return decode(found) if decode else found
