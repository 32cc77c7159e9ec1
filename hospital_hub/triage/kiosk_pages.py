"""The kiosk's pages: consent, one question, the answer. Every case is on the board before its page is shown."""

import uuid
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, ConfigDict
from sse_starlette import EventSourceResponse
from starlette.responses import RedirectResponse, Response

from hospital_hub.errors import BadInput, HubError, Refused
from hospital_hub.identity import cookies
from hospital_hub.identity.guard import KIOSK_COOKIE
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.api import models_of
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import service
from hospital_hub.triage.answering import Desk, Elsewhere, Sentence, follow
from hospital_hub.triage.kiosk_login import START, KioskGuard, renew
from hospital_hub.triage.service import Complaint, Told
from hospital_hub.triage.tables import AnswerState
from hospital_hub.web.languages import gettext_for, language_of
from hospital_hub.web.page_streams import as_sse
from hospital_hub.web.stream_buffer import PageEvent
from hospital_hub.web.templates import fragment, render

router = APIRouter(include_in_schema=False)
AtKiosk = Annotated[Principal, Depends(KioskGuard())]
WithAi = Literal["yes", "no"]


class ComplaintForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    complaint: str = ""
    ai: WithAi = "yes"


@router.get(START, name="kiosk")
async def start(request: Request) -> Response:
    """Begins a new log-in; whatever the one before had open is closed."""
    resources = resources_of(request)
    token = await renew(resources, token=request.cookies.get(KIOSK_COOKIE), now=utc_now())
    page = render(request, "triage/start.html")
    cookies.keep(page, token, settings=resources.settings, cookie=KIOSK_COOKIE)
    return page


@router.get("/kiosk/question", name="kiosk_question")
async def question(request: Request, _who: AtKiosk, ai: WithAi = "yes") -> Response:
    return _question(request, form=ComplaintForm(ai=ai))


@router.post("/kiosk/cases", name="kiosk_tell")
async def tell(request: Request, who: AtKiosk, form: Annotated[ComplaintForm, Form()]) -> Response:
    complaint = Complaint(form.complaint, with_ai=form.ai == "yes", page_language=language_of(request))
    try:
        told = await service.tell(resources_of(request), who, complaint=complaint, now=utc_now())
    except (Refused, BadInput) as wrong:
        return _question(request, form=form, wrong=wrong)
    return _to_case(request, told)


@router.post("/kiosk/nurse", name="kiosk_call_nurse")
async def call_nurse(request: Request, who: AtKiosk) -> Response:
    told = await service.call_nurse(resources_of(request), who, language=language_of(request), now=utc_now())
    return _to_case(request, told)


@router.get("/kiosk/cases/{case_id}", name="kiosk_case")
async def case(request: Request, who: AtKiosk, case_id: uuid.UUID) -> Response:
    told = await service.own_case(resources_of(request), who, case_id=case_id)
    return render(request, "triage/waiting.html", context={"told": told, "asks": told.answer_state != AnswerState.NONE})


@router.get("/kiosk/cases/{case_id}/events", name="kiosk_events")
async def events(request: Request, who: AtKiosk, case_id: uuid.UUID) -> EventSourceResponse:
    told = await service.own_case(resources_of(request), who, case_id=case_id)
    if told.answer_state is AnswerState.NONE:
        raise Refused("This case was told without AI.", "Wait for the nurse.", code="without_ai")
    _ = gettext_for(language_of(request))
    stream = as_sse(
        request,
        f"case/{who.session_id}/{told.id}",
        make=lambda: _stream(request, who, told=told),
        gap=lambda: PageEvent("gap", _("The connection was lost for too long. The answer is shown again.")),
    )
    return EventSourceResponse(stream, sep="\n")


async def _stream(request: Request, who: Principal, *, told: Told) -> AsyncGenerator[PageEvent]:
    _ = gettext_for(language_of(request))
    desk = Desk(resources_of(request), models_of(request))
    yield PageEvent("stage", _("Reading what you wrote"))
    try:
        async for heard in follow(desk, who, case_id=told.id):
            if isinstance(heard, Elsewhere):
                yield PageEvent("stage", _("The answer is already being written; please wait"))
            elif isinstance(heard, Sentence):
                yield PageEvent("stage", _("Answering"))
                yield PageEvent("token", heard.text)
            else:
                context = {"reply": heard, "told": told, "notice": desk.resources.registry.notice}
                yield PageEvent("done", fragment(request, "triage/_reply.html", context=context))
    except HubError:
        yield PageEvent("error", _("A nurse will see you. Please wait here and listen for your number."))


def _question(request: Request, *, form: ComplaintForm, wrong: HubError | None = None) -> Response:
    context = {"form": form, "wrong": wrong, "longest": service.LONGEST}
    status = HTTPStatus.OK if wrong is None else wrong.status
    return render(request, "triage/question.html", context=context, status=status)


def _to_case(request: Request, told: Told) -> Response:
    return RedirectResponse(request.app.url_path_for("kiosk_case", case_id=str(told.id)), HTTPStatus.SEE_OTHER)
