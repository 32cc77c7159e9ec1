"""From facts to the prompt of a note: the most needed facts first, as many as fit; says how many were left out."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from hospital_hub.clinical.grounding import Fact
from hospital_hub.inference.question import Message, Prompt, estimate_tokens
from hospital_hub.notes.kinds import Kind

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


def build(facts: Sequence[Fact], *, kind: Kind, language: str, tokens: int) -> NotePrompt:
    """Facts come in order of need; one that does not fit is left out, and smaller ones after it may still fit."""
    file = _file("draft")
    texts = file[language]
    lines = [
        texts["section"].format(id=one.id, title=one.title.of(language), holds=one.holds.of(language))
        for one in kind.sections
    ]
    frame = texts["instructions"].format(name=kind.name.of(language), sections="\n".join(lines))
    chosen = _fitting(facts, tokens - sum(estimate_tokens(text) for text in (frame.strip(), texts["request"].strip())))
    version = f"notes/{kind.id}@{kind.version}/{file['version']}"
    user = texts["request"].replace("{facts}", _listed(chosen[0]))
    prompt = _prompt(version, system=frame, user=user, schema=_schema(kind))
    return NotePrompt(prompt, *chosen)


def question(asked: str, facts: Sequence[Fact], *, language: str, tokens: int) -> NotePrompt:
    """A clinician's question to the chart."""
    texts = _file("chart_question")[language]
    frame = texts["instructions"].strip()
    request = texts["request"].strip().replace("{question}", asked)
    chosen = _fitting(facts, tokens - sum(estimate_tokens(text) for text in (frame, request)))
    user = request.replace("{facts}", _listed(chosen[0]))
    prompt = _prompt(_file("chart_question")["version"], system=frame, user=user)
    return NotePrompt(prompt, *chosen)


def _fitting(facts: Sequence[Fact], left: int) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    used: list[Fact] = []
    left_out: list[Fact] = []
    for fact in facts:
        cost = _cost(fact)
        (used if cost <= left else left_out).append(fact)
        left -= cost if cost <= left else 0
    return tuple(used), tuple(left_out)


def _listed(facts: Sequence[Fact]) -> str:
    return "\n".join(f"- {fact.text}" for fact in facts)


def _prompt(version: str, *, system: str, user: str, schema: Mapping[str, Any] | None = None) -> Prompt:
    return Prompt(version, (Message("system", system.strip()), Message("user", user.strip())), schema)


def _schema(kind: Kind) -> Mapping[str, Any]:
    """A text for each section."""
    names = [section.id for section in kind.sections]
    properties = {name: {"type": "string"} for name in names}
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def _cost(fact: Fact) -> int:
    """Without the share of a message's frame, which is paid once."""
    return estimate_tokens(f"- {fact.text}\n") - estimate_tokens("") + 1


@lru_cache(maxsize=2)
def _file(name: str) -> Mapping[str, Any]:
    source = resources.files("hospital_hub.notes").joinpath("prompts", f"{name}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))
