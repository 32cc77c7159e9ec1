"""What can be asked of the models and what comes back, as values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from hospital_hub.identity.principal import Principal
from routing import Decision, Lane, Request, Task, Tier

# On the safe side of the tokenizers of the R1 family. Qwen's splits every digit off, and mostly the blank before it;
# abbreviations in capitals fall into pieces of one or two letters; a Chinese character may take more than one token.
TOKENS_PER_WIDE: Final = 1.5
TOKENS_PER_FOREIGN: Final = 2.0  # other scripts, and accented letters
TOKENS_PER_MARK: Final = 1.0  # digits, punctuation and blanks
TOKENS_PER_CAPITAL: Final = 0.6
TOKENS_PER_LETTER: Final = 0.3
CAPITALS: Final = bytes(range(ord("A"), ord("Z") + 1))
LETTERS: Final = CAPITALS.lower()
TOKENS_PER_MESSAGE = 12
WIDE: Final = re.compile("[\u2e80-\U0010ffff]+")


# The model's name by which a program leaves the choice to the router.
AUTO: Final = "hub-auto"


class Agreement(StrEnum):
    """How two answers of one kind are compared (routing.agreement)."""

    CHOICE = "choice"  # the same option letter, or the same words
    FIELDS = "fields"  # JSON with the same values in every field that the prompt's schema requires


# A slice that knows its free text hands in the comparison itself: what the first and the second model wrote.
Agrees = Callable[[str, str], bool]


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

    @cached_property
    def tokens(self) -> int:
        """An upper estimate."""
        return sum(estimate_tokens(message.content) for message in self.messages)


@dataclass(frozen=True)
class Wishes:
    """How a caller of /v1 wants the answer sampled; None leaves it to the tier, which also bounds what is wished."""

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One thing to ask.

    `text` is what routing reads (the person's words, not the prompt around them); `subject` the vault's keyed
    hash of the patient or case for the audit; `entity` names the row that the answer is for. `deadline` is in seconds
    until the answer begins. `whole` says that nobody
    watches it being written. With `second_opinion` two models may be asked, and a third where those do not agree.
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
    wishes: Wishes = Wishes()
    patient_data: bool = False
    whole: bool = False
    second_opinion: Agreement | Agrees | None = None

    @property
    def for_patients(self) -> bool:
        """Whether the text may only go where patients' data may."""
        return self.patient_data or self.subject is not None

    def for_routing(self) -> Request:
        return Request(
            text=self.text,
            lane=self.lane,
            context_tokens=self.prompt.tokens,
            answer_tokens=self.answer_tokens,
            deadline=self.deadline,
            surface=self.surface,
            red_flags=self.red_flags,
            minimum=self.minimum,
            patient_data=self.for_patients,
            second_opinion=self.second_opinion is not None,
        )


def estimate_tokens(text: str) -> int:
    """Upper estimate of the tokens of a message, without a tokenizer."""
    ascii_part = text.encode("ascii", "ignore")
    without_capitals = ascii_part.translate(None, CAPITALS)
    marks = len(without_capitals.translate(None, LETTERS))
    wide = 0 if len(ascii_part) == len(text) else len("".join(WIDE.findall(text)))
    return TOKENS_PER_MESSAGE + round(
        wide * TOKENS_PER_WIDE
        + (len(text) - len(ascii_part) - wide) * TOKENS_PER_FOREIGN
        + marks * TOKENS_PER_MARK
        + (len(ascii_part) - len(without_capitals)) * TOKENS_PER_CAPITAL
        + (len(without_capitals) - marks) * TOKENS_PER_LETTER
    )


@dataclass(frozen=True)
class Decided:
    """Who will speak, and why: the first event of every answer, and again before its first word if another tier speaks.

    `notice` is empty with real weights.
    """

    decision: Decision
    call_id: str
    notice: str


@dataclass(frozen=True)
class Consulting:
    """A stage of a second opinion: these models are being asked, and nothing is shown before they are compared."""

    tiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Token:
    text: str


@dataclass(frozen=True)
class Answered:
    """The whole answer with what is needed to label it.

    After a second opinion, `agreed` names the models that said the same, and is empty where `tier` was the arbiter;
    `opinions` are all that gave an answer.
    """

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
    agreed: tuple[str, ...] = ()
    opinions: tuple[str, ...] = ()


Event = Decided | Consulting | Token | Answered
