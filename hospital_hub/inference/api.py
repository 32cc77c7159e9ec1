"""The hub's internal door for its own workers: one question in, one whole answer out, through the same `ask`."""

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from hospital_hub.identity.guard import InternalGuard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.ask import Models, answer
from hospital_hub.inference.question import Message, Prompt, Question
from routing import Lane, Task

router = APIRouter(prefix="/internal", include_in_schema=False)
MAX_TEXT = 200_000
Worker = Annotated[Principal, Depends(InternalGuard(Action.MODEL_ASK))]


class MessageIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: str = Field(min_length=1, max_length=MAX_TEXT)


class AskIn(BaseModel):
    """`asked_by` is the account for which the worker asks; it is what the usage row names."""

    model_config = ConfigDict(extra="forbid")

    asked_by: str = Field(min_length=1, max_length=200)
    department: str = Field(default="", max_length=200)
    prompt_version: str
    messages: list[MessageIn] = Field(min_length=1, max_length=64)
    response_schema: dict[str, Any] | None = None
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    lane: Lane = Lane.BATCH
    surface: Task | None = None
    answer_tokens: int = Field(gt=0, le=32_768)
    deadline: float = Field(default=600.0, gt=0, le=3600)
    entity: str


class AskOut(BaseModel):
    text: str
    finish_reason: str
    tier: str
    weights: str
    prompt_version: str
    call_id: str
    notice: str
    prompt_tokens: int
    completion_tokens: int


def models_of(request: Request) -> Models:
    """The process's models, opened by `main`."""
    return cast("Models", request.app.state.models)


@router.post("/ask")
async def ask_for_worker(body: AskIn, request: Request, who: Worker) -> AskOut:
    asker = Principal(id=body.asked_by, role=who.role, display_name=who.display_name, department=body.department)
    question = Question(
        who=asker,
        prompt=Prompt(
            body.prompt_version,
            tuple(Message(message.role, message.content) for message in body.messages),
            body.response_schema,
        ),
        text=body.text,
        lane=body.lane,
        entity=body.entity,
        answer_tokens=body.answer_tokens,
        deadline=body.deadline,
        surface=body.surface,
        request_id=getattr(request.state, "request_id", ""),
    )
    answered = await answer(models_of(request), question)
    return AskOut(
        text=answered.text,
        finish_reason=answered.finish_reason,
        tier=answered.tier,
        weights=answered.weights,
        prompt_version=answered.prompt_version,
        call_id=answered.call_id,
        notice=answered.notice,
        prompt_tokens=answered.prompt_tokens,
        completion_tokens=answered.completion_tokens,
    )
