"""The cookie of a log-in: out of reach of scripts, of this site alone, encrypted where the hub is reached by https."""

from starlette.responses import Response

from hospital_hub.identity.guard import COOKIE
from hospital_hub.settings import Settings


def keep(response: Response, token: str, *, settings: Settings, cookie: str = COOKIE) -> None:
    """Ends with the browser; the idle time is counted on the server."""
    response.set_cookie(cookie, token, path="/", httponly=True, samesite="lax", secure=_https(settings))


def drop(response: Response, *, settings: Settings, cookie: str = COOKIE) -> None:
    response.delete_cookie(cookie, path="/", httponly=True, samesite="lax", secure=_https(settings))


def _https(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")
