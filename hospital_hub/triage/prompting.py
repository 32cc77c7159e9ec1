"""The kiosk's prompts: versioned files, and a patient's words put in as data."""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from hospital_hub.clinical.text import Language
from hospital_hub.inference.question import Message, Prompt

Name = Literal["opening", "handover"]


def prompt_for(name: Name, *, words: str, language: Language) -> Prompt:
    """Angle brackets in the words are turned, so that they cannot close their own mark."""
    block = _document(name)
    texts = block[language]
    shown, answered = texts["example"]
    return Prompt(
        version=f"triage/{name}@{block['version']}",
        messages=(
            Message("system", texts["system"]),
            Message("user", _quoted(texts["words"], shown)),
            Message("assistant", answered),
            Message("user", _quoted(texts["words"], words)),
        ),
    )


def _quoted(frame: str, words: str) -> str:
    return frame.replace("{words}", words.replace("<", "‹").replace(">", "›"))


@lru_cache
def _document(name: Name) -> dict[str, Any]:
    file = resources.files("hospital_hub.triage").joinpath("prompts", f"{name}.toml")
    return tomllib.loads(file.read_text("utf-8"))
