"""The prompt of an interview: a versioned file, and the patient's words put in as data, cut where they are long."""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from hospital_hub.clinical.text import Language
from hospital_hub.inference.question import Message, Prompt
from hospital_hub.triage.asked import Exchange, History
from hospital_hub.triage.interview import MOST, Plan
from hospital_hub.triage.question_checks import schema_for
from hospital_hub.triage.question_tree import Tree

# Characters, so that the whole prompt stays under some 900 tokens.
LONGEST_COMPLAINT: Final[dict[Language, int]] = {"zh-CN": 90, "en": 300}
LONGEST_ANSWER: Final[dict[Language, int]] = {"zh-CN": 14, "en": 40}
LONGEST_ASKED: Final[dict[Language, int]] = {"zh-CN": 16, "en": 50}
RECENT: Final = 4  # exchanges that are told
NAMED: Final = 5  # topics that are offered


def interview_prompt(history: History, *, plan: Plan, tree: Tree) -> Prompt:
    """Of a long conversation its complaint and its end."""
    block, language = _document(), history.language
    texts = block[language]
    said = [placed(texts["complaint"], "words", words=history.complaint, most=LONGEST_COMPLAINT[language])]
    said += [_asked(one, texts, language=language) for one in history.answers[-RECENT:]]
    topics = [tree.topics[name] for name in plan.needed[:NAMED]]
    if language == "zh-CN":
        named = "、".join(f"{topic.id}{topic.label[language]}" for topic in topics)
    else:
        named = ", ".join(topic.id for topic in topics)
    said.append(texts["needed"].format(topics=named, number=plan.number, most=MOST))
    shown, answered = texts["example"]
    messages = (
        Message("system", texts["system"]),
        Message("user", shown),
        Message("assistant", answered),
        Message("user", "\n".join(said)),
    )
    return Prompt(f"triage/interview@{block['version']}", messages, schema_for(plan, language=language))


def _asked(exchange: Exchange, texts: dict[str, Any], *, language: Language) -> str:
    frame = placed(texts["asked"], "question", words=exchange.text, most=LONGEST_ASKED[language])
    return placed(frame, "answer", words=exchange.answer or "", most=LONGEST_ANSWER[language])


def placed(frame: str, name: str, *, words: str, most: int) -> str:
    """The words in their frame, cut to `most` characters. Angle brackets are turned, so that they close no mark."""
    return frame.replace(f"{{{name}}}", _cut(words, most).replace("<", "‹").replace(">", "›"))


def _cut(words: str, most: int) -> str:
    """The beginning and the end of a long text."""
    if len(words) <= most:
        return words
    half = most // 2
    return f"{words[:half].rstrip()}…{words[-half:].lstrip()}"


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    file = resources.files("hospital_hub.triage").joinpath("prompts", "interview.toml")
    return tomllib.loads(file.read_text("utf-8"))
