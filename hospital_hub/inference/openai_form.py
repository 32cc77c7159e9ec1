"""The shapes of OpenAI's chat completions that /v1 takes and gives, and its error object.

Takes the plain client's request; what the hub does not do is refused with a sentence, never ignored.
"""

from typing import Annotated, Any, Literal

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from hospital_hub.errors import BadInput, NotFound
from hospital_hub.inference.question import Answered, Message, Prompt
from hospital_hub.web.problems import Problem, problem_body
from routing import Decision, Tier

AUTO = "hub-auto"
MAX_TEXT = 400_000
DEFAULT_ANSWER_TOKENS = 1024
UNSUPPORTED = ("tools", "tool_choice", "functions", "logprobs", "audio", "modalities")
Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]


class ChatMessage(BaseModel):
    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: Text


class ResponseFormat(BaseModel):
    type: Literal["text", "json_schema"]
    json_schema: dict[str, Any] | None = None


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """Fields of the OpenAI reference; `model` is hub-auto or a tier, honoured at or above the floor."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[ChatMessage] = Field(min_length=1, max_length=256)
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    max_tokens: int | None = Field(default=None, gt=0, le=32_768)
    max_completion_tokens: int | None = Field(default=None, gt=0, le=32_768)
    response_format: ResponseFormat | None = None
    n: int = 1

    def refuse_unsupported(self) -> None:
        extra = self.model_extra or {}
        if any(extra.get(name) for name in UNSUPPORTED):
            raise BadInput(
                "The hub does not take tools, log probabilities or audio.", "Leave them out.", code="unsupported"
            )
        if self.n != 1:
            raise BadInput("The hub gives one answer a request.", "Leave n out, or ask again.", code="unsupported")

    def minimum(self, known: frozenset[str]) -> Tier | None:
        if self.model == AUTO:
            return None
        if self.model not in known:
            raise NotFound("There is no such model.", "Ask /v1/models for the names.", code="model_not_found")
        return Tier.of(self.model)

    def prompt(self) -> Prompt:
        schema = (self.response_format.json_schema or {}).get("schema") if self.response_format else None
        roles = {"developer": "system"}
        messages = tuple(Message(roles.get(one.role, one.role), one.content) for one in self.messages)
        return Prompt("v1/as-sent@1", messages, schema)

    @property
    def answer_tokens(self) -> int:
        return self.max_completion_tokens or self.max_tokens or DEFAULT_ANSWER_TOKENS

    @property
    def last_words(self) -> str:
        """What routing reads: the last turn of a person."""
        return next((one.content for one in reversed(self.messages) if one.role == "user"), self.messages[-1].content)


def openai_error(request: Request, problem: Problem) -> Response:
    """OpenAI's error object, https://platform.openai.com/docs/guides/error-codes."""
    body = problem_body(problem, language="en", request_id=str(getattr(request.state, "request_id", "")))
    places = [error["location"] for error in body.get("errors", ())]
    kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    kind = kinds.get(problem.status, "server_error" if problem.status >= 500 else "invalid_request_error")  # noqa: PLR2004 - HTTP's own
    error = {
        "message": " ".join(
            [body["detail"], *(f"{one['location']}: {one['message']}" for one in body.get("errors", ()))]
        ),
        "type": kind,
        "param": places[0] if places else None,
        "code": problem.code,
    }
    return JSONResponse({"error": error}, problem.status, headers=dict(problem.headers))


def decision_headers(decision: Decision, notice: str) -> dict[str, str]:
    """What a caller may know of the decision, in headers."""
    told = {
        "x-hub-tier": decision.tier.label,
        "x-hub-reason": decision.reason,
        "x-hub-policy": decision.trace.policy,
    }
    return {**told, "x-hub-notice": notice} if notice else told


def chunk(
    call_id: str, *, model: str, created: int, delta: dict[str, str], finish: str | None = None
) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{call_id}",
        "object": "chat.completion.chunk",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}],
    }


def completion(answered: Answered, *, created: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": answered.text, "refusal": None}
    return {
        "id": f"chatcmpl-{answered.call_id}",
        "object": "chat.completion",
        "created": created,
        "model": answered.tier,
        "choices": [{"index": 0, "message": message, "finish_reason": answered.finish_reason, "logprobs": None}],
        "usage": usage(answered),
        "hub_notice": answered.notice,
    }


def usage(answered: Answered) -> dict[str, int]:
    total = answered.prompt_tokens + answered.completion_tokens
    return {
        "prompt_tokens": answered.prompt_tokens,
        "completion_tokens": answered.completion_tokens,
        "total_tokens": total,
    }
