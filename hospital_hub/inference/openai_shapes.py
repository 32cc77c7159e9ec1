"""What /v1 answers: OpenAI's completion, its chunks, its error object, and the headers that say who spoke and why."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hospital_hub.inference.question import Answered
from hospital_hub.web.problems import Problem, problem_body
from routing import Decision

INVALID: Final = "invalid_request"
KINDS: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
SERVERS_FAULT: Final = 500
DONE: Final = b"data: [DONE]\n\n"


def openai_error(request: Request, problem: Problem) -> Response:
    """OpenAI's error object, https://platform.openai.com/docs/guides/error-codes."""
    request_id = str(getattr(request.state, "request_id", ""))
    content = error_content(problem, request_id=request_id)
    return JSONResponse(content, status_of(problem), headers=dict(problem.headers))


def status_of(problem: Problem) -> int:
    """A request of the wrong form is 400 in this protocol."""
    return 400 if problem.code == INVALID else problem.status


def error_content(problem: Problem, *, request_id: str) -> dict[str, Any]:
    body = problem_body(problem, language="en", request_id=request_id)
    errors = body.get("errors", ())
    status = status_of(problem)
    kind = KINDS.get(status, "server_error" if status >= SERVERS_FAULT else "invalid_request_error")
    told = [f"{one['location']}: {one['message']}" for one in errors]
    return {
        "error": {
            "message": " ".join([body["detail"], *(line for line in told if body["detail"] not in line)]),
            "type": kind,
            "param": errors[0]["location"] if errors else None,
            "code": problem.code,
        }
    }


def decision_headers(decision: Decision, *, tier: str, asked: str, notice: str) -> dict[str, str]:
    """What a caller may know of the decision. A named model that had to give way to a larger one is said."""
    raised = f" raised={asked}>{tier}" if asked.startswith("r1-") and asked != tier else ""
    told = {"x-hub-tier": tier, "x-hub-reason": decision.reason + raised, "x-hub-policy": decision.trace.policy}
    return {**told, "x-hub-notice": notice} if notice else told


class Chunks:
    """The events of one streamed answer; what they have in common is made into bytes once."""

    def __init__(self, call_id: str, *, model: str, created: int) -> None:
        self._common = {
            "id": f"chatcmpl-{call_id}",
            "object": "chat.completion.chunk",
            "created": created,
            "model": model,
        }
        head = orjson.dumps(self._common)[:-1]
        self._before = b"data: " + head + b',"choices":[{"index":0,"delta":{"content":'
        self._after = b'},"finish_reason":null,"logprobs":null}]}\n\n'

    def first(self) -> bytes:
        return self._event({"role": "assistant", "content": ""}, None)

    def content(self, text: str) -> bytes:
        return self._before + orjson.dumps(text) + self._after

    def end(self, answered: Answered, *, with_usage: bool) -> bytes:
        last = self._event({}, answered.finish_reason)
        if with_usage:
            last += _data({**self._common, "choices": [], "usage": usage(answered)})
        return last + DONE

    def _event(self, delta: Mapping[str, str], finish: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data({**self._common, "choices": [choice]})


def broken_off(problem: Problem, *, request_id: str) -> bytes:
    """The last event of a stream that is not whole; no `[DONE]` follows it."""
    return _data(error_content(problem, request_id=request_id))


def completion(answered: Answered, *, created: int) -> bytes:
    message = {"role": "assistant", "content": answered.text, "refusal": None}
    return orjson.dumps(
        {
            "id": f"chatcmpl-{answered.call_id}",
            "object": "chat.completion",
            "created": created,
            "model": answered.tier,
            "choices": [{"index": 0, "message": message, "finish_reason": answered.finish_reason, "logprobs": None}],
            "usage": usage(answered),
            "hub_notice": answered.notice,
        }
    )


def usage(answered: Answered) -> dict[str, int]:
    total = answered.prompt_tokens + answered.completion_tokens
    return {
        "prompt_tokens": answered.prompt_tokens,
        "completion_tokens": answered.completion_tokens,
        "total_tokens": total,
    }


def _data(content: Mapping[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(content) + b"\n\n"
