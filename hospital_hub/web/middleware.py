"""The frame of the hub's plain-ASGI middleware: HTTP only, streams pass through unbuffered."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class Exchange:
    """One request and the way back to its caller."""

    scope: Scope
    receive: Receive
    send: Send

    @property
    def headers(self) -> Headers:
        return Headers(scope=self.scope)

    @property
    def path(self) -> str:
        return str(self.scope["path"])

    def remember(self, name: str, value: str) -> None:
        """As `request.state.<name>`."""
        self.scope.setdefault("state", {})[name] = value

    def send_after(self, change: Callable[[MutableHeaders], None]) -> Send:
        """The way back, with the answer's headers changed."""

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                change(MutableHeaders(raw=message["headers"]))
            await self.send(message)

        return send


class HttpMiddleware(ABC):
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: PLR0917 - ASGI's own
        if scope["type"] == "http":
            await self.serve(Exchange(scope, receive, send))
        else:
            await self.app(scope, receive, send)

    @abstractmethod
    async def serve(self, exchange: Exchange) -> None: ...
