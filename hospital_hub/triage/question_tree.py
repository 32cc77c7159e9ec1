"""The kiosk's fixed questions as values, read from question_tree.toml. Pure; asks nothing by itself."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final, Literal

from hospital_hub.clinical.negation import Excuse, excuses
from hospital_hub.clinical.red_flags import load_rules
from hospital_hub.clinical.text import Language, readable
from hospital_hub.triage.asked import Form, Kind

Section = Literal["chief", "present", "past", "medicines", "allergies", "pregnancy", "person"]
_NEVER: Final = re.compile(r"(?!)")
_NOT_THIS: Final = frozenset({Excuse.DENIED, Excuse.FAMILY})


@dataclass(frozen=True)
class Topic:
    """`known` finds words that already tell it, `asks` a question about it."""

    id: str
    section: Section
    label: Mapping[Language, str]
    known: re.Pattern[str]
    asks: re.Pattern[str]


@dataclass(frozen=True)
class TreeQuestion:
    """`says` is what the rules read of a yes, or of a number at its "{}"."""

    id: str
    topic: str
    kind: Kind
    text: Mapping[Language, str]
    says: Mapping[Language, str]
    options: tuple[Mapping[Language, tuple[str, str | None]], ...]


@dataclass(frozen=True)
class Group:
    """A kind of complaint. The questions about pregnancy are empty where it does not matter."""

    id: str
    words: re.Pattern[str]
    danger: tuple[str, ...]
    leaves_out: frozenset[str]
    pregnancy: str
    pregnancy_pain: str


@dataclass(frozen=True)
class Answers:
    """What the buttons of a yes/no question say."""

    yes: str
    no: str
    unsure: str


@dataclass(frozen=True)
class Tree:
    version: str
    topics: Mapping[str, Topic]
    questions: Mapping[str, TreeQuestion]
    groups: tuple[Group, ...]
    dispensable: tuple[str, ...]
    indispensable: frozenset[str]
    words: Mapping[str, re.Pattern[str]]
    answers: Mapping[Language, Answers]

    def groups_of(self, words: str) -> tuple[Group, ...]:
        """Kinds that the words name and do not deny, in the order of the file; the last one where none fits."""
        clean, scopes = readable(words).clean, load_rules().scopes
        found = tuple(
            group
            for group in self.groups
            if any(not _NOT_THIS & excuses(clean, match.span(), scopes=scopes) for match in group.words.finditer(clean))
        )
        return found or self.groups[-1:]

    def form(self, question: TreeQuestion, language: Language) -> Form:
        if question.kind == "yes_no":
            buttons = self.answers[language]
            options = (buttons.yes, buttons.no, buttons.unsure)
            return Form(question.topic, "yes_no", options, (question.says[language],), question=question.id)
        says = tuple(self._said(question, option[language]) for option in question.options)
        if question.kind == "number":
            says = (question.says[language],)
        return Form(
            question.topic, question.kind, tuple(one[language][0] for one in question.options), says, question.id
        )

    def _said(self, question: TreeQuestion, option: tuple[str, str | None]) -> str:
        text, says = option
        if says is not None:
            return says
        label = self.topics[question.topic].label
        return f"{label['en']}: {text}" if text.isascii() else f"{label['zh-CN']}：{text}"


@lru_cache(maxsize=1)
def load_tree() -> Tree:
    return parse_tree(resources.files("hospital_hub.triage").joinpath("question_tree.toml").read_text("utf-8"))


def parse_tree(source: str) -> Tree:
    """The tree from TOML text.

    Raises:
        KeyError, ValueError: the file was changed into something unusable.
    """
    document = tomllib.loads(source)
    questions = {block["id"]: _question(block) for block in document["question"]}
    names = {name.rpartition("_")[0] for name in document["words"]}
    return Tree(
        version=document["version"],
        topics={block["id"]: _topic(block) for block in document["topic"]},
        questions=questions,
        groups=tuple(_group(block, questions) for block in document["group"]),
        dispensable=tuple(document["dispensable"]),
        indispensable=frozenset(document["indispensable"]),
        words={name: _pattern(document["words"], f"{name}_") for name in names},
        answers={"zh-CN": _answers(document["answers"], "zh"), "en": _answers(document["answers"], "en")},
    )


def _topic(block: Mapping[str, Any]) -> Topic:
    return Topic(
        block["id"], block["section"], _both(block, "label_"), _pattern(block, "known_"), _pattern(block, "asks_")
    )


def _question(block: Mapping[str, Any]) -> TreeQuestion:
    says = _both(block, "says_") if "says_zh" in block else {}
    if block["kind"] == "yes_no" and not says:
        raise ValueError(f"question {block['id']}: a yes says nothing")
    options: tuple[Mapping[Language, tuple[str, str | None]], ...] = tuple(
        {"zh-CN": (one["zh"], one.get("says_zh")), "en": (one["en"], one.get("says_en"))}
        for one in block.get("options", ())
    )
    return TreeQuestion(block["id"], block["topic"], block["kind"], _both(block), says, options)


def _group(block: Mapping[str, Any], questions: Mapping[str, TreeQuestion]) -> Group:
    pregnancy = block.get("pregnancy", "")
    pregnancy_pain = block.get("pregnancy_pain", pregnancy)
    missing = {*block["danger"], pregnancy, pregnancy_pain} - {"", *questions}
    if missing:
        raise ValueError(f"group {block['id']}: no question {sorted(missing)}")
    words = _pattern({"zh": block["zh"], "en": block["en"]})
    left_out = frozenset(block.get("leaves_out", ()))
    return Group(block["id"], words, tuple(block["danger"]), left_out, pregnancy, pregnancy_pain)


def _answers(block: Mapping[str, str], language: str) -> Answers:
    return Answers(*(block[f"{name}_{language}"] for name in ("yes", "no", "unsure")))


def _both(block: Mapping[str, str], before: str = "") -> dict[Language, str]:
    return {"zh-CN": block[f"{before}zh"], "en": block[f"{before}en"]}


def _pattern(block: Mapping[str, Any], before: str = "") -> re.Pattern[str]:
    """Chinese anywhere, English as whole words."""
    chinese, english = _any(block.get(f"{before}zh", ())), _any(block.get(f"{before}en", ()))
    parts = [*([chinese] if chinese else ()), *([rf"\b(?:{english})(?!\w)"] if english else ())]
    return re.compile("|".join(parts)) if parts else _NEVER


def _any(alternatives: Iterable[str]) -> str:
    return "|".join(f"(?:{alternative})" for alternative in alternatives)
