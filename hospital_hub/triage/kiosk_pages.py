"""The kiosk's first pages: consent, for whom, the complaint; and what stands on every page: nurse, look, beat, leaving.

Every case is on the board before its page is shown.
"""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from hospital_hub.errors import BadInput, HubError, Refused
from hospital_hub.identity import cookies
from hospital_hub.identity.guard import KIOSK_COOKIE
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import kiosk_frame as frame
from hospital_hub.triage import kiosk_login, service
from hospital_hub.triage.kiosk_frame import AtKiosk, Whom, page
from hospital_hub.triage.kiosk_login import START
from hospital_hub.triage.service import Complaint
from hospital_hub.web.languages import language_of
from hospital_hub.web.pages import local_path

router = APIRouter(include_in_schema=False)
WithAi = Literal["yes", "no"]


class ComplaintForm(BaseModel):
    """`way` is the other way with or without AI, chosen while words are already typed."""

    model_config = ConfigDict(extra="forbid")

    complaint: str = ""
    ai: WithAi = "yes"
    way: WithAi | None = None


class WhomForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    whom: Whom


class LookForm(BaseModel):
    """One of the two is pressed; the other one is kept."""

    model_config = ConfigDict(extra="forbid")

    text: Literal["1", "2", "3"] | None = None
    theme: Literal["plain", "contrast"] | None = None
    back: str = Field(default=START, max_length=2000)


@router.get(START, name="kiosk")
async def start(request: Request, next: bool = False) -> Response:  # noqa: A002 - the name of the query's field
    """Begins a new log-in; whatever the one before had open is closed. `next`: for another person."""
    resources = resources_of(request)
    token = await kiosk_login.renew(resources, token=request.cookies.get(KIOSK_COOKIE), now=utc_now())
    if next:
        answer: Response = RedirectResponse(START, HTTPStatus.SEE_OTHER)
        frame.forget(answer)
    else:
        answer = page(request, "triage/start.html")
    cookies.keep(answer, token, settings=resources.settings, cookie=KIOSK_COOKIE)
    return answer


@router.post("/kiosk/for", name="kiosk_for")
async def choose_whom(request: Request, _who: AtKiosk, form: Annotated[WhomForm, Form()]) -> Response:
    answer = RedirectResponse(START, HTTPStatus.SEE_OTHER)
    frame.keep(answer, name=frame.WHOM_COOKIE, value=form.whom, settings=resources_of(request).settings)
    return answer


@router.post("/kiosk/look", name="kiosk_look")
async def choose_look(request: Request, _who: AtKiosk, form: Annotated[LookForm, Form()]) -> Response:
    """For a browser without scripts; with them the page changes where it stands."""
    text, _, theme = request.cookies.get(frame.LOOK_COOKIE, "1-plain").partition("-")
    answer = RedirectResponse(local_path(form.back), HTTPStatus.SEE_OTHER)
    look = f"{form.text or text}-{form.theme or theme}"
    frame.keep(answer, name=frame.LOOK_COOKIE, value=look, settings=resources_of(request).settings)
    return answer


@router.post("/kiosk/alive", name="kiosk_alive", status_code=204)
async def alive(request: Request, who: AtKiosk) -> None:
    await kiosk_login.beat(resources_of(request), who, now=utc_now())


@router.post("/kiosk/leave", name="kiosk_leave")
async def leave(request: Request, who: AtKiosk) -> Response:
    """Finished, begun again, or idle: what was told stays on the board."""
    await kiosk_login.leave(resources_of(request), who, now=utc_now())
    answer = RedirectResponse(START, HTTPStatus.SEE_OTHER)
    frame.forget(answer)
    return answer


@router.get("/kiosk/question", name="kiosk_question")
async def complaint_page(request: Request, _who: AtKiosk, ai: WithAi = "yes") -> Response:
    return _complaint(request, form=ComplaintForm(ai=ai))


@router.post("/kiosk/question", name="kiosk_other_way")
async def other_way(request: Request, _who: AtKiosk, form: Annotated[ComplaintForm, Form()]) -> Response:
    """With or without AI after all; what is typed already stays."""
    return _complaint(request, form=ComplaintForm(complaint=form.complaint, ai=form.way or form.ai))


@router.post("/kiosk/cases", name="kiosk_tell")
async def tell(request: Request, who: AtKiosk, form: Annotated[ComplaintForm, Form()]) -> Response:
    complaint = Complaint(form.complaint, with_ai=form.ai == "yes", page_language=language_of(request))
    try:
        told = await service.tell(resources_of(request), who, complaint=complaint, now=utc_now())
    except (Refused, BadInput) as wrong:
        return _complaint(request, form=form, wrong=wrong)
    return _to_case(request, told.id)


@router.post("/kiosk/nurse", name="kiosk_call_nurse")
async def call_nurse(request: Request, who: AtKiosk) -> Response:
    told = await service.call_nurse(resources_of(request), who, language=language_of(request), now=utc_now())
    return _to_case(request, told.id)


def _complaint(request: Request, *, form: ComplaintForm, wrong: HubError | None = None) -> Response:
    here = f"{request.app.url_path_for('kiosk_question')}?ai={form.ai}"
    context = {"form": form, "wrong": wrong, "longest": service.LONGEST, "here": here}
    status = HTTPStatus.OK if wrong is None else wrong.status
    return page(request, "triage/complaint.html", context=context, status=status)


def _to_case(request: Request, case_id: object) -> Response:
    return RedirectResponse(request.app.url_path_for("kiosk_case", case_id=str(case_id)), HTTPStatus.SEE_OTHER)
