"""A program's way to a hub: plain HTTP with the log-in's cookie; refusals become the hub's own errors.

Knows no proxy: a hub is reached inside the hospital.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import urlsplit

from hospital_hub.errors import BadInput, Busy, HubError, NotLoggedIn, Unavailable
from hospital_hub.identity.guard import COOKIE

WAIT_SECONDS: Final = 60
PIECE: Final = 64 * 1024
# What is over in a while, so that a caller may wait for it.
PASSING: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})


class RefusedByHub(HubError):
    """`message` is the hub's sentence with one line for each place that is wrong."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever the hub says
        return json.loads(self.body)

    @property
    def cookie(self) -> str:
        found = SimpleCookie(self.headers.get("set-cookie", "")).get(COOKIE)
        return found.value if found else ""


@dataclass(frozen=True)
class _Call:
    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HubClient:
    """`origin` as in http://127.0.0.1:8700; `token` is the value of the log-in's cookie."""

    origin: str
    token: str = field(default="", repr=False)
    wait_seconds: float = WAIT_SECONDS

    def get(self, path: str) -> Reply:
        return self._ask(_Call("GET", path))

    def post(self, path: str, body: bytes = b"", *, headers: Mapping[str, str] | None = None) -> Reply:
        return self._ask(_Call("POST", path, body=body, headers=headers or {}))

    def stream(self, path: str) -> Iterator[bytes]:
        """The answer's bytes as they come.

        Raises:
            Unavailable: also when the answer breaks off.
        """
        with closing(self._connection()) as connection:
            try:
                response = self._send(connection, _Call("GET", path))
                while piece := response.read(PIECE):
                    yield piece
            except (OSError, HTTPException) as gone:
                raise self._gone() from gone

    def _ask(self, call: _Call) -> Reply:
        with closing(self._connection()) as connection:
            try:
                response = self._send(connection, call)
                told = {name.lower(): value for name, value in response.getheaders()}
                return Reply(response.status, told, response.read())
            except (OSError, HTTPException) as gone:
                raise self._gone() from gone

    def _send(self, connection: HTTPConnection, call: _Call) -> HTTPResponse:
        own = {"Cookie": f"{COOKIE}={self.token}"} if self.token else {}
        headers = {"Accept": "application/json", **own, **call.headers}
        connection.request(call.method, call.path, body=call.body, headers=headers)
        response = connection.getresponse()
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise _refusal(response.status, response.read(), retry_after=response.getheader("retry-after", ""))
        return response

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadInput("The hub's address is not usable.", "Write it as http://127.0.0.1:8700.")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        return kind(parts.hostname, parts.port, timeout=self.wait_seconds)

    def _gone(self) -> Unavailable:
        return Unavailable("The hub does not answer.", "Check the address and whether it runs: `hospital-hub doctor`.")


def _refusal(status: int, body: bytes, *, retry_after: str) -> HubError:
    try:
        said = json.loads(body)
        if "error" in said:
            return _error_of_v1(status, said["error"], retry_after=retry_after)
    except (ValueError, KeyError, TypeError, AttributeError):
        said = {}
    if status == HTTPStatus.UNAUTHORIZED:
        return NotLoggedIn("You are not logged in at this hub.", "Run `hospital-hub login` first.")
    try:
        places = [f"\n  {one['location']}: {one['message']}" for one in said.get("errors", ())]
        kind = Unavailable if status in PASSING else RefusedByHub
        return kind(said["detail"] + "".join(places), code=said["code"])
    except (KeyError, TypeError, AttributeError):
        return RefusedByHub("The hub refused.", "It gave no reason that can be read.")


def _error_of_v1(status: int, error: Mapping[str, Any], *, retry_after: str) -> HubError:
    """/v1 speaks OpenAI's protocol, in errors too."""
    message, code = str(error["message"]), str(error["code"])
    if status == HTTPStatus.UNAUTHORIZED:
        return NotLoggedIn(message, code=code)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Busy(message, retry_after=int(retry_after) if retry_after.isdecimal() else 1, code=code)
    return (Unavailable if status in PASSING else RefusedByHub)(message, code=code)
