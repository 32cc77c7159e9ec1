"""Which question comes next: never more than ten, danger by the fifth, nothing that is known already."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.clinical.text import Language
from hospital_hub.triage.asked import DANGER, Exchange, Form, History
from hospital_hub.triage.interview import DANGER_BY, MOST, plan
from hospital_hub.triage.question_tree import load_tree

TREE = load_tree()
COMPLAINTS: dict[Language, list[str]] = {
    "zh-CN": [
        "膝盖疼",
        "难受",
        "肚子疼",
        "孩子发烧",
        "头晕三天",
        "怀孕5个月，来问问",
        "眼睛红",
        "心情不好",
        "摔了一跤",
    ],
    "en": [
        "My knee hurts",
        "I feel unwell",
        "belly ache",
        "my 4-year-old has a rash",
        "back pain",
        "cough",
    ],
}
NO = {"zh-CN": "不是", "en": "No"}


def asked(history: History, *, answer: str = "") -> History:
    """The conversation with the tree's next question, answered."""
    question = plan(history, TREE).question
    assert question is not None
    form = TREE.form(question, history.language)
    words = answer or (NO[history.language] if form.kind == "yes_no" else form.options[-1] if form.options else "40")
    ordinal = 1 + 2 * len(history.exchanges)
    exchange = Exchange(ordinal, question.text[history.language], form, answer=words)
    return History(history.complaint, history.language, (*history.exchanges, exchange))


def whole(complaint: str, language: Language = "zh-CN") -> History:
    history = History(complaint, language)
    while plan(history, TREE).question is not None:
        history = asked(history)
    return history


def topics(history: History) -> list[str]:
    return [one.form.topic for one in history.exchanges]


@pytest.mark.parametrize(
    ("language", "complaint"), [(language, one) for language, every in COMPLAINTS.items() for one in every]
)
def test_an_interview_of_the_tree_is_whole_and_bounded(language: Language, complaint: str) -> None:
    history = whole(complaint, language)
    found = topics(history)
    assert len(found) <= MOST
    others = [topic for topic in found if topic != DANGER]
    assert len(set(others)) == len(others)
    assert {"medicines", "allergies"} <= set(found)
    dangers = [place for place, topic in enumerate(found, 1) if topic == DANGER]
    assert dangers
    assert max(dangers) <= DANGER_BY
    texts = [one.text for one in history.exchanges]
    assert len(set(texts)) == len(texts)


@given(data=st.data())
def test_whatever_is_answered_at_most_ten_are_asked(data: st.DataObject) -> None:
    language: Language = data.draw(st.sampled_from(("zh-CN", "en")))
    history = History(data.draw(st.sampled_from(COMPLAINTS[language]) | st.text(max_size=30)), language)
    while (question := plan(history, TREE).question) is not None:
        form = TREE.form(question, language)
        words = data.draw(st.sampled_from(form.options or ("x",)) | st.text(min_size=1, max_size=20))
        history = asked(history, answer=words)
        assert len(history.exchanges) <= MOST


@pytest.mark.parametrize(
    ("complaint", "known"),
    [
        ("膝盖疼了一周", "onset"),
        ("昨晚开始咳嗽", "onset"),
        ("I have had a cough for two days", "onset"),
        ("对青霉素过敏，咳嗽", "allergies"),
        ("35岁，咳嗽", "age"),
        ("咳嗽，有高血压", "past"),
        ("咳嗽越来越厉害", "course"),
        ("35-year-old with a cough", "age"),
        ("I take metformin and have a cough", "medicines"),
    ],
)
def test_what_the_complaint_says_is_not_asked(complaint: str, known: str) -> None:
    language: Language = "en" if complaint.isascii() else "zh-CN"
    assert known not in topics(whole(complaint, language))
    assert known in topics(whole("咳嗽", "zh-CN"))


@pytest.mark.parametrize(
    ("complaint", "asks"),
    [
        ("肚子疼", True),
        ("头晕", True),
        ("膝盖疼", False),
        ("孩子肚子疼", False),
        ("男，肚子疼", False),
        ("老公肚子疼", False),
        ("男朋友打的，肚子疼", True),
        ("70岁，肚子疼", False),
        ("怀孕5个月，肚子胀", False),
    ],
)
def test_pregnancy_is_asked_only_where_it_can_matter(complaint: str, *, asks: bool) -> None:
    assert ("pregnancy" in topics(whole(complaint))) == asks


def test_with_pain_or_bleeding_a_pregnancy_is_a_danger() -> None:
    assert "pregnancy-belly" in [one.form.question for one in whole("肚子疼").exchanges]
    assert "pregnancy" in [one.form.question for one in whole("便秘").exchanges]
    assert "pregnancy-bleeding" in [one.form.question for one in whole("鼻血").exchanges]


def test_a_vague_complaint_is_asked_what_it_is_about_and_the_answer_tells_the_dangers() -> None:
    first = plan(History("我有点不舒服", "zh-CN"), TREE)
    assert first.question is not None
    assert first.question.id == "complaint"
    history = asked(History("我有点不舒服", "zh-CN"), answer="发烧")
    assert [one.form.question for one in asked(history).exchanges][-1] == "fever-confused"
    second = plan(History("I feel unwell", "en"), TREE)
    assert second.question is not None
    assert second.question.id == "complaint"
    assert "complaint" not in topics(whole("咳嗽"))


def test_pain_is_asked_on_a_scale_and_other_things_are_not() -> None:
    assert "severity-pain" in [one.form.question for one in whole("膝盖疼").exchanges]
    assert "severity" in [one.form.question for one in whole("咳嗽").exchanges]


def test_a_danger_that_a_model_asked_for_is_not_asked_again() -> None:
    form = Form(DANGER, "yes_no", ("是", "不是", "不确定"), ("喘不上气",))
    history = History("咳嗽", "zh-CN", (Exchange(1, "您觉得喘不上气吗？", form, by_model=True, answer="不是"),))
    assert "breath-hard" not in [one.form.question for one in _rest(history)]
    assert "blood-coughed" in [one.form.question for one in _rest(history)]


def _rest(history: History) -> list[Exchange]:
    while plan(history, TREE).question is not None:
        history = asked(history)
    return list(history.exchanges)


def test_danger_is_due_in_time_for_the_fifth_question() -> None:
    form = Form("course", "text")
    history = History("咳嗽", "zh-CN")
    due = []
    for number in range(1, 4):
        due.append(plan(history, TREE).due)
        history = History("咳嗽", "zh-CN", (*history.exchanges, Exchange(2 * number, f"问{number}", form, answer="x")))
    assert due == [False, False, True]


def test_a_model_may_not_end_it_before_danger_and_allergies_were_asked() -> None:
    history = History("咳嗽两天", "zh-CN")
    while plan(history, TREE).question is not None:
        enough = plan(history, TREE).enough(TREE)
        assert enough == (not {DANGER, "medicines", "allergies"} & set(plan(history, TREE).needed))
        history = asked(history)
    assert plan(history, TREE).enough(TREE)
