"""The start page, and the log-in and log-out pages."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from hospital_hub.errors import NotLoggedIn
from hospital_hub.identity import cookies, places
from hospital_hub.identity.demonstration import DEMO
from hospital_hub.identity.door import come_in, go_out
from hospital_hub.identity.guard import visitor
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.web.pages import START, local_path
from hospital_hub.web.templates import render

router = APIRouter(include_in_schema=False)
Visitor = Annotated[Principal | None, Depends(visitor)]
MAX_NAME = 100
MAX_PASSWORD = 200
MAX_PATH = 2000


class NameAndPassword(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME)
    password: str = Field(min_length=1, max_length=MAX_PASSWORD)


class LoginForm(NameAndPassword):
    next: str = Field(default=START, max_length=MAX_PATH)


@router.get("/", name="start")
async def start(request: Request, who: Visitor) -> Response:
    settings = resources_of(request).settings
    shown = places.entrances(settings) if who is None else places.of_role(who.role, settings)
    return render(request, "identity/start.html", context={"places": shown})


@router.get("/login", name="login")
async def login_page(request: Request, _who: Visitor, next: str = START) -> Response:  # noqa: A002 - the name in the URL
    return _login_page(request, back=local_path(next))


@router.post("/login", name="log_in")
async def log_in(request: Request, form: Annotated[LoginForm, Form()], before: Visitor) -> Response:
    resources = resources_of(request)
    try:
        token, _ = await come_in(resources, name=form.name, password=form.password, before=before, now=utc_now())
    except NotLoggedIn as refused:
        return _login_page(request, back=local_path(form.next), name=form.name, refused=refused)
    response = RedirectResponse(local_path(form.next), HTTPStatus.SEE_OTHER)
    cookies.keep(response, token, settings=resources.settings)
    return response


@router.post("/logout", name="log_out")
async def log_out(request: Request, who: Visitor) -> Response:
    resources = resources_of(request)
    if who is not None:
        await go_out(resources, who, now=utc_now())
    response = RedirectResponse(START, HTTPStatus.SEE_OTHER)
    cookies.drop(response, settings=resources.settings)
    return response


def _login_page(request: Request, *, back: str, name: str = "", refused: NotLoggedIn | None = None) -> Response:
    demo = resources_of(request).settings.demo
    context = {"back": back, "name": name, "refused": refused, "accounts": DEMO if demo else ()}
    status = HTTPStatus.OK if refused is None else HTTPStatus.UNAUTHORIZED
    return render(request, "identity/login.html", context=context, status=status)
