"""The nurses' board, live, and the page of one case with the level that a nurse sets."""

import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Form, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import RedirectResponse, Response

from hospital_hub.clinical.departments import department_names
from hospital_hub.clinical.levels import Level
from hospital_hub.errors import HubError, Refused
from hospital_hub.identity.guard import Guard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import decisions, final_level, vitals
from hospital_hub.triage.board import keep_open, read_queue
from hospital_hub.triage.board_forms import LONGEST_ASSESSMENT, CloseForm, LevelForm, SeenForm, VitalsForm
from hospital_hub.triage.case_view import read_case
from hospital_hub.triage.decisions import Seen
from hospital_hub.triage.final_level import Choice, Closing
from hospital_hub.triage.live import News, news_of
from hospital_hub.triage.rows import Choice as LevelChoice
from hospital_hub.triage.rows import Filter
from hospital_hub.triage.vital_signs import CONSCIOUSNESS, OXYGEN, SIGNS, Unmeasurable
from hospital_hub.web.templates import NOTHING, fragment, render


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.board_news = News(app.state.resources.settings.database_url)
    try:
        yield
    finally:
        await app.state.board_news.close()


router = APIRouter(include_in_schema=False, lifespan=_lifespan)
Reader = Annotated[Principal, Depends(Guard(Action.TRIAGE_BOARD))]
Decider = Annotated[Principal, Depends(Guard(Action.TRIAGE_DECIDE))]


def _filter(level: LevelChoice = "", department: Annotated[str, Query(max_length=40)] = "") -> Filter:
    return Filter(level, department)


Chosen = Annotated[Filter, Depends(_filter)]


@router.get("/board", name="board")
async def board(request: Request, who: Reader, chosen: Chosen) -> Response:
    queue = await read_queue(resources_of(request), who, now=utc_now())
    context = {"queue": queue, "chosen": chosen, "departments": department_names(), "open_case": None}
    return render(request, "triage/board.html", context=context)


@router.get("/board/events", name="board_events")
async def board_events(request: Request, who: Reader, chosen: Chosen) -> EventSourceResponse:
    return EventSourceResponse(live_queue(request, who, chosen=chosen), sep="\n")


@router.get("/board/cases/{case_id}", name="board_case")
async def board_case(request: Request, who: Reader, case_id: uuid.UUID) -> Response:
    return await _case_page(request, who, case_id=case_id)


@router.post("/board/cases/{case_id}/level", name="board_level")
async def level(request: Request, who: Decider, case_id: uuid.UUID, form: Annotated[LevelForm, Form()]) -> Response:
    choice = Choice(Level(form.level), form.reason, form.assessment)
    await decisions.set_level(resources_of(request), who, seen=Seen(case_id, form.seen), choice=choice)
    return _back(request, case_id)


@router.post("/board/cases/{case_id}/acknowledge", name="board_acknowledge")
async def acknowledge(
    request: Request, who: Decider, case_id: uuid.UUID, form: Annotated[SeenForm, Form()]
) -> Response:
    await decisions.acknowledge(resources_of(request), who, seen=Seen(case_id, form.seen), now=utc_now())
    return _back(request, case_id)


@router.post("/board/cases/{case_id}/look", name="board_look")
async def look(request: Request, who: Decider, case_id: uuid.UUID, form: Annotated[SeenForm, Form()]) -> Response:
    await decisions.look_again(resources_of(request), who, seen=Seen(case_id, form.seen))
    return _back(request, case_id)


@router.post("/board/cases/{case_id}/close", name="board_close")
async def close(request: Request, who: Decider, case_id: uuid.UUID, form: Annotated[CloseForm, Form()]) -> Response:
    closing = Closing(form.reason, form.assessment)
    await decisions.close(resources_of(request), who, seen=Seen(case_id, form.seen), closing=closing)
    return _back(request, case_id)


@router.post("/board/cases/{case_id}/take-back", name="board_take_back")
async def take_back(request: Request, who: Decider, case_id: uuid.UUID, form: Annotated[SeenForm, Form()]) -> Response:
    await decisions.take_back(resources_of(request), who, seen=Seen(case_id, form.seen))
    return _back(request, case_id)


@router.post("/board/cases/{case_id}/vitals", name="board_vitals")
async def measure(request: Request, who: Decider, case_id: uuid.UUID, form: Annotated[VitalsForm, Form()]) -> Response:
    """A value that cannot be comes back at its field, beside all the others as they were typed."""
    try:
        await vitals.measure(resources_of(request), who, case_id=case_id, typed=form.typed)
    except Unmeasurable as wrong:
        filled = {"typed": form.typed, "faults": wrong.faults}
        if request.headers.get("hx-request") == "true":
            context = {**_of_vitals(filled), "case_id": case_id}
            return render(request, "triage/_vitals.html", context=context, status=wrong.status)
        return await _case_page(request, who, case_id=case_id, filled=filled)
    return _back(request, case_id)


async def live_queue(request: Request, who: Principal, *, chosen: Filter) -> AsyncGenerator[ServerSentEvent]:
    """The queue at once, after each change and once a beat. Ends with the log-in or the database: not live."""
    resources = resources_of(request)
    opened: dict[uuid.UUID, str] = {}
    try:
        async for _ in news_of(request).changes():
            now = utc_now()
            await keep_open(resources, who, now=now)
            queue = await read_queue(resources, who, now=now, opened=opened)
            context = {"queue": queue, "chosen": chosen, "departments": department_names()}
            yield ServerSentEvent(data=fragment(request, "triage/_live.html", context=context))
    except HubError:
        return


async def _case_page(
    request: Request, who: Principal, *, case_id: uuid.UUID, filled: Mapping[str, Mapping[str, str]] | None = None
) -> Response:
    resources, now = resources_of(request), utc_now()
    view = await read_case(resources, who, case_id=case_id, now=now)
    context = {
        "view": view,
        "queue": await read_queue(resources, who, now=now, opened={case_id: view.row.words}),
        "chosen": Filter(),
        "departments": department_names(),
        "open_case": case_id,
        "case_id": case_id,
        "reasons": final_level.REASONS,
        "closings": final_level.CLOSINGS,
        "shortest": final_level.SHORTEST_ASSESSMENT,
        "longest": LONGEST_ASSESSMENT,
        "notice": resources.registry.notice,
        **_of_vitals(filled or {}),
    }
    return render(request, "triage/case.html", context=context, status=Refused.status if filled else HTTPStatus.OK)


def _of_vitals(filled: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    return {
        "signs": SIGNS,
        "oxygen": OXYGEN,
        "consciousness": CONSCIOUSNESS,
        "typed": filled.get("typed", NOTHING),
        "faults": filled.get("faults", NOTHING),
    }


def _back(request: Request, case_id: uuid.UUID) -> Response:
    """To the case; htmx is told in its own header, so that an error could be shown without leaving the page."""
    url = request.app.url_path_for("board_case", case_id=str(case_id))
    if request.headers.get("hx-request") == "true":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": url})
    return RedirectResponse(url, HTTPStatus.SEE_OTHER)
