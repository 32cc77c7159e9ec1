"""The researcher's pages: hand in a batch, watch it, read and fetch its results."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from hospital_hub.identity.guard import Guard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.research import words
from hospital_hub.research.job import Step
from hospital_hub.research.plot import bars
from hospital_hub.research.results import result_page
from hospital_hub.research.service import change, submit
from hospital_hub.research.upload import read_submission
from hospital_hub.research.views import BOUNDS, JobView, job_figures, job_view, own_jobs
from hospital_hub.resources import resources_of
from hospital_hub.web.templates import render

router = APIRouter(prefix="/research", include_in_schema=False)
Submitter = Annotated[Principal, Depends(Guard(Action.BATCH_SUBMIT))]
Reader = Annotated[Principal, Depends(Guard(Action.BATCH_READ))]
JOBS_SHOWN: Final = 20
ROWS_SHOWN: Final = 20
MOST_PAGES: Final = 10_000
BUTTONS: Final[Mapping[str, Step]] = {"cancel": Step.CANCEL, "resume": Step.RESUME, "retry": Step.RETRY}


@router.get("", name="research")
async def page(request: Request, who: Reader, before: uuid.UUID | None = None) -> Response:
    return render(request, "research/page.html", context=await _list(request, who, before=before))


@router.get("/list", name="research_list")
async def job_list(request: Request, who: Reader, before: uuid.UUID | None = None) -> Response:
    return render(request, "research/list.html", context=await _list(request, who, before=before))


@router.post("", name="research_submit")
async def hand_in(request: Request, who: Submitter) -> Response:
    receipt = await submit(resources_of(request), who, submission=await read_submission(request))
    return _to_job(request, receipt.job_id)


@router.get("/{job_id}", name="research_job")
async def job_page(
    request: Request,
    who: Reader,
    job_id: uuid.UUID,
    number: Annotated[int, Query(alias="page", ge=1, le=MOST_PAGES)] = 1,
) -> Response:
    resources = resources_of(request)
    view = await job_view(resources, who, job_id=job_id)
    figures = await job_figures(resources, who, job_id=job_id)
    shown = await result_page(resources, who, job_id=job_id, after=(number - 1) * ROWS_SHOWN, limit=ROWS_SHOWN)
    context = _of_job(view) | {
        "figures": figures,
        "bars": bars(figures.seconds, bounds=BOUNDS),
        "rows": shown,
        "number": number,
        "pages": max(1, -(-view.tally.total // ROWS_SHOWN)),
    }
    return render(request, "research/job.html", context=context)


@router.get("/{job_id}/progress", name="research_progress")
async def progress(request: Request, who: Reader, job_id: uuid.UUID) -> Response:
    """Asked for again and again while the job lives; the whole page is drawn anew when it has ended."""
    view = await job_view(resources_of(request), who, job_id=job_id)
    answer = render(request, "research/progress.html", context=_of_job(view))
    if not view.alive:
        answer.headers["hx-refresh"] = "true"
    return answer


@router.post("/{job_id}/{button}", name="research_change")
async def press(request: Request, who: Submitter, job_id: uuid.UUID, button: words.Button) -> Response:
    await change(resources_of(request), who, job_id=job_id, step=BUTTONS[button])
    return _to_job(request, job_id)


async def _list(request: Request, who: Principal, *, before: uuid.UUID | None) -> Mapping[str, object]:
    jobs = await own_jobs(resources_of(request), who, limit=JOBS_SHOWN, before=before)
    more = jobs[-1].id if len(jobs) == JOBS_SHOWN else None
    return {"jobs": jobs, "more": more, "before": before, "states": words.STATES}


def _of_job(view: JobView) -> dict[str, object]:
    return {"job": view, "states": words.STATES, "errors": words.ERRORS, "kinds": words.KINDS}


def _to_job(request: Request, job_id: uuid.UUID) -> Response:
    """After a form: htmx goes there by its own header, a browser without it by a redirect."""
    url = str(request.app.url_path_for("research_job", job_id=job_id))
    if request.headers.get("hx-request") == "true":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"hx-redirect": url})
    return RedirectResponse(url, HTTPStatus.SEE_OTHER)
