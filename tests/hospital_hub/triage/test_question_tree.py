"""The fixed questions: each yes to a danger is found by the rules, nothing else raises anything, words are plain."""

import re

import pytest

from hospital_hub.clinical.red_flags import find
from hospital_hub.clinical.text import Language
from hospital_hub.triage.asked import DANGER
from hospital_hub.triage.question_tree import TreeQuestion, load_tree, parse_tree
from hospital_hub.triage.safe_text import Fitness, judge
from hospital_hub.triage.spoken import spoken

TREE = load_tree()
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")
DANGERS = [one for one in TREE.questions.values() if one.topic == DANGER]
# A choice that is a danger where it is asked: pregnant, with pain or bleeding.
DANGEROUS_CHOICES = {"pregnancy-belly": 0, "pregnancy-bleeding": 0}
LONGEST = {"zh-CN": 30, "en": 18}  # characters, words


def heard(question: TreeQuestion, words: str, language: Language) -> set[str]:
    text = spoken(TREE.form(question, language), words, language=language, tree=TREE)
    return {flag.rule for flag in find(text)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("question", DANGERS, ids=lambda one: one.id)
def test_a_yes_to_danger_is_a_red_flag(question: TreeQuestion, language: Language) -> None:
    yes, no, unsure = TREE.form(question, language).options
    assert heard(question, yes, language)
    assert not heard(question, no, language)
    assert not heard(question, unsure, language)


@pytest.mark.parametrize("question", DANGERS, ids=lambda one: one.id)
def test_a_yes_means_the_same_urgency_in_both_languages(question: TreeQuestion) -> None:
    levels = {min(flag.level for flag in find(question.says[language])) for language in LANGUAGES}
    assert len(levels) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("question", [one for one in TREE.questions.values() if one.options], ids=lambda one: one.id)
def test_no_other_option_raises_anything(question: TreeQuestion, language: Language) -> None:
    for place, option in enumerate(TREE.form(question, language).options):
        assert bool(heard(question, option, language)) == (DANGEROUS_CHOICES.get(question.id) == place)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("question", TREE.questions.values(), ids=lambda one: one.id)
def test_the_words_are_plain_and_short(question: TreeQuestion, language: Language) -> None:
    text = question.text[language]
    assert text.rstrip("）)。.").endswith(("？", "?", "”", "疼", "pain", "No"))
    length = len(text) if language == "zh-CN" else len(text.split())
    assert length <= LONGEST[language]
    long = {word for word in re.findall(r"[A-Za-z]+", text) if len(word) > 11}
    assert long <= {"chemotherapy"}
    first = re.match(r".*?[?？]", text)
    assert first is not None
    assert judge(first[0], language=language).fitness in {Fitness.QUESTION, Fitness.FORBIDDEN}


def test_each_kind_of_complaint_has_danger_questions_and_each_is_used() -> None:
    used = {name for group in TREE.groups for name in group.danger}
    assert used == {one.id for one in DANGERS}
    assert all(len(group.danger) >= 2 for group in TREE.groups)
    assert {group.id for group in TREE.groups} >= {
        *("chest", "breath", "head", "belly", "fever", "child", "injury", "bleeding", "pregnancy", "mind"),
        *("eye", "back", "skin", "urinary", "generic"),
    }


@pytest.mark.parametrize(
    ("words", "group"),
    [
        ("心慌", "chest"),
        ("咳嗽两天，没有发烧", "breath"),
        ("My head hurts", "head"),
        ("宝宝拉肚子", "child"),
        ("I have not had a fever, only an itchy rash", "skin"),
        ("腰疼", "back"),
        ("小便疼", "urinary"),
        ("I feel low and cannot sleep", "mind"),
        ("手指割破了", "injury"),
        ("hello", "generic"),
    ],
)
def test_a_complaint_is_of_the_kind_that_its_words_name(words: str, group: str) -> None:
    assert TREE.groups_of(words)[0].id == group


def test_what_is_denied_or_somebody_else_s_names_no_kind() -> None:
    assert "fever" not in {group.id for group in TREE.groups_of("咳嗽，没有发烧")}


def test_a_broken_tree_is_not_loaded() -> None:
    broken = """
version = "1"
dispensable = []
indispensable = []
[[topic]]
id = "danger"
section = "present"
label_zh = "x"
label_en = "x"
[[question]]
id = "a"
topic = "danger"
kind = "yes_no"
zh = "疼吗？"
en = "Does it hurt?"
"""
    with pytest.raises(ValueError, match="a yes says nothing"):
        parse_tree(broken)
