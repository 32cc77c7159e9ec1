"""From facts to the prompt of a note: the most needed facts first, as many as fit; says how many were left out."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from hospital_hub.clinical.grounding import Fact
from hospital_hub.inference.question import Message, Prompt, estimate_tokens

# A thinking model spends most of its answer on thoughts, so an eighth of the context is kept free for it.
ANSWER_SHARE = 8
MOST_ANSWER = 8192
# Estimates of tokens are made for R1's tokenizers; the demonstration model's needs 1.55 times as many for Chinese.
CAUTION = 1.7
# On a processor without a GPU reading the prompt is most of the wait, so a small context is not filled to its end.
PROMPT_SHARE = 3
MOST_PROMPT = 12_000


@dataclass(frozen=True)
class Budget:
    """Tokens."""

    prompt: int
    answer: int


@dataclass(frozen=True)
class NotePrompt:
    prompt: Prompt
    used: tuple[Fact, ...]
    left_out: tuple[Fact, ...]


def budget(context_tokens: int) -> Budget:
    """What fits into the smallest context that may have to answer."""
    answer = min(context_tokens // ANSWER_SHARE, MOST_ANSWER)
    fits = int((context_tokens - answer) / CAUTION)
    return Budget(min(fits, context_tokens // PROMPT_SHARE, MOST_PROMPT), answer)


def build(facts: Sequence[Fact], *, language: str, tokens: int) -> NotePrompt:
    """Facts come in order of need; one that does not fit is left out, and smaller ones after it may still fit."""
    texts = _file()[language]
    frame = (texts["instructions"].strip(), texts["request"].strip())
    left = tokens - sum(estimate_tokens(text) for text in frame)
    used: list[Fact] = []
    left_out: list[Fact] = []
    for fact in facts:
        cost = _cost(fact)
        (used if cost <= left else left_out).append(fact)
        left -= cost if cost <= left else 0
    lines = "\n".join(f"- {fact.text}" for fact in used)
    messages = (Message("system", frame[0]), Message("user", frame[1].replace("{facts}", lines)))
    return NotePrompt(Prompt(_file()["version"], messages), tuple(used), tuple(left_out))


def _cost(fact: Fact) -> int:
    """Without the share of a message's frame, which is paid once."""
    return estimate_tokens(f"- {fact.text}\n") - estimate_tokens("") + 1


@lru_cache(maxsize=1)
def _file() -> Mapping[str, Any]:
    source = resources.files("hospital_hub.notes").joinpath("prompts", "progress_note.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))
