"""Who the patient is, from words alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.clinical.person import Person, person_of


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("My 4-year-old has a fever", 4),
        ("72 yo F with SOB", 72),
        ("45M CP", 45),
        ("A 48-year-old woman with a history of asthma", 48),
        ("my six-week-old baby", 0.115),
        ("4 mo F fever", 0.333),
        ("F 34 abd pain", 34),
        ("I'm 29 and my 2-year-old is coughing", 2),
        ("宝宝三个月便秘", 0.25),
        ("两个月大的宝宝发烧", 0.167),
        ("我爷爷八十多岁", 80),
        ("患者男，65岁", 65),
        ("二十三岁", 23),
        ("出生5天", 0.014),
        ("孩子两岁半", 2),
    ],
)
def test_the_age_is_read(text: str, years: float) -> None:
    assert person_of(text).age_years == pytest.approx(years, abs=0.001)


@pytest.mark.parametrize(
    "text",
    ["孩子咳嗽三天", "宝宝发烧3天了", "I am 34 weeks pregnant", "he had asthma at age 5", "for 3 days", "孩子11天没拉"],
)
def test_a_duration_is_no_age(text: str) -> None:
    assert person_of(text).age_years is None


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("newborn with fever", "newborn"),
        ("宝宝发烧", "infant"),
        ("孩子咳嗽", "child"),
        ("老人跌倒", "older"),
        ("35岁", "adult"),
    ],
)
def test_the_stage_follows_the_words(text: str, stage: str) -> None:
    assert person_of(text).stage == stage


@pytest.mark.parametrize(
    ("text", "pregnant"),
    [
        ("怀孕34周", True),
        ("G2P1 at 30 weeks", True),
        ("not pregnant", False),
        ("没有怀孕", False),
        ("备孕", None),
        ("I want to get pregnant", False),
        ("pregnancy test negative", False),
        ("cough", None),
    ],
)
def test_pregnancy_is_said_denied_or_open(text: str, pregnant: bool | None) -> None:
    assert person_of(text).pregnant is pregnant


def test_what_else_is_said() -> None:
    assert person_of("上周化疗").weak_immunity is True
    assert person_of("没有做过化疗").weak_immunity is False
    assert person_of("on Eliquis").thin_blood is True
    assert person_of("产后三天").postpartum is True
    assert person_of("我老公发烧").sex == "male"
    assert person_of("She fell").sex == "female"
    assert person_of("") == Person()


def test_every_age_said_counts_for_a_rule() -> None:
    person = person_of("老人78岁, 家里还有新生儿")
    assert person.aged(65, 200)
    assert person.aged(0, 0.26)
    assert not person.aged(20, 30)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    person = person_of(text)
    assert person.age_years is None or 0 <= person.age_years <= 120
