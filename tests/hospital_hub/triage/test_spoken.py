"""What the rules read of an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.clinical.red_flags import find
from hospital_hub.clinical.text import Language
from hospital_hub.errors import Refused
from hospital_hub.triage.asked import DANGER, Form
from hospital_hub.triage.question_tree import load_tree
from hospital_hub.triage.spoken import check_answer, spoken
from hospital_hub.triage.statements import is_polar, is_reversed, statement_of

TREE = load_tree()
CHEST: dict[Language, Form] = {
    language: TREE.form(TREE.questions["chest-pain"], language) for language in ("zh-CN", "en")
}
NOES = {
    "zh-CN": ["不是", "不", "没有", "没", "否", "没有。", "不确定", "无"],
    "en": ["No", "no.", "Nope", "never", "Not sure", "I don't", "none"],
}
YESES = {
    "zh-CN": ["是", "是的", "有", "有一点", "对", "嗯", "是，疼得厉害"],
    "en": ["Yes", "yes, a bit", "yeah", "I do"],
}


@pytest.mark.parametrize(("language", "words"), [(at, word) for at, every in NOES.items() for word in every])
def test_a_no_raises_nothing(language: Language, words: str) -> None:
    assert not find(spoken(CHEST[language], words, language=language, tree=TREE))


@pytest.mark.parametrize(("language", "words"), [(at, word) for at, every in YESES.items() for word in every])
def test_a_yes_says_the_statement(language: Language, words: str) -> None:
    assert {flag.rule for flag in find(spoken(CHEST[language], words, language=language, tree=TREE))} == {"chest-pain"}


def test_what_follows_a_no_is_read() -> None:
    assert find(spoken(CHEST["zh-CN"], "没有，但是喘不上气", language="zh-CN", tree=TREE))
    assert find(spoken(CHEST["en"], "No, but I can't breathe", language="en", tree=TREE))


def test_free_words_are_read_as_they_are() -> None:
    form = TREE.form(TREE.questions["place"], "zh-CN")
    assert spoken(form, "胸口痛", language="zh-CN", tree=TREE) == "胸口痛"


def test_a_number_is_read_with_what_it_counts() -> None:
    pain, age = (TREE.form(TREE.questions[name], "zh-CN") for name in ("severity-pain", "age"))
    assert spoken(pain, "8", language="zh-CN", tree=TREE) == "疼痛8分（满分10分）"
    assert spoken(age, "72", language="zh-CN", tree=TREE) == "年龄72岁"
    assert spoken(pain, "8分，越来越疼", language="zh-CN", tree=TREE) == "疼痛8分（满分10分）\n8分，越来越疼"
    assert spoken(age, "不知道", language="zh-CN", tree=TREE) == "不知道"


def test_an_option_is_read_with_its_topic() -> None:
    onset = TREE.form(TREE.questions["onset"], "en")
    assert spoken(onset, "Today", language="en", tree=TREE) == "Began: Today"


@pytest.mark.parametrize(
    ("topic", "language", "words", "flags"),
    [
        ("past", "zh-CN", "高血压，脑梗", False),
        ("past", "zh-CN", "心梗", False),
        ("past", "en", "a stroke, diabetes", False),
        ("past", "en", "heart attack", False),
        ("allergies", "zh-CN", "青霉素，过敏性休克", False),
        ("past", "zh-CN", "高血压，现在胸痛", True),
        ("past", "zh-CN", "胸痛", True),
        ("past", "en", "I have chest pain", True),
        ("past", "zh-CN", "喘不上气", True),
        ("medicines", "zh-CN", "刚才吃了一整瓶安眠药", True),
    ],
)
def test_an_illness_of_the_past_is_past_and_a_complaint_is_not(
    topic: str, language: Language, *, words: str, flags: bool
) -> None:
    form = TREE.form(TREE.questions[topic], language)
    assert bool(find(spoken(form, words, language=language, tree=TREE))) == flags


@given(words=st.text(max_size=60), name=st.sampled_from(sorted(TREE.questions)), chinese=st.booleans())
def test_anything_can_be_heard(words: str, name: str, *, chinese: bool) -> None:
    language: Language = "zh-CN" if chinese else "en"
    find(spoken(TREE.form(TREE.questions[name], language), words, language=language, tree=TREE))


@pytest.mark.parametrize(("name", "words"), [("severity-pain", "11"), ("severity-pain", "7.5"), ("age", "400")])
def test_an_impossible_number_is_refused(name: str, words: str) -> None:
    with pytest.raises(Refused):
        check_answer(TREE.form(TREE.questions[name], "zh-CN"), words)


@pytest.mark.parametrize(("name", "words"), [("severity-pain", "10"), ("age", "0"), ("age", "三岁"), ("past", "400")])
def test_other_words_are_taken(name: str, words: str) -> None:
    check_answer(TREE.form(TREE.questions[name], "zh-CN"), words)


@pytest.mark.parametrize(
    ("question", "statement", "flag"),
    [
        ("您有胸痛吗？", "有胸痛", True),
        ("有没有喘不上气？", "有喘不上气", True),
        ("请问您最近有没有晕倒过？", "最近有晕倒过", True),
        ("您咳嗽时有痰吗？", "咳嗽时有痰", False),
        ("Do you have chest pain?", "I have chest pain", True),
        ("Are you short of breath?", "I am short of breath", True),
        ("Did you lose consciousness?", "I lost consciousness", True),
        ("Did you faint?", "I fainted", True),
        ("Have you coughed up blood?", "I have coughed up blood", True),
        ("Does the pain spread to your arm?", "the pain spread to my arm", False),
    ],
)
def test_a_model_s_question_becomes_a_statement(question: str, statement: str, *, flag: bool) -> None:
    language: Language = "en" if question.isascii() else "zh-CN"
    assert is_polar(question)
    assert statement_of(question, language) == statement
    assert bool(find(statement)) == flag
    form = Form(DANGER, "yes_no", ("是", "不是", "不确定"), (statement,))
    assert not find(spoken(form, "不是", language=language, tree=TREE))


@pytest.mark.parametrize("question", ["您能正常走路吗？", "疼痛好转了吗？", "Can you breathe?", "Is it normal?"])
def test_where_a_no_would_be_the_danger_is_seen(question: str) -> None:
    assert is_reversed(question)


@pytest.mark.parametrize(
    "question", ["您能描述一下吗？", "哪里疼？", "When did it begin?", "Can you describe the pain?"]
)
def test_a_question_that_yes_does_not_answer_is_seen(question: str) -> None:
    assert not is_polar(question)
    assert not is_reversed(question)
