"""Whether a model's question may be asked at the kiosk; what fails is never shown, and the tree asks instead. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from rapidfuzz import fuzz

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.text import Language, readable
from hospital_hub.triage.asked import DANGER, Form, History, Kind
from hospital_hub.triage.interview import Plan, rules_of
from hospital_hub.triage.question_tree import Topic, Tree
from hospital_hub.triage.safe_text import Fitness, judge
from hospital_hub.triage.statements import is_polar, is_reversed, statement_of
from hospital_hub.triage.tables import AnswerOutcome

LONGEST: Final[dict[Language, int]] = {"zh-CN": 50, "en": 160}  # characters of a question
LONGEST_OPTION: Final[dict[Language, int]] = {"zh-CN": 14, "en": 32}
MOST_OPTIONS: Final = 5
LEAST_OPTIONS: Final = 2
ALIKE: Final = 82  # of 100; the same question in hardly other words
LEAST_NEW: Final[dict[Language, int]] = {"zh-CN": 2, "en": 1}  # characters or words beside those of the complaint
COUNTED: Final = frozenset({"severity", "age", "onset"})  # what a number can answer
TIMED: Final = frozenset({"severity", "onset", "course"})  # most options of these read like answers of their topic
_ODD_OPTION: Final = re.compile(
    r"[!?。,;！？，；]|(.)\1\1|[a-z](?=.*[\u4e00-\u9fff])|[\u4e00-\u9fff].*[a-z]", re.IGNORECASE
)
_OFF_TOPIC: Final = re.compile(
    r"\b(?:possible to|prevent|should|(?:what|how) can|help|know (?:if|what|about)|tell if)\b|怎么办|应该|预防|知道",
    re.IGNORECASE,
)
TOLD_IN_WORDS: Final = frozenset({"past", "medicines", "allergies"})  # a mere yes would tell nothing
_EITHER: Final = re.compile(r"还是|\bor\b", re.IGNORECASE)
_KINDS: Final = ("yes_no", "choice", "number", "text")
_SEVERAL: Final = re.compile(
    r"[?？].*[?？]|[。.!！;；][^。.]*[?？]"
    r"|(?:吗|什么|哪|多久|几|怎么|有没有|是否|是不是)[^,，]*[,，][^,，]*(?:吗|什么|哪|多久|几|怎么|有没有|是否|是不是)"
    r"|\b(?:and|or|,) ?(?:do|does|did|are|is|have|has|when|where|how|what|which|why|since when)\b",
    re.IGNORECASE,
)


class Proposed(BaseModel):
    """What a model's JSON must be."""

    model_config = ConfigDict(extra="ignore", strict=True)

    question: str = ""
    kind: Kind = "text"
    options: list[str] = []
    topic: str = ""
    still_needed: list[str] = []
    enough: bool
    level: Literal["I", "II", "III", "IV"] | None = None
    department: str = ""


@dataclass(frozen=True)
class Fit:
    """What may be asked, or the end; `level` and `department` are suggestions."""

    text: str = ""
    form: Form | None = None
    enough: bool = False
    level: Level | None = None
    department: str = ""


@dataclass(frozen=True)
class Unfit:
    """`rule` names the check that failed."""

    outcome: AnswerOutcome
    rule: str = ""
    level: Level | None = None


def schema_for(plan: Plan, *, language: Language) -> Mapping[str, Any]:
    """JSON schema of the structured output; topics are those that are still needed."""
    topics = list(plan.needed)
    option = {"type": "string", "minLength": 1, "maxLength": LONGEST_OPTION[language]}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["topic", "kind", "question", "options", "still_needed", "enough"],
        "properties": {
            "topic": {"type": "string", "enum": topics},
            "kind": {"type": "string", "enum": list(_KINDS)},
            "question": {"type": "string", "maxLength": LONGEST[language]},
            "options": {"type": "array", "items": option, "maxItems": MOST_OPTIONS},
            "still_needed": {"type": "array", "items": {"type": "string", "enum": topics}, "maxItems": len(topics)},
            "enough": {"type": "boolean"},
            "level": {"type": "string", "enum": [level.name for level in Level]},
            "department": {"type": "string", "maxLength": LONGEST_OPTION[language]},
        },
    }


def check(raw: str, history: History, *, plan: Plan, tree: Tree) -> Fit | Unfit:
    """The model's whole words, judged."""
    try:
        proposed = Proposed.model_validate(json.loads(raw))
    except (ValidationError, ValueError):
        return Unfit(AnswerOutcome.UNFIT, "schema")
    level = Level[proposed.level] if proposed.level else None
    if proposed.enough:
        if not plan.enough(tree):
            return Unfit(AnswerOutcome.UNFIT, "too-soon")
        return Fit(enough=True, level=level, department=proposed.department)
    text = " ".join(proposed.question.split())
    failed = _unfit_words(text, history.language) or _unfit_here(text, history=history, plan=plan, tree=tree)
    form = failed or _form(text, proposed, language=history.language, tree=tree)
    if isinstance(form, Unfit):
        # Words that may not be shown can still be an alarm; words without sense are none.
        return Unfit(form.outcome, form.rule, level if form.outcome is AnswerOutcome.BLOCKED else None)
    return Fit(text, form, level=level, department=proposed.department)


def _unfit_words(text: str, language: Language) -> Unfit | None:
    verdict = judge(text, language=language)
    if verdict.fitness is Fitness.FORBIDDEN:
        return Unfit(AnswerOutcome.BLOCKED, verdict.rule)
    if verdict.fitness is Fitness.FOREIGN:
        return Unfit(AnswerOutcome.FOREIGN)
    rule = _unfit_form(text, verdict.fitness, language=language)
    return Unfit(AnswerOutcome.UNFIT, rule) if rule else None


def _unfit_form(text: str, fitness: Fitness, *, language: Language) -> str:
    """The first check that fails, or nothing."""
    checks = {
        "too-long": len(text) > LONGEST[language],
        "no-question": fitness is not Fitness.QUESTION,
        "several": bool(_SEVERAL.search(text)),
        "topic": bool(_OFF_TOPIC.search(text)),
        "reversed": is_reversed(text),
    }
    return next((rule for rule, failed in checks.items() if failed), "")


def _unfit_here(text: str, *, history: History, plan: Plan, tree: Tree) -> Unfit | None:
    clean = readable(text).clean
    if any(fuzz.ratio(clean, readable(one.text).clean) >= ALIKE for one in history.exchanges):
        return Unfit(AnswerOutcome.UNFIT, "repetition")
    about = {topic.id for topic in tree.topics.values() if topic.asks.search(clean)}
    if about and not about & set(plan.needed) and not _of_symptoms(clean, tree=tree):
        return Unfit(AnswerOutcome.UNFIT, "repetition")
    if not about & set(plan.needed) and not _of_symptoms(clean, tree=tree):
        return Unfit(AnswerOutcome.UNFIT, "topic")
    if _adds_nothing(clean, history) or _danger_again(text, history=history):
        return Unfit(AnswerOutcome.UNFIT, "repetition")
    return None


def _of_symptoms(clean: str, *, tree: Tree) -> bool:
    """Whether it asks for the presence of something that patients complain of."""
    return is_polar(clean) and any(group.words.search(clean) for group in tree.groups)


def _adds_nothing(clean: str, history: History) -> bool:
    """Only the complaint, with a question mark."""
    complaint, language = readable(history.complaint).clean, history.language
    words = re.findall(r"[\u4e00-\u9fff]" if language == "zh-CN" else r"[a-z']+", clean)
    filling = (
        "您你吗呢有没是否的了"
        if language == "zh-CN"
        else {"do", "does", "is", "are", "you", "your", "have", "a", "the"}
    )
    new = [word for word in words if word not in complaint and word not in filling]
    return len(new) < LEAST_NEW[language]


def _danger_again(text: str, *, history: History) -> bool:
    """The same danger in other words."""
    raised = rules_of(statement_of(text, history.language)) if is_polar(text) else frozenset()
    asked = (one.form.says[0] for one in history.exchanges if one.form.kind == "yes_no" and one.form.says)
    return bool(raised) and any(raised <= rules_of(says) for says in asked)


def _form(text: str, proposed: Proposed, *, language: Language, tree: Tree) -> Form | Unfit:
    topic = _topic(text, proposed, tree=tree)
    options = tuple(dict.fromkeys(one.strip() for one in proposed.options if one.strip()))
    chosen = proposed.kind == "choice" and _EITHER.search(text)
    if topic in TOLD_IN_WORDS and proposed.kind != "choice":
        own = tree.form(tree.questions[topic], language)
        return Form(topic, "text", own.options, own.says)
    if is_polar(text) and not chosen:
        buttons = tree.answers[language]
        return Form(topic, "yes_no", (buttons.yes, buttons.no, buttons.unsure), (statement_of(text, language),))
    if proposed.kind == "choice":
        if unfit := _unfit_options(options, tree.topics[topic], language=language):
            return unfit
        label = tree.topics[topic].label[language]
        says = tuple(_labelled(label, one, language=language) for one in options)
        return Form(topic, "choice", options, says)
    counted = proposed.kind == "number" and topic in COUNTED
    return Form(topic, "number" if counted else "text")


def _topic(text: str, proposed: Proposed, *, tree: Tree) -> str:
    """What the question is really about; one for the presence of something is about other symptoms."""
    about = [topic.id for topic in tree.topics.values() if topic.asks.search(readable(text).clean)]
    if proposed.topic in about:
        return proposed.topic
    return about[0] if about else DANGER


def _unfit_options(options: tuple[str, ...], topic: Topic, *, language: Language) -> Unfit | None:
    few_or_many = not LEAST_OPTIONS <= len(options) <= MOST_OPTIONS
    if few_or_many or any(len(one) > LONGEST_OPTION[language] or _ODD_OPTION.search(one) for one in options):
        return Unfit(AnswerOutcome.UNFIT, "options")
    for option in options:
        verdict = judge(f"{option}。" if language == "zh-CN" else f"{option}.", language=language)
        if verdict.fitness is Fitness.FORBIDDEN:
            return Unfit(AnswerOutcome.BLOCKED, verdict.rule)
    chinese = any("\u4e00" <= sign <= "\u9fff" for one in options for sign in one)
    if (language == "en") == chinese:
        return Unfit(AnswerOutcome.FOREIGN, "options")
    reading = [one for one in options if topic.known.search(readable(one).clean)]
    odd = topic.id in TIMED and len(reading) * 2 < len(options)
    return Unfit(AnswerOutcome.UNFIT, "options") if odd else None


def _labelled(label: str, option: str, *, language: Language) -> str:
    return f"{label}：{option}" if language == "zh-CN" else f"{label}: {option}"
