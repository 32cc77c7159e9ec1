"""No request fills the memory: a body longer than its path may have is refused while it comes (OWASP ASVS 5.0, 4.3)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import Message

from hospital_hub.web.middleware import Exchange, HttpMiddleware

MIB: Final = 1024 * 1024
DEFAULT: Final = 1 * MIB
# Paths that take more; research bounds its files more closely itself.
LIMITS: Final[Mapping[str, int]] = {
    "/api/research": 33 * MIB,
    "/research": 33 * MIB,
    "/v1/": 4 * MIB,
    "/internal/": 4 * MIB,
    "/kiosk/voice": 10 * MIB,
    "/cds-services/": 4 * MIB,  # the prefetched part of a chart
}


def limit_of(path: str) -> int:
    """In bytes."""
    return next((limit for prefix, limit in LIMITS.items() if path.startswith(prefix)), DEFAULT)


class BodyLimitMiddleware(HttpMiddleware):
    """Raised as an HTTPException, the one error that FastAPI hands on from the reading of a body."""

    async def serve(self, exchange: Exchange) -> None:
        limit, taken = limit_of(exchange.path), 0

        async def receive() -> Message:
            nonlocal taken
            message = await exchange.receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self.app(exchange.scope, receive, exchange.send)
