"""Where the EMR sends a clinician's browser, and where the browser comes back from the EMR's log-in service."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from hospital_hub.errors import BadInput
from hospital_hub.identity import cookies
from hospital_hub.identity.guard import visitor
from hospital_hub.identity.principal import Principal
from hospital_hub.notes.emr import from_smart
from hospital_hub.notes.launch import MINUTES, Callback, finish, start
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_token
from integrations.smart.errors import Fault, SmartFault
from integrations.smart.wire import oauth_code

router = APIRouter(prefix="/notes", include_in_schema=False)
BROWSER_COOKIE = "hub_launch"
Text = Annotated[str, Query(max_length=4000)]


@router.get("/launch", name="notes_launch")
async def launch(request: Request, *, iss: Text, launch: Text) -> Response:
    """The browser's cookie ties the answer to the browser that began, so that nobody can be logged in as another."""
    resources = resources_of(request)
    browser = request.cookies.get(BROWSER_COOKIE) or new_token()
    url = await start(resources, iss=iss, launch=launch, browser=browser)
    response = RedirectResponse(url, HTTPStatus.SEE_OTHER)
    # SameSite=Lax is sent in the EMR's frame as long as both are of one site (here 127.0.0.1; in a hospital
    # emr.example.org and hub.example.org). Another site would need SameSite=None with Partitioned (CHIPS).
    response.set_cookie(
        BROWSER_COOKIE,
        browser,
        max_age=MINUTES * 60,
        path="/notes",
        httponly=True,
        samesite="lax",
        secure=resources.settings.public_url.startswith("https://"),
    )
    return response


@router.get("/callback", name="notes_callback")
async def callback(
    request: Request,
    *,
    before: Annotated[Principal | None, Depends(visitor)],
    state: Text,
    code: Text = "",
    error: Text = "",
) -> Response:
    if error:
        raise from_smart(SmartFault(Fault.DENIED, oauth_code=oauth_code(error)))
    if not code:
        raise BadInput("The EMR sent no code.", "Open the panel again from the patient's page.", code="no_code")
    resources = resources_of(request)
    came = Callback(code, state, request.cookies.get(BROWSER_COOKIE, ""))
    arrival = await finish(resources, came, before=before, now=utc_now())
    panel = str(request.app.url_path_for("notes_panel")) + arrival.opening.query
    response = RedirectResponse(panel, HTTPStatus.SEE_OTHER)
    cookies.keep(response, arrival.cookie, settings=resources.settings)
    return response
