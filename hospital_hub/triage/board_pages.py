"""The nurses' board, live, and the page of one case with the level that a nurse sets."""

import uuid
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import RedirectResponse, Response

from hospital_hub.clinical.levels import Level
from hospital_hub.errors import HubError
from hospital_hub.identity.guard import Guard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import resources_of
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import decisions, nurse_tables  # noqa: F401
from hospital_hub.triage.board import keep_open, read_queue
from hospital_hub.triage.case_view import read_case
from hospital_hub.triage.decisions import Seen
from hospital_hub.triage.final_level import REASONS, SHORTEST_ASSESSMENT, Choice
from hospital_hub.triage.live import changes
from hospital_hub.web.templates import fragment, render

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, Depends(Guard(Action.TRIAGE_BOARD))]
Decider = Annotated[Principal, Depends(Guard(Action.TRIAGE_DECIDE))]
LONGEST_ASSESSMENT = 2000


class SeenForm(BaseModel):
    """`seen` is the number of steps that the nurse's page showed."""

    model_config = ConfigDict(extra="forbid")

    seen: int = Field(ge=0)


class LevelForm(SeenForm):
    level: int = Field(ge=Level.I, le=Level.IV)
    reason: str = Field(default="", max_length=20)
    assessment: str = Field(default="", max_length=LONGEST_ASSESSMENT)


@router.get("/board", name="board")
async def board(request: Request, who: Reader) -> Response:
    queue = await read_queue(resources_of(request), who, now=utc_now())
    return render(request, "triage/board.html", context={"queue": queue, "open_case": None})


@router.get("/board/events", name="board_events")
async def board_events(request: Request, who: Reader) -> EventSourceResponse:
    return EventSourceResponse(live_queue(request, who), sep="\n")


@router.get("/board/cases/{case_id}", name="board_case")
async def board_case(request: Request, who: Reader, case_id: uuid.UUID) -> Response:
    resources, now = resources_of(request), utc_now()
    view = await read_case(resources, who, case_id=case_id, now=now)
    context = {
        "view": view,
        "queue": await read_queue(resources, who, now=now, opened={case_id: view.row.words}),
        "open_case": case_id,
        "reasons": REASONS,
        "shortest": SHORTEST_ASSESSMENT,
        "longest": LONGEST_ASSESSMENT,
        "notice": resources.registry.notice,
    }
    return render(request, "triage/case.html", context=context)


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


@router.post("/board/cases/{case_id}/take-back", name="board_take_back")
async def take_back(request: Request, who: Decider, case_id: uuid.UUID, form: Annotated[SeenForm, Form()]) -> Response:
    await decisions.take_back(resources_of(request), who, seen=Seen(case_id, form.seen))
    return _back(request, case_id)


async def live_queue(request: Request, who: Principal) -> AsyncGenerator[ServerSentEvent]:
    """The queue at once, after each change and once a beat. Ends with the log-in or the database: not live."""
    resources = resources_of(request)
    opened: dict[uuid.UUID, str] = {}
    try:
        async for _ in changes(resources.settings.database_url):
            now = utc_now()
            await keep_open(resources, who, now=now)
            queue = await read_queue(resources, who, now=now, opened=opened)
            yield ServerSentEvent(data=fragment(request, "triage/_queue.html", context={"queue": queue}))
    except HubError:
        return


def _back(request: Request, case_id: uuid.UUID) -> Response:
    """To the case; htmx is told in its own header, so that an error could be shown without leaving the page."""
    url = request.app.url_path_for("board_case", case_id=str(case_id))
    if request.headers.get("hx-request") == "true":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": url})
    return RedirectResponse(url, HTTPStatus.SEE_OTHER)
