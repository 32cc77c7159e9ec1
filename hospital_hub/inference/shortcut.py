"""Leads the one busy path past the middleware that pages need; its endpoint sees to all of that itself."""

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send


class Shortcut:
    """`endpoint` answers `route`; everything else goes the usual way. Both ways give the same answers."""

    def __init__(self, app: ASGIApp, *, route: Route, endpoint: ASGIApp) -> None:
        self._app = app
        self._route = route
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI's own
        if scope["type"] == "http" and scope["path"] == self._route.path and scope["method"] == "POST":
            scope["route"] = self._route
            await self._endpoint(scope, receive, send)
        else:
            await self._app(scope, receive, send)
