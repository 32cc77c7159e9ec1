"""The cookies of the hub: out of reach of scripts, of this site alone, encrypted where the hub is reached by https.

Inside the frame of an EMR of another site a cookie is partitioned (CHIPS): browsers that block third-party cookies
keep it, for that EMR's pages alone. The guard against forged requests does not rest on SameSite.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from hospital_hub.identity.guard import COOKIE
from hospital_hub.settings import Settings


@dataclass(frozen=True)
class Cookie:
    """`seconds` is how long the browser keeps it; without them it ends with the browser."""

    name: str
    value: str
    path: str = "/"
    seconds: int | None = None


def framed(request: Request) -> bool:
    """Whether the answer is for a frame (Fetch Metadata) in which a cookie of the usual kind could get lost.

    By http on one site, as in the demonstration, the usual kind is kept and the partitioned one is not.
    """
    in_frame = request.headers.get("sec-fetch-dest") in {"iframe", "frame"}
    site = request.headers.get("sec-fetch-site")
    return in_frame and (request.app.state.settings.public_url.startswith("https://") or site == "cross-site")


def place(response: Response, cookie: Cookie, *, settings: Settings, partitioned: bool = False) -> None:
    response.set_cookie(
        cookie.name,
        cookie.value,
        max_age=cookie.seconds,
        path=cookie.path,
        httponly=True,
        samesite="none" if partitioned else "lax",
        secure=partitioned or _https(settings),
    )
    if partitioned:  # Starlette sets this word from Python 3.14 on
        name, value = response.raw_headers.pop()
        response.raw_headers.append((name, value + b"; Partitioned"))


def keep(
    response: Response, token: str, *, settings: Settings, cookie: str = COOKIE, partitioned: bool = False
) -> None:
    """Ends with the browser; the idle time is counted on the server."""
    place(response, Cookie(cookie, token), settings=settings, partitioned=partitioned)


def drop(response: Response, *, settings: Settings, cookie: str = COOKIE) -> None:
    response.delete_cookie(cookie, path="/", httponly=True, samesite="lax", secure=_https(settings))


def _https(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")
