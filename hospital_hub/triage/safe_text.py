"""What may be shown of a model's words at the kiosk: a question, and nothing else.

Pure; the rules are data (safe_text.toml). A sentence is checked before anybody sees it.
"""

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Final

from hospital_hub.clinical.text import Language, language_of, readable

_ENGLISH: Final = re.compile(
    r"\b(?:the|an?|is|are|do|does|did|you|your|have|has|when|where|how|what|which|any|will|nurse|can|it|there)\b"
)
_OTHER_SCRIPT: Final = re.compile("[\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0600-\u06ff\u0e00-\u0e7f]")
LONGEST: Final = {"zh-CN": 80, "en": 200}  # characters of a sentence that is read standing up


class Fitness(StrEnum):
    QUESTION = "question"
    UNFIT = "unfit"  # harmless, but not a question
    FOREIGN = "foreign"  # another language than the patient's
    FORBIDDEN = "forbidden"


@dataclass(frozen=True)
class Verdict:
    """`rule` names the forbidden rule that was met."""

    fitness: Fitness
    rule: str = ""


@dataclass(frozen=True)
class SafeRules:
    version: str
    forbidden: tuple[tuple[str, re.Pattern[str]], ...]
    question: re.Pattern[str]
    history: re.Pattern[str]


@lru_cache(maxsize=1)
def load_safe_rules() -> SafeRules:
    text = resources.files("hospital_hub.triage").joinpath("safe_text.toml").read_text("utf-8")
    document = tomllib.loads(text)

    def either(name: str) -> re.Pattern[str]:
        return re.compile(f"{document[name + '_zh']}|{document[name + '_en']}")

    return SafeRules(
        version=document["version"],
        forbidden=tuple((block["id"], re.compile(f"{block['zh']}|{block['en']}")) for block in document["forbidden"]),
        question=either("question"),
        history=either("history"),
    )


def judge(sentence: str, *, language: Language) -> Verdict:
    """Whether one sentence may be shown to a patient who speaks `language`."""
    rules = load_safe_rules()
    clean = readable(sentence).clean.strip().rstrip("\"'”’)")
    asks = bool(rules.question.search(clean))
    told = rules.history.sub(" ", clean) if asks else clean
    for rule, pattern in rules.forbidden:
        if pattern.search(told):
            return Verdict(Fitness.FORBIDDEN, rule)
    if _foreign(clean, language):
        return Verdict(Fitness.FOREIGN)
    if len(sentence) > LONGEST[language]:
        return Verdict(Fitness.UNFIT)
    return Verdict(Fitness.QUESTION if asks else Fitness.UNFIT)


def _foreign(clean: str, language: Language) -> bool:
    if _OTHER_SCRIPT.search(clean) or language_of(clean, default=language) != language:
        return True
    return language == "en" and not _ENGLISH.search(clean)
