"""The chat completion that a question becomes for one tier. Sampling and the system turn follow the model card."""

from typing import Any

from hospital_hub.inference.question import Message, Prompt
from hospital_hub.registry import TierEntry


def chat_body(entry: TierEntry, prompt: Prompt, *, answer_tokens: int) -> dict[str, Any]:
    """OpenAI fields; the model's name and streaming are the wire's business."""
    messages = prompt.messages if entry.system_turn else without_system_turn(prompt.messages)
    body: dict[str, Any] = {
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "temperature": entry.sampling.temperature,
        "top_p": entry.sampling.top_p,
        "max_tokens": answer_tokens,
    }
    if prompt.schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": dict(prompt.schema), "strict": True},
        }
    return body


def without_system_turn(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Instructions move into the first user turn: the January 2025 distills want no system turn (model card)."""
    instructions = "\n\n".join(message.content for message in messages if message.role == "system")
    turns = [message for message in messages if message.role != "system"]
    if not instructions or not turns:
        return tuple(turns)
    return (Message(turns[0].role, f"{instructions}\n\n{turns[0].content}"), *turns[1:])
