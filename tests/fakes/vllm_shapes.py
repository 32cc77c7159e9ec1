"""What vLLM 0.32 writes, as the contract tests saw it: chunks, whole answers, errors, metrics. No behaviour."""

from dataclasses import dataclass
from typing import Any

import orjson

NAMES = ("r1-32b", "r1-70b", "r1-671b")
# Whatever name was asked for: the server answers under its first.
BASE = {"id": "chatcmpl-a37e2f9f746814c1", "created": 1795519431, "model": NAMES[0]}
DONE = b"data: [DONE]\n\n"


def event(body: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"


@dataclass(frozen=True)
class Counted:
    """Tokens of one answer; `usage` says 0 for the thinking, as the server does when the template opened it."""

    prompt: int
    completion: int

    @property
    def usage(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt,
            "total_tokens": self.prompt + self.completion,
            "completion_tokens": self.completion,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }


def chunk(delta: dict[str, str], *, finish: str | None = None, counted: Counted | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish, "token_ids": None}
    body = {**BASE, "object": "chat.completion.chunk", "choices": [choice]}
    return event({**body, "usage": counted.usage} if counted else body)


def last_chunk(counted: Counted) -> bytes:
    return event({**BASE, "object": "chat.completion.chunk", "choices": [], "usage": counted.usage})


def whole(content: str | None, reasoning: str | None, *, finish: str, counted: Counted) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": None, "reasoning": reasoning}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish, "stop_reason": None}
    return {**BASE, "object": "chat.completion", "choices": [choice], "usage": counted.usage}


def error(message: str, *, kind: str = "BadRequestError", param: str | None = None, code: int = 400) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def metrics(*, running: int, waiting: int, generated: int) -> str:
    label = f'{{engine="0",model_name="{NAMES[0]}"}}'
    return (
        "# TYPE vllm:num_requests_running gauge\n"
        f"vllm:num_requests_running{label} {running}\n"
        "# TYPE vllm:num_requests_waiting gauge\n"
        f"vllm:num_requests_waiting{label} {waiting}\n"
        "# TYPE vllm:kv_cache_usage_perc gauge\n"
        f"vllm:kv_cache_usage_perc{label} 0.25\n"
        "# TYPE vllm:generation_tokens counter\n"
        f"vllm:generation_tokens_total{label} {generated}\n"
    )
