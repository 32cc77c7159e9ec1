"""What the rules read of an answer: the person's own words, or what a tap on a button says. Pure.

A "no" says nothing, so that it can raise nothing; a "yes" says its question's statement, so that it can.
"""

import re
from typing import Final

from hospital_hub.clinical.text import Language, readable
from hospital_hub.errors import Refused
from hospital_hub.triage.asked import Form
from hospital_hub.triage.question_tree import Tree

PAST: Final = "past"
OLDEST: Final = 125  # years
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_PARTS: Final = re.compile(r"[^,，。;；、\n]+")


def spoken(form: Form, words: str, *, language: Language, tree: Tree) -> str:
    """As the reader of the rules hears it; empty where the answer says nothing."""
    if form.kind == "yes_no":
        return _yes_or_no(form, words, language=language, tree=tree)
    if words in form.options and form.kind != "number":
        return form.says[form.options.index(words)]
    if form.kind == "number":
        return _number(form, words)
    return as_past(words, language=language, tree=tree) if form.topic in {PAST, "allergies"} else words


def _yes_or_no(form: Form, words: str, *, language: Language, tree: Tree) -> str:
    buttons, statement = tree.answers[language], form.says[0]
    if words == buttons.yes:
        return statement
    if words in {buttons.no, buttons.unsure}:
        return ""
    clean = readable(words).clean.strip().rstrip(".。!！")
    if tree.words["no"].fullmatch(clean):
        return ""
    if tree.words["no"].match(clean):
        return words
    if tree.words["yes"].match(clean):
        return f"{statement}{'。' if language == 'zh-CN' else '. '}{words}"
    return words


def _number(form: Form, words: str) -> str:
    found = _NUMBER.search(readable(words).clean)
    if found is None or not form.says:
        return words
    said = form.says[0].replace("{}", found[0])
    return said if readable(words).clean.strip() == found[0] else f"{said}\n{words}"


def as_past(words: str, *, language: Language, tree: Tree) -> str:
    """An illness that is named where the past was asked for is one of the past, unless its words say otherwise."""
    before = "既往有" if language == "zh-CN" else "history of "

    def told(part: re.Match[str]) -> str:
        named = tree.words["past_illness"].search(readable(part[0]).clean)
        return f"{before}{part[0].strip()}" if named else part[0]

    return _PARTS.sub(told, words)


def check_answer(form: Form, words: str) -> None:
    """An impossible number is asked again.

    Raises:
        Refused: it is out of range.
    """
    found = _NUMBER.fullmatch(readable(words).clean.strip())
    if form.kind != "number" or found is None:
        return
    if form.options and found[0] not in form.options:
        raise Refused("This number is not on the scale.", "Choose a number from 0 to 10.", code="impossible_number")
    if not form.options and float(found[0]) > OLDEST:
        raise Refused("This number cannot be right.", "Look at it again, then send it.", code="impossible_number")
