"""What every response carries and what no request may do: headers, request ids, and the guard against forgery.

Plain ASGI, so that streams pass through unbuffered. Who is asking is decided elsewhere.
"""

import re
import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.types import ASGIApp

from hospital_hub.web.languages import marked
from hospital_hub.web.middleware import Exchange, HttpMiddleware
from hospital_hub.web.problems import Problem, respond, unforeseen
from hospital_hub.web.static import PREFIX as STATIC

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
PANEL_PREFIX: Final = "/notes/"  # what the EMR shows in a frame
KIOSK_PREFIX: Final = "/kiosk"  # where a hospital may let people speak instead of typing
NOBODY: Final = "'none'"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'"
)
_FIXED: Final = {
    "x-content-type-options": "nosniff",
    # `no-referrer` would make browsers send `Origin: null` with our own forms, which the guard reads.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_SPEAKING: Final = {"permissions-policy": _FIXED["permissions-policy"].replace("microphone=()", "microphone=(self)")}
_HSTS: Final = "max-age=31536000"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
log = structlog.get_logger()


def frame_ancestors(path: str, *, emr_origins: Sequence[str]) -> str:
    return " ".join(emr_origins) if emr_origins and path.startswith(PANEL_PREFIX) else NOBODY


def only_frame(connection: HTTPConnection, origin: str) -> None:
    """The answer to this request belongs to one EMR: no other may frame it."""
    connection.state.frame_origin = origin


def request_id(received: str | None) -> str:
    """The caller's id if it is harmless in a log, else a new one."""
    return received if received and _REQUEST_ID.fullmatch(received) else uuid.uuid4().hex


def forged(headers: Headers, *, method: str) -> bool:
    """Whether a browser sends this from another site's page (Fetch Metadata; Origin for older browsers).

    Callers that are no browser send neither header; a page of another site cannot send Authorization
    without a CORS answer, which the hub never gives.
    """
    if method in SAFE_METHODS or "authorization" in headers:
        return False
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in {"same-origin", "none"}
    return origin is not None and origin.split("://")[-1] != headers.get("host")


@lru_cache
def fixed_headers(*, https: bool) -> list[tuple[bytes, bytes]]:
    """What every answer to a program carries; pages get theirs from SecurityHeadersMiddleware."""
    found = {
        **_FIXED,
        "content-security-policy": f"{_POLICY}; frame-ancestors {NOBODY}",
        "x-frame-options": "DENY",
        "cache-control": "no-store",
        **({"strict-transport-security": _HSTS} if https else {}),
    }
    return [(name.encode(), value.encode()) for name, value in found.items()]


class RequestIdMiddleware(HttpMiddleware):
    """Gives each request an id: in `request.state.request_id`, in the logs and in the answer."""

    async def serve(self, exchange: Exchange) -> None:
        this = request_id(exchange.headers.get("x-request-id"))
        exchange.remember("request_id", this)

        def answer(headers: MutableHeaders) -> None:
            headers["x-request-id"] = this

        with structlog.contextvars.bound_contextvars(request_id=this):
            await self.app(exchange.scope, exchange.receive, exchange.send_after(answer))


class SecurityHeadersMiddleware(HttpMiddleware):
    """Adds the headers; only EMRs may frame the panel, only fixed files may be cached.

    `voice`: a page of the kiosk may ask for the microphone.
    """

    def __init__(self, app: ASGIApp, *, emr_origins: Sequence[str], https: bool, voice: bool = False) -> None:
        super().__init__(app)
        self._emr_origins = tuple(emr_origins)
        self._https = https
        self._voice = voice

    async def serve(self, exchange: Exchange) -> None:
        def add(headers: MutableHeaders) -> None:
            own = exchange.scope.get("state", {}).get("frame_origin")
            self._add(headers, path=exchange.path, origins=(own,) if own else self._emr_origins)

        await self.app(exchange.scope, exchange.receive, exchange.send_after(add))

    def _add(self, headers: MutableHeaders, *, path: str, origins: Sequence[str]) -> None:
        ancestors = frame_ancestors(path, emr_origins=origins)
        headers.update(_FIXED)
        if self._voice and path.startswith(KIOSK_PREFIX):
            headers.update(_SPEAKING)
        headers["content-security-policy"] = f"{_POLICY}; frame-ancestors {ancestors}"
        if ancestors == NOBODY:
            headers["x-frame-options"] = "DENY"
        if self._https:
            headers["strict-transport-security"] = _HSTS
        if path.startswith((STATIC + "/", "/favicon.svg")):
            headers.setdefault("cache-control", "no-store")
        else:
            headers["cache-control"] = "no-store"


class SameOriginMiddleware(HttpMiddleware):
    """Refuses unsafe requests that another site's page makes a browser send."""

    async def serve(self, exchange: Exchange) -> None:
        if not forged(exchange.headers, method=exchange.scope["method"]):
            await self.app(exchange.scope, exchange.receive, exchange.send)
            return
        refusal = Problem(
            status=403,
            code="cross_site_request",
            message=marked("This request came from another site."),
            next_step=marked("Open the page in the hub and send it from there."),
        )
        answer = respond(Request(exchange.scope), refusal)
        await answer(exchange.scope, exchange.receive, exchange.send)


class AnswerBrokenOff(Exception):
    """Tells the server to cut the connection; stands for an error whose text must not reach its log."""


class LastResortMiddleware(HttpMiddleware):
    """Turns an unforeseen error into an answer that says nothing internal.

    The error's own text is neither shown nor logged: it may quote a patient.
    """

    async def serve(self, exchange: Exchange) -> None:
        started: list[bool] = []
        send = exchange.send_after(lambda _headers: started.append(True))
        try:
            await self.app(exchange.scope, exchange.receive, send)
        except ClientDisconnect:
            log.info("client_gone")
        except Exception as error:  # noqa: BLE001 - the boundary of a request
            problem = unforeseen(error)
            if started:
                raise AnswerBrokenOff from None
            answer = respond(Request(exchange.scope), problem)
            await answer(exchange.scope, exchange.receive, exchange.send)
