"""Who is at the EMR's own pages: a signed cookie, told apart from the hub's by its name."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from hospital_hub.embedded.emr.accounts import DemoLogin
from hospital_hub.embedded.emr.parts import Emr, EmrParts
from hospital_hub.embedded.emr.tokens import SESSION_SECONDS

COOKIE = "emr_session"


class NobodyLoggedIn(Exception):
    """The page needs a doctor; the browser is sent to the log-in."""


def present_doctor(request: Request, emr: Emr) -> DemoLogin:
    doctor = emr.tokens.read_session(request.cookies.get(COOKIE, ""))
    if doctor is None:
        raise NobodyLoggedIn
    return doctor


Doctor = Annotated[DemoLogin, Depends(present_doctor)]


def remember(response: Response, emr: EmrParts, *, doctor: DemoLogin) -> None:
    response.set_cookie(
        COOKIE,
        emr.tokens.session(doctor),
        max_age=SESSION_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=emr.config.origin.startswith("https:"),
    )


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
