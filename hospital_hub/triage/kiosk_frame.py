"""What a kiosk's page knows beside its own words: for whom somebody answers, how it looks, whether there is a voice.

Choices are kept in cookies that hold nothing about health, and are dropped for the next person.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, Response

from hospital_hub.identity.principal import Principal
from hospital_hub.settings import Settings
from hospital_hub.triage.kiosk_login import START, KioskGuard
from hospital_hub.web.languages import COOKIE as LANGUAGE_COOKIE
from hospital_hub.web.templates import NOTHING, render

AtKiosk = Annotated[Principal, Depends(KioskGuard())]
Whom = Literal["self", "other"]
WHOM_COOKIE: Final = "hub_kiosk_for"
LOOK_COOKIE: Final = "hub_kiosk_look"  # "2-contrast": size of the text, and the theme; kiosk.js writes it too
TICKET_COOKIE: Final = "hub_kiosk_ticket"
_OF_ONE_PERSON: Final = (WHOM_COOKIE, LOOK_COOKIE, TICKET_COOKIE)


def page(request: Request, name: str, *, context: Mapping[str, object] = NOTHING, status: int = 200) -> HTMLResponse:
    settings: Settings = request.app.state.settings
    # An address that takes POST alone cannot be gone back to; a page that was posted names another.
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    own = {
        "helper": is_helper(request),
        "voice": bool(settings.transcription_url),
        "here": back if request.method == "GET" else START,
    }
    return render(request, name, context={**own, **context}, status=status)


def is_helper(request: Request) -> bool:
    return request.cookies.get(WHOM_COOKIE) == "other"


def keep(response: Response, *, name: str, value: str, settings: Settings) -> None:
    """A choice for the pages of the kiosk alone; ends with the browser."""
    https = settings.public_url.startswith("https://")
    # The script changes the look at once and keeps it itself; the others are out of its reach.
    hidden = name != LOOK_COOKIE
    response.set_cookie(name, value, path=START, httponly=hidden, samesite="lax", secure=https)


def forget(response: Response) -> None:
    """The next person finds the kiosk as it was: Chinese, plain, nobody's.

    Not "cookies" in the header: it would log out a nurse whose board is open in the same browser.
    """
    for name in _OF_ONE_PERSON:
        response.delete_cookie(name, path=START)
    response.delete_cookie(LANGUAGE_COOKIE, path="/")
    response.headers["clear-site-data"] = '"cache", "storage"'
