"""Where the EMR sends a clinician's browser, and where the browser comes back from the EMR's log-in service."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from hospital_hub.errors import BadInput
from hospital_hub.identity import cookies
from hospital_hub.identity.guard import visitor
from hospital_hub.identity.principal import Principal
from hospital_hub.notes.emr import from_smart
from hospital_hub.notes.launch import MINUTES, Callback, Opening, finish, registered, start
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_token
from hospital_hub.web.security import only_frame
from hospital_hub.web.templates import render
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.wire import oauth_code

router = APIRouter(prefix="/notes", include_in_schema=False)
BROWSER_COOKIE = "hub_launch"
Text = Annotated[str, Query(max_length=4000)]
Before = Annotated[Principal | None, Depends(visitor)]


@router.get("/launch", name="notes_launch")
async def launch(request: Request, *, iss: Text, launch: Text, tried: Text = "") -> Response:
    """In a frame, whether the browser keeps a cookie is tried first: the EMR's launch word is good for one use.

    Where it keeps none, the same launch goes on in a window of its own.
    """
    emr = registered(resources_of(request), iss)
    only_frame(request, emr.frame_origin)
    if not launch:
        raise BadInput("The EMR sent no launch.", "Open the panel again from the patient's page.", code="no_launch")
    framed = cookies.framed(request)
    if framed and BROWSER_COOKIE not in request.cookies:
        here = str(request.app.url_path_for("notes_launch")) + "?" + urlencode({"iss": iss, "launch": launch})
        if tried:
            return render(request, "notes/own_window.html", context={"url": here}, status=HTTPStatus.FORBIDDEN)
        return _with_cookie(request, RedirectResponse(f"{here}&tried=1", HTTPStatus.SEE_OTHER), browser=new_token())
    return await _begin(request, Opening(emr, request.cookies.get(BROWSER_COOKIE) or new_token(), launch))


@router.get("/standalone", name="notes_standalone")
async def standalone(request: Request, *, iss: Text) -> Response:
    """A launch from outside the EMR, where its block allows that; the EMR asks for the patient."""
    emr = registered(resources_of(request), iss)
    return await _begin(request, Opening(emr, request.cookies.get(BROWSER_COOKIE) or new_token()))


@router.get("/callback", name="notes_callback")
async def callback(request: Request, *, before: Before, state: Text, code: Text = "", error: Text = "") -> Response:
    return await _came_back(request, _came(request, state=state, code=code), before=before, error=error)


@router.get("/callback/{emr}", name="notes_callback_of")
async def callback_of(
    request: Request,
    *,
    before: Before,
    emr: Annotated[str, Path(max_length=100)],
    state: Text,
    code: Text = "",
    error: Text = "",
) -> Response:
    """With several EMRs each has a redirect URI of its own (RFC 9700, 4.4.2)."""
    return await _came_back(request, _came(request, state=state, code=code, emr=emr), before=before, error=error)


async def _begin(request: Request, opening: Opening) -> Response:
    url = await start(resources_of(request), opening)
    return _with_cookie(request, RedirectResponse(url, HTTPStatus.SEE_OTHER), browser=opening.browser)


def _with_cookie(request: Request, response: Response, *, browser: str) -> Response:
    """Ties the answer to the browser that began, so that nobody can be logged in as another."""
    settings, framed = resources_of(request).settings, cookies.framed(request)
    cookie = cookies.Cookie(BROWSER_COOKIE, browser, path="/notes", seconds=MINUTES * 60)
    cookies.place(response, cookie, settings=settings, partitioned=framed)
    return response


def _came(request: Request, *, state: str, code: str, emr: str = "") -> Callback:
    iss = request.query_params.get("iss", "")
    return Callback(code, state, request.cookies.get(BROWSER_COOKIE, ""), emr, iss)


async def _came_back(request: Request, came: Callback, *, before: Principal | None, error: str) -> Response:
    if error:
        raise from_smart(SmartFault(Fault.DENIED, oauth_code=oauth_code(error)))
    if not came.code:
        raise BadInput("The EMR sent no code.", "Open the panel again from the patient's page.", code="no_code")
    resources = resources_of(request)
    arrival = await finish(resources, came, before=before, now=utc_now())
    panel = str(request.app.url_path_for("notes_panel")) + arrival.opening.query
    response = RedirectResponse(panel, HTTPStatus.SEE_OTHER)
    cookies.keep(response, arrival.cookie, settings=resources.settings, partitioned=cookies.framed(request))
    return response
