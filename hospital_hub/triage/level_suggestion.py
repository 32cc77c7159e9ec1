"""What a model is asked about the level of one case, and what may be taken of its answer. Pure.

A suggestion only ever raises what the rules found (clinical/levels.py); one that cannot be read is none.
"""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.text import Language, language_of
from hospital_hub.inference.question import Message, Prompt
from hospital_hub.triage.prompting import placed

UNKNOWN: Final = "unknown"
LEVELS: Final = (*(level.name for level in Level), UNKNOWN)
LONGEST_REASON: Final = 300  # characters
# Of the case, in characters, so that the prompt stays under some 1,400 tokens; the rules read all of it.
LONGEST_CASE: Final[dict[Language, int]] = {"zh-CN": 600, "en": 2400}


class Suggestion(BaseModel):
    """What a model's JSON must be."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    level: Literal["I", "II", "III", "IV", "unknown"]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REASON)]

    @property
    def suggested(self) -> Level | None:
        return None if self.level == UNKNOWN else Level[self.level]


@dataclass(frozen=True)
class Unreadable:
    """The model's words are no suggestion."""


def level_prompt(text: str) -> Prompt:
    """In the language of the case; of a long one its beginning and its end."""
    block, language = _document(), language_of(text, default="zh-CN")
    texts = block[language]
    shown, answered = texts["example"]
    messages = (
        Message("system", texts["system"]),
        Message("user", shown),
        Message("assistant", answered),
        Message("user", placed(texts["case"], "words", words=text, most=LONGEST_CASE[language])),
    )
    return Prompt(f"triage/level@{block['version']}", messages, _SCHEMA)


def read_suggestion(raw: str) -> Suggestion | Unreadable:
    """The model's whole words, judged."""
    try:
        return Suggestion.model_validate_json(raw)
    except ValidationError:
        return Unreadable()


_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["level", "reason"],
    "properties": {
        "level": {"type": "string", "enum": list(LEVELS)},
        "reason": {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON},
    },
}


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    file = resources.files("hospital_hub.triage").joinpath("prompts", "level.toml")
    return tomllib.loads(file.read_text("utf-8"))
