"""The hub's internal door for its own workers: one question in, one whole answer out, through the same `ask`."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request

from hospital_hub.identity.guard import InternalGuard
from hospital_hub.identity.permissions import Action
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.ask import Models, answer
from hospital_hub.inference.internal import AskIn, AskOut
from hospital_hub.inference.question import Message, Prompt, Question

router = APIRouter(prefix="/internal", include_in_schema=False)
Worker = Annotated[Principal, Depends(InternalGuard(Action.MODEL_ASK))]


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
        subject=bytes.fromhex(body.subject) if body.subject else None,
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
