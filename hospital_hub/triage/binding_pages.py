"""The part of a case's page that says whose case it is: look for the patient, compare, bind, undo, file again."""

import time
import uuid
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from hospital_hub.identity.guard import Guard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_token
from hospital_hub.triage import binding_steps
from hospital_hub.triage.binding_steps import Choice, Desk
from hospital_hub.triage.patients import Typed
from hospital_hub.web.templates import render
from integrations.smart.backend import BackendTokens

router = APIRouter(include_in_schema=False)
Decider = Annotated[Principal, Depends(Guard(Action.TRIAGE_DECIDE))]
Reader = Annotated[Principal, Depends(Guard(Action.TRIAGE_BOARD))]
LONGEST: Final = 100
# One a hub process: the EMR's token outlives a request.
_TOKENS: Final = BackendTokens(jti=new_token, clock=time.time)


class Identifiers(BaseModel):
    """`seen` is the number of steps of binding that the nurse's page showed."""

    model_config = ConfigDict(extra="forbid")

    seen: int = Field(ge=0)
    number: str = Field(default="", max_length=LONGEST, repr=False)
    name: str = Field(default="", max_length=LONGEST, repr=False)
    birth_date: str = Field(default="", max_length=10, repr=False)

    @property
    def typed(self) -> Typed:
        return Typed(self.number, self.name, self.birth_date)


class Confirmed(Identifiers):
    patient: str = Field(pattern=r"^[A-Za-z0-9\-.]{1,64}$", repr=False)


class SeenForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seen: int = Field(ge=0)


@router.get("/board/cases/{case_id}/patient", name="board_binding")
async def binding(request: Request, who: Reader, case_id: uuid.UUID) -> Response:
    """The part alone; a page that waits for the filing asks for it again."""
    view = await binding_steps.show(_desk(request, who, case_id=case_id))
    return render(request, "triage/_binding.html", context={"view": {"binding": view}})


@router.post("/board/cases/{case_id}/patient", name="board_find_patient")
async def find(request: Request, who: Decider, case_id: uuid.UUID, form: Annotated[Identifiers, Form()]) -> Response:
    """By POST: what identifies a patient stands in no address."""
    found = await binding_steps.search(_desk(request, who, case_id=case_id), form.typed)
    context: dict[str, Any] = {"found": found, "typed": form.typed, "case_id": case_id, "seen": form.seen}
    page = "triage/_binding_found.html" if _by_htmx(request) else "triage/binding_found.html"
    return render(request, page, context=context)


@router.post("/board/cases/{case_id}/binding", name="board_bind")
async def bind(request: Request, who: Decider, case_id: uuid.UUID, form: Annotated[Confirmed, Form()]) -> Response:
    choice = Choice(form.typed, form.patient, form.seen)
    await binding_steps.bind(_desk(request, who, case_id=case_id), choice, now=utc_now())
    return _back(request, case_id)


@router.post("/board/cases/{case_id}/binding/undo", name="board_unbind")
async def unbind(request: Request, who: Decider, case_id: uuid.UUID, form: Annotated[SeenForm, Form()]) -> Response:
    await binding_steps.unbind(_desk(request, who, case_id=case_id), seen=form.seen)
    return _back(request, case_id)


@router.post("/board/cases/{case_id}/binding/file", name="board_file_again")
async def file_again(request: Request, who: Decider, case_id: uuid.UUID) -> Response:
    await binding_steps.file_again(_desk(request, who, case_id=case_id))
    return _back(request, case_id)


def _desk(request: Request, who: Principal, *, case_id: uuid.UUID) -> Desk:
    return Desk(resources_of(request), _TOKENS, who, case_id)


def _by_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def _back(request: Request, case_id: uuid.UUID) -> Response:
    url = request.app.url_path_for("board_case", case_id=str(case_id))
    if _by_htmx(request):
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": url})
    return RedirectResponse(url, HTTPStatus.SEE_OTHER)
