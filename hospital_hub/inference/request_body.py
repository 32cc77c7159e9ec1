"""The chat completion that a question becomes for one tier. Sampling and the system turn follow the model card.

The fields beyond OpenAI's are vLLM's own (0.32, `chat_completion/protocol.py`). `include_reasoning` is never sent:
false would bind a json_schema to the thinking, from the first token, and end in an error. The wire drops thoughts.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from hospital_hub.inference.question import Message, Prompt, Wishes
from hospital_hub.registry import TierEntry
from routing import Lane

# vLLM serves the lower number first; the hub's own admission comes before it.
PRIORITY: Final = {Lane.KIOSK: 0, Lane.CLINICIAN: 1, Lane.STAFF: 2, Lane.BATCH: 3}
# An answer that nobody watches comes in few events; the first and the last still come at once.
WHOLE_INTERVAL: Final = 16
LEAST_THINKING: Final = 16
# R1's chat template opens the thinking, so what was kept of an answer may hold its end alone.
THOUGHTS = re.compile(r"\A.*</think>\s*|<think>.*\Z", re.DOTALL)


NO_WISHES: Final = Wishes()


@dataclass(frozen=True)
class Manner:
    """How to answer. `cache_salt` keeps departments out of each other's prefix cache; `whole`: nobody watches.

    `prompt_tokens` is the upper estimate: a long chart leaves less room to think about it, and is not refused for that.
    """

    lane: Lane = Lane.STAFF
    wishes: Wishes = NO_WISHES
    cache_salt: str = ""
    whole: bool = False
    prompt_tokens: int = 0


DEFAULT: Final = Manner()


def chat_body(entry: TierEntry, prompt: Prompt, *, answer_tokens: int, manner: Manner = DEFAULT) -> dict[str, Any]:
    """Fields of the request; the model's name and streaming are the wire's business."""
    room = entry.context_tokens - manner.prompt_tokens - answer_tokens
    thinking = thinking_tokens(entry, manner.lane, room=room)
    body: dict[str, Any] = {
        "messages": _messages(entry, prompt),
        **_sampling(entry, manner.wishes),
        "max_tokens": answer_tokens + thinking,
    }
    if thinking:
        body["thinking_token_budget"] = thinking
    if entry.takes_priority and PRIORITY[manner.lane]:
        body["priority"] = PRIORITY[manner.lane]
    if entry.repetition:
        body["repetition_detection"] = dict(entry.repetition)
    if manner.cache_salt:
        body["cache_salt"] = manner.cache_salt
    if manner.whole:
        body["stream_interval"] = WHOLE_INTERVAL
    if prompt.schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": dict(prompt.schema), "strict": True},
        }
    return body


def thinking_tokens(entry: TierEntry, lane: Lane, *, room: int) -> int:
    """What the thinking may add to the tokens of an answer; 0 where the server takes no such limit.

    `room` is what the context has left. Never 0 otherwise, which would leave the thinking without any limit.
    """
    return max(min(int(getattr(entry.thinking, lane.value)), room), LEAST_THINKING) if entry.thinking else 0


def without_system_turn(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Instructions move into the first user turn: the January 2025 distills want no system turn (model card)."""
    instructions = "\n\n".join(message.content for message in messages if message.role == "system")
    turns = [message for message in messages if message.role != "system"]
    if not instructions:
        return tuple(turns)
    if turns and turns[0].role == "user":
        return (Message("user", f"{instructions}\n\n{turns[0].content}"), *turns[1:])
    return (Message("user", instructions), *turns)


def without_thoughts(message: Message) -> Message:
    """Earlier thinking does not belong into the next question (model card)."""
    return Message(message.role, THOUGHTS.sub("", message.content)) if message.role == "assistant" else message


def _messages(entry: TierEntry, prompt: Prompt) -> list[dict[str, str]]:
    messages = prompt.messages if entry.system_turn else without_system_turn(prompt.messages)
    return [{"role": message.role, "content": message.content} for message in map(without_thoughts, messages)]


def _sampling(entry: TierEntry, wishes: Wishes) -> dict[str, Any]:
    card = entry.sampling
    wished = card.temperature if wishes.temperature is None else wishes.temperature
    sampling: dict[str, Any] = {
        "temperature": min(max(wished, card.temperature_least), card.temperature_most),
        "top_p": card.top_p if wishes.top_p is None else wishes.top_p,
    }
    if wishes.seed is not None:
        sampling["seed"] = wishes.seed
    if wishes.stop:
        sampling["stop"] = list(wishes.stop)
    return sampling
