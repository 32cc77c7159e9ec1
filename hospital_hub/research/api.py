"""Batches for programs and for the command line: hand in, watch, fetch, cancel."""

import uuid
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from hospital_hub.identity.guard import Guard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.research.job import JobState, Step
from hospital_hub.research.results import Form, result_file
from hospital_hub.research.service import change, submit
from hospital_hub.research.upload import read_submission
from hospital_hub.research.views import JobView, job_view, own_jobs
from hospital_hub.resources import resources_of

router = APIRouter(prefix="/api/research/batches", tags=["research"])
Submitter = Annotated[Principal, Depends(Guard(Action.BATCH_SUBMIT))]
Reader = Annotated[Principal, Depends(Guard(Action.BATCH_READ))]
MEDIA = {"jsonl": "application/x-ndjson", "csv": "text/csv"}


class BatchOut(BaseModel):
    """`seconds_left` is an estimate from the last minute, null when there is none."""

    id: uuid.UUID
    title: str
    state: JobState
    total: int
    answered: int
    failed: int
    remaining: int
    per_minute: float
    seconds_left: int | None
    prompt_version: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, view: JobView) -> Self:
        return cls(
            id=view.id,
            title=view.title,
            state=view.state,
            total=view.tally.total,
            answered=view.tally.answered,
            failed=view.tally.failed,
            remaining=view.tally.remaining,
            per_minute=view.pace.per_minute,
            seconds_left=None if view.pace.left is None else round(view.pace.left.total_seconds()),
            prompt_version=view.prompt_version,
            created_at=view.created_at,
            started_at=view.started_at,
            finished_at=view.finished_at,
        )


class BatchList(BaseModel):
    batches: list[BatchOut]


@router.post("", status_code=HTTPStatus.ACCEPTED)
async def hand_in(request: Request, response: Response, who: Submitter) -> BatchOut:
    """JSONL as the body or as the file of a form; the same Idempotency-Key and body make the same batch."""
    resources = resources_of(request)
    receipt = await submit(resources, who, submission=await read_submission(request))
    response.headers["location"] = f"{router.prefix}/{receipt.job_id}"
    if receipt.replayed:
        response.headers["idempotent-replayed"] = "true"
    return BatchOut.of(await job_view(resources, who, job_id=receipt.job_id))


@router.get("")
async def mine(
    request: Request, who: Reader, limit: Annotated[int, Query(ge=1, le=100)] = 50, before: uuid.UUID | None = None
) -> BatchList:
    views = await own_jobs(resources_of(request), who, limit=limit, before=before)
    return BatchList(batches=[BatchOut.of(view) for view in views])


@router.get("/{job_id}")
async def one(request: Request, who: Reader, job_id: uuid.UUID) -> BatchOut:
    return BatchOut.of(await job_view(resources_of(request), who, job_id=job_id))


@router.get("/{job_id}/results.{form}", name="research_results")
async def results(request: Request, who: Reader, job_id: uuid.UUID, form: Form) -> StreamingResponse:
    text = await result_file(resources_of(request), who, job_id=job_id, form=form)
    named = {"content-disposition": f'attachment; filename="batch-{job_id}.{form}"'}
    return StreamingResponse(text, media_type=MEDIA[form], headers=named)


@router.post("/{job_id}/cancel")
async def cancel(request: Request, who: Submitter, job_id: uuid.UUID) -> BatchOut:
    return await _changed(request, who, job_id=job_id, step=Step.CANCEL)


@router.post("/{job_id}/resume")
async def resume(request: Request, who: Submitter, job_id: uuid.UUID) -> BatchOut:
    return await _changed(request, who, job_id=job_id, step=Step.RESUME)


@router.post("/{job_id}/retry-failed")
async def retry_failed(request: Request, who: Submitter, job_id: uuid.UUID) -> BatchOut:
    return await _changed(request, who, job_id=job_id, step=Step.RETRY)


async def _changed(request: Request, who: Principal, *, job_id: uuid.UUID, step: Step) -> BatchOut:
    resources = resources_of(request)
    await change(resources, who, job_id=job_id, step=step)
    return BatchOut.of(await job_view(resources, who, job_id=job_id))
