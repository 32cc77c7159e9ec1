"""One question a page: ask, answer with one tap or in own words, go back, stop. Thinking is shown while it lasts.

Which page a case shows is decided here, by what has happened to it; what is asked next is not.
"""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, ConfigDict
from sse_starlette import EventSourceResponse
from starlette.responses import RedirectResponse, Response

from hospital_hub.clinical.levels import Level
from hospital_hub.errors import BadInput, HubError, Refused
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.api import models_of
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import consent, interview_service, service
from hospital_hub.triage.answering import Desk
from hospital_hub.triage.interview_service import Stage, Standing
from hospital_hub.triage.kiosk_frame import AtKiosk, page
from hospital_hub.triage.service import Told
from hospital_hub.triage.tables import Interview
from hospital_hub.triage.watching import watched
from hospital_hub.web.languages import gettext_for, language_of
from hospital_hub.web.page_streams import as_sse
from hospital_hub.web.stream_buffer import PageEvent
from hospital_hub.web.templates import fragment

router = APIRouter(prefix="/kiosk/cases/{case_id}", include_in_schema=False)
SCALE: Final = tuple(str(number) for number in range(11))  # 0 to 10, the numeric rating scale


class AnswerForm(BaseModel):
    """A tapped button or words of one's own: each has its own submit button, which sends one of the two."""

    model_config = ConfigDict(extra="forbid")

    tapped: str = ""
    words: str = ""


@router.get("", name="kiosk_case")
async def case(request: Request, who: AtKiosk, case_id: uuid.UUID) -> Response:
    resources = resources_of(request)
    standing = await interview_service.standing(resources, who, case_id=case_id)
    told, asking = standing.told, standing.interview is Interview.ASKING
    if told.flags or told.called or (not asking and told.level is not None and told.level <= Level.II):
        return page(
            request, "triage/handover.html", context=_handed(told, watched=await watched(resources, now=utc_now()))
        )
    if standing.asked is not None:
        return await _question(request, standing)
    if asking:
        context = {"standing": standing, "told": told, "with_ai": await consent.given(resources, case_id=case_id)}
        return page(request, "triage/thinking.html", context=context)
    return _to(request, "kiosk_ticket", case_id=case_id)


@router.get("/events", name="kiosk_events")
async def events(request: Request, who: AtKiosk, case_id: uuid.UUID) -> EventSourceResponse:
    """What the page shows until the next question is there."""
    await service.own_case(resources_of(request), who, case_id=case_id)
    _ = gettext_for(language_of(request))
    stream = as_sse(
        request,
        f"case/{who.session_id}/{case_id}",
        make=lambda: _thinking(request, who, case_id=case_id),
        gap=lambda: PageEvent("gap", _("Thinking of the next question")),
    )
    return EventSourceResponse(stream, sep="\n")


@router.get("/coming", name="kiosk_coming")
async def coming(
    request: Request, who: AtKiosk, case_id: uuid.UUID, seen: Annotated[str, Query(max_length=8)]
) -> Response:
    """The page's news when a nurse has acknowledged the case, or a board was opened or left; else nothing to change."""
    resources = resources_of(request)
    seen_now = await watched(resources, now=utc_now())
    if seen == _state(await service.coming(resources, who, case_id=case_id), watched=seen_now):
        return Response(status_code=HTTPStatus.NO_CONTENT)
    told = await service.own_case(resources, who, case_id=case_id)
    return page(request, "triage/_coming.html", context=_handed(told, watched=seen_now))


@router.get("/next", name="kiosk_next")
async def wait_for_next(request: Request, who: AtKiosk, case_id: uuid.UUID) -> Response:
    """As the stream, for a browser without scripts: the answer comes when the question is there."""
    async with aclosing(interview_service.next_question(_desk(request), who, case_id=case_id)) as heard:
        async for _event in heard:
            pass
    return _to(request, "kiosk_case", case_id=case_id)


@router.post("/answers/{ordinal}", name="kiosk_answer")
async def answer(
    request: Request, who: AtKiosk, case_id: uuid.UUID, ordinal: int, form: Annotated[AnswerForm, Form()]
) -> Response:
    resources, words = resources_of(request), form.tapped or form.words
    try:
        await interview_service.answer(resources, who, case_id=case_id, ordinal=ordinal, words=words, now=utc_now())
    except (Refused, BadInput) as wrong:
        standing = await interview_service.standing(resources, who, case_id=case_id)
        if standing.asked is not None and standing.asked.ordinal == ordinal:
            return await _question(request, standing, words=words, wrong=wrong)
    # Pressed twice, it was answered already: the page shows what comes now.
    return _to(request, "kiosk_case", case_id=case_id)


@router.post("/back", name="kiosk_back")
async def take_back(request: Request, who: AtKiosk, case_id: uuid.UUID) -> Response:
    await interview_service.take_back(resources_of(request), who, case_id=case_id)
    return _to(request, "kiosk_case", case_id=case_id)


@router.post("/enough", name="kiosk_enough")
async def enough(request: Request, who: AtKiosk, case_id: uuid.UUID) -> Response:
    await interview_service.finish(resources_of(request), who, case_id=case_id, now=utc_now())
    return _to(request, "kiosk_case", case_id=case_id)


@router.post("/without-ai", name="kiosk_without_ai")
async def without_ai(request: Request, who: AtKiosk, case_id: uuid.UUID) -> Response:
    await consent.without_ai(resources_of(request), who, case_id=case_id)
    return _to(request, "kiosk_case", case_id=case_id)


async def _thinking(request: Request, who: Principal, *, case_id: uuid.UUID) -> AsyncGenerator[PageEvent]:
    _ = gettext_for(language_of(request))
    try:
        async with aclosing(interview_service.next_question(_desk(request), who, case_id=case_id)) as heard:
            async for event in heard:
                if isinstance(event, Stage):
                    yield PageEvent("stage", _(event.label))
                else:
                    yield PageEvent("done", fragment(request, "triage/_go_on.html", context={"case_id": case_id}))
    except HubError:
        yield PageEvent("error", _("The next question does not come. The nurses have what you told."))


async def _question(
    request: Request, standing: Standing, *, words: str = "", wrong: HubError | None = None
) -> Response:
    asked = standing.asked
    assert asked is not None  # noqa: S101 - the caller looked
    here = request.app.url_path_for("kiosk_case", case_id=str(standing.told.id))
    context = {
        "told": standing.told,
        "can_take_back": standing.can_take_back,
        "with_ai": await consent.given(resources_of(request), case_id=standing.told.id),
        "asked": asked,
        "scale": asked.options if asked.options == SCALE else (),
        "words": words,
        "wrong": wrong,
        "longest": service.LONGEST,
        "here": here,
    }
    return page(
        request, "triage/question.html", context=context, status=HTTPStatus.OK if wrong is None else wrong.status
    )


def _handed(told: Told, *, watched: bool) -> dict[str, object]:
    return {"told": told, "watched": watched, "seen": _state(told.coming, watched=watched)}


def _state(coming: bool, *, watched: bool) -> str:
    """What the page shows of who comes, so that it can ask for what is new."""
    return f"{coming:d}{watched:d}"


def _desk(request: Request) -> Desk:
    return Desk(resources_of(request), models_of(request))


def _to(request: Request, name: str, *, case_id: uuid.UUID) -> Response:
    return RedirectResponse(request.app.url_path_for(name, case_id=str(case_id)), HTTPStatus.SEE_OTHER)
