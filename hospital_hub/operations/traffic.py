"""Counts the requests of this process by route, method and status; never by address, person or content."""

import time
from functools import cache
from typing import Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

UNKNOWN: Final = "unknown"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Traffic:
    """Each process counts its own requests; a monitor adds the processes up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        answered = Counter("hub_requests", "Requests answered.", ("route", "method", "status"), registry=self.registry)
        seconds = Histogram(
            "hub_request_first_byte_seconds", "Until an answer begins.", ("route",), registry=self.registry
        )
        self._answered, self._seconds = cache(answered.labels), cache(seconds.labels)  # looking up labels is dear

    def note(self, *, route: str, method: str, status: int, seconds: float) -> None:
        self._answered(route, method if method in METHODS else UNKNOWN, str(status)).inc()
        self._seconds(route).observe(seconds)


class CountRequests:
    def __init__(self, app: ASGIApp, *, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI's own
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._traffic.note(
                    route=_route_of(scope),
                    method=scope["method"],
                    status=message["status"],
                    seconds=time.perf_counter() - began,
                )
            await send(message)

        await self._app(scope, receive, counted)


def count_requests(app: FastAPI) -> None:
    """Call once, before the shell is installed around the application."""
    app.state.traffic = Traffic()
    app.add_middleware(CountRequests, traffic=app.state.traffic)


def _route_of(scope: Scope) -> str:
    """The template of the path, such as /operations/{key}.csv: an address itself may name a case."""
    return str(getattr(scope.get("route"), "path", UNKNOWN))
