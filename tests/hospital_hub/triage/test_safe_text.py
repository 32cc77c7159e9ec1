"""What the kiosk may show of a model's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.triage.safe_text import Fitness, judge

QUESTIONS_ZH = (
    "疼痛是从什么时候开始的？",
    "您有药物过敏史吗？",
    "您有高血压或糖尿病吗？",
    "您现在正在服用什么药物？",
    "有没有发烧或咳嗽？",
    "您现在体温多少度？",
    "这种情况持续多长时间了？",
)
QUESTIONS_EN = (
    "When did the pain start?",
    "Do you have diabetes or high blood pressure?",
    "How strong is the pain, from 0 to 10?",
    "Are you taking any medicines?",
    "Do you take any other medicines?",
    "Do you have a fever?",
    "Is the pain mild or severe?",
    "Does it get worse when you breathe in?",
)
FORBIDDEN_ZH = {
    "您可能是阑尾炎。": "diagnosis",
    "会不会是肺炎？": "diagnosis",
    "请服用布洛芬。": "drug",
    "您可以吃点止痛药吗？": "drug",
    "每次200毫克。": "dose",
    "建议多喝水多休息，护士会来。": "treatment",
    "护士说您吃点药就好。": "treatment",
    "不用担心，没什么大事。": "reassurance",
    "您的病情是四级。": "level",
    "我是医生。": "impersonation",
}
FORBIDDEN_EN = {
    "You may have appendicitis.": "diagnosis",
    "Could it be pneumonia?": "diagnosis",
    "Have you tried taking aspirin?": "drug",
    "Two tablets, 500 mg each.": "dose",
    "You should rest, and a nurse will come.": "treatment",
    "A nurse will tell you that it is nothing serious.": "reassurance",
    "This is triage level IV.": "level",
    "I am a doctor.": "impersonation",
    "See https://example.org": "link-or-markup",
}


@pytest.mark.parametrize("sentence", QUESTIONS_ZH)
def test_a_chinese_question_may_be_asked(sentence: str) -> None:
    assert judge(sentence, language="zh-CN").fitness is Fitness.QUESTION


@pytest.mark.parametrize("sentence", QUESTIONS_EN)
def test_an_english_question_may_be_asked(sentence: str) -> None:
    assert judge(sentence, language="en").fitness is Fitness.QUESTION


@pytest.mark.parametrize(("sentence", "rule"), FORBIDDEN_ZH.items())
def test_chinese_advice_is_forbidden(sentence: str, rule: str) -> None:
    assert (judge(sentence, language="zh-CN").fitness, judge(sentence, language="zh-CN").rule) == (
        Fitness.FORBIDDEN,
        rule,
    )


@pytest.mark.parametrize(("sentence", "rule"), FORBIDDEN_EN.items())
def test_english_advice_is_forbidden(sentence: str, rule: str) -> None:
    assert (judge(sentence, language="en").fitness, judge(sentence, language="en").rule) == (Fitness.FORBIDDEN, rule)


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("Where does it hurt?", "zh-CN"),
        ("哪里疼？", "en"),
        ("Dolor de pecho?", "en"),
        ("痛いですか？", "zh-CN"),
        ("Где болит?", "en"),
    ],
)
def test_another_language_is_foreign(sentence: str, language: str) -> None:
    assert judge(sentence, language=language).fitness is Fitness.FOREIGN  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("Thank you for telling me about it.", "en"),
        ("A nurse is coming now.", "en"),
        ("护士马上就来。", "zh-CN"),
        ("感谢您的描述。", "zh-CN"),
        ("What is a simple, easy answer?", "en"),
        ("When " + "and when " * 40 + "did you feel it?", "en"),
    ],
)
def test_what_is_no_question_is_unfit(sentence: str, language: str) -> None:
    assert judge(sentence, language=language).fitness is Fitness.UNFIT  # type: ignore[arg-type]


@given(
    advice=st.sampled_from([*FORBIDDEN_ZH, *FORBIDDEN_EN]),
    around=st.sampled_from([*QUESTIONS_ZH, *QUESTIONS_EN, "护士马上就来。", "A nurse is coming now."]),
    before=st.booleans(),
)
def test_nothing_around_it_makes_advice_fit(advice: str, around: str, before: bool) -> None:
    sentence = f"{around} {advice}" if before else f"{advice} {around}"
    for fitness in (judge(sentence, language="zh-CN").fitness, judge(sentence, language="en").fitness):
        assert fitness is not Fitness.QUESTION
