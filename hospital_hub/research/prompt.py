"""The versioned prompt of a batch question."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True)
class BatchPrompt:
    version: str
    system: str
    answer_tokens: int


@lru_cache(maxsize=1)
def batch_prompt() -> BatchPrompt:
    text = resources.files("hospital_hub.research").joinpath("prompts", "answer.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    return BatchPrompt(found["version"], found["system"].strip(), found["answer_tokens"])
