"""Log in and out for programs, such as the hub's own command line."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hospital_hub.identity import cookies
from hospital_hub.identity.door import come_in, go_out
from hospital_hub.identity.guard import visitor
from hospital_hub.identity.pages import NameAndPassword
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now

router = APIRouter(prefix="/api", tags=["identity"])
Visitor = Annotated[Principal | None, Depends(visitor)]


@router.post("/login", status_code=HTTPStatus.NO_CONTENT)
async def log_in(request: Request, body: NameAndPassword, before: Visitor) -> Response:
    resources = resources_of(request)
    token, _ = await come_in(resources, name=body.name, password=body.password, before=before, now=utc_now())
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    cookies.keep(response, token, settings=resources.settings)
    return response


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def log_out(request: Request, who: Visitor) -> Response:
    resources = resources_of(request)
    if who is not None:
        await go_out(resources, who, now=utc_now())
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    cookies.drop(response, settings=resources.settings)
    return response
