"""What can be asked of the models and what comes back, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hospital_hub.identity.principal import Principal
from routing import Decision, Lane, Request, Task, Tier

# On the safe side of the tokenizers of the R1 family: a Chinese character may take more than one token,
# an English word of five letters about one and a half.
TOKENS_PER_WIDE = 1.5
TOKENS_PER_NARROW = 0.4
TOKENS_PER_MESSAGE = 12
WIDE_FROM = 0x2E80


@dataclass(frozen=True)
class Message:
    """`role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Prompt:
    """`version` names the prompt file that made the messages, e.g. `triage/opening@1`."""

    version: str
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Question:
    """One thing to ask.

    `text` is what routing reads (the person's words, not the prompt around them); `subject` the vault's keyed
    hash of the patient or case for the audit; `deadline` in seconds; `entity` names the row that the answer is for.
    """

    who: Principal
    prompt: Prompt
    text: str
    lane: Lane
    entity: str
    answer_tokens: int
    deadline: float = 120.0
    surface: Task | None = None
    red_flags: tuple[str, ...] = ()
    minimum: Tier | None = None
    subject: bytes | None = None
    request_id: str = ""

    def for_routing(self) -> Request:
        return Request(
            text=self.text,
            lane=self.lane,
            context_tokens=sum(estimate_tokens(message.content) for message in self.prompt.messages),
            answer_tokens=self.answer_tokens,
            deadline=self.deadline,
            surface=self.surface,
            red_flags=self.red_flags,
            minimum=self.minimum,
            patient_data=self.subject is not None,
        )


def estimate_tokens(text: str) -> int:
    """Upper estimate of the tokens of a message, without a tokenizer."""
    wide = sum(1 for character in text if ord(character) >= WIDE_FROM)
    return TOKENS_PER_MESSAGE + round(wide * TOKENS_PER_WIDE + (len(text) - wide) * TOKENS_PER_NARROW)


@dataclass(frozen=True)
class Decided:
    """The first event of every answer: who will speak, and why. `notice` is empty with real weights."""

    decision: Decision
    call_id: str
    notice: str


@dataclass(frozen=True)
class Token:
    text: str


@dataclass(frozen=True)
class Answered:
    """The whole answer with what is needed to label it."""

    text: str
    finish_reason: str
    tier: str
    weights: str
    prompt_version: str
    call_id: str
    notice: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasons: tuple[str, ...] = field(default=())


Event = Decided | Token | Answered
