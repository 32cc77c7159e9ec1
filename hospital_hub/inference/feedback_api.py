"""Where a person or a program says whether an answer helped: the thumbs of the pages, and /v1/feedback."""

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hospital_hub.errors import NotFound
from hospital_hub.identity.guard import Guard
from hospital_hub.identity.keys import Scope
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.door import KeyGuard
from hospital_hub.inference.feedback import Rating, rate
from hospital_hub.resources import resources_of
from hospital_hub.web.templates import render

COMPLETION = "chatcmpl-"
router = APIRouter()
Person = Annotated[Principal, Depends(Guard(Action.ANSWER_RATE))]
Program = Annotated[Principal, Depends(KeyGuard(Action.MODEL_ASK, scope=Scope.CHAT))]


class ThumbForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rating: Rating


@router.post("/answers/{call_id}/thumb", name="answer_thumb", include_in_schema=False)
async def thumb(request: Request, who: Person, call_id: uuid.UUID, form: Annotated[ThumbForm, Form()]) -> Response:
    """Keeps the rating and draws the thumbs anew."""
    async with resources_of(request).database.work() as session:
        await rate(session, who, call=call_id, rating=form.rating)
    return render(request, "thumbs.html", context={"call_id": call_id, "rating": form.rating.value})


class FeedbackIn(BaseModel):
    """`id` as the completion had it."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=100)
    rating: Literal["up", "down"]


@router.post("/v1/feedback", tags=["OpenAI protocol"])
async def feedback(body: FeedbackIn, request: Request, who: Program) -> FeedbackIn:
    """A program's word on an answer that it was given itself; the last one counts."""
    async with resources_of(request).database.work() as session:
        await rate(session, who, call=_call_of(body.id), rating=Rating(body.rating))
    return body


def _call_of(completion: str) -> uuid.UUID:
    try:
        return uuid.UUID(completion.removeprefix(COMPLETION))
    except ValueError:
        raise NotFound(
            "There is no such answer.", "Send the id of a completion of yours.", code="no_such_answer"
        ) from None
