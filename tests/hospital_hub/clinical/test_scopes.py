"""What is feared, told for advice, listed or mild is no emergency; the same words said of today are one."""

import pytest

from hospital_hub.clinical.acuity import assess
from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.packs import load_pack
from hospital_hub.clinical.person import person_of
from hospital_hub.clinical.red_flags import find
from hospital_hub.clinical.text import readable

CN = load_pack("cn-2018")


def rules_of(text: str) -> set[str]:
    return {flag.rule for flag in find(text)}


@pytest.mark.parametrize(
    "text",
    [
        "I'm worried that this could be a stroke, but it is only a stiff shoulder",
        "I read online that a mosquito bite can turn into sepsis",
        "What if it is meningitis? I only have a sniffle",
        "担心是心梗，其实就是反酸",
        "网上说可能是脑膜炎，我只是打喷嚏",
    ],
)
def test_a_feared_disease_is_no_sign_of_it(text: str) -> None:
    assert rules_of(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "I think I'm having a stroke",
        "I'm worried it is a stroke, my right arm is weak",
        "Terrified of meningitis: fever and a stiff neck",
        "怕是心梗，胸口压榨样疼",
        "担心是脑膜炎，高烧，脖子硬",
    ],
)
def test_a_fear_beside_its_signs_takes_nothing_away(text: str) -> None:
    assert rules_of(text) != set()


@pytest.mark.parametrize(
    "text",
    [
        "我侄子前年上课时抽搐，医院确诊癫痫，饮食要注意什么",
        "邻居晕倒过，查出是贫血，怎么治疗",
        "She had seizures, was diagnosed with epilepsy, and asks for the best diet",
    ],
)
def test_an_event_told_for_a_question_about_care_raises_nothing(text: str) -> None:
    assert rules_of(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "确诊癫痫两年，现在正在抽搐，怎么治疗",
        "刚才抽搐了，以前查出过癫痫，吃什么药",
        "爸爸确诊脑梗后一个月，半小时前又说不出话，怎么治",
        "Diagnosed with epilepsy, and he is still convulsing; what is the best treatment",
    ],
)
def test_what_happens_now_counts_whatever_is_asked(text: str) -> None:
    assert rules_of(text) != set()


def test_three_bare_names_after_no_are_denied_and_two_are_not() -> None:
    assert rules_of("No fever, chest pain, syncope.") == set()
    assert rules_of("No fever, chest pain since noon") != set()
    assert rules_of("No fever, chest pain") != set()
    assert rules_of("No cough, chills, chest pain for two hours") != set()


def test_an_exception_is_one_only_with_all_of_its_parts() -> None:
    known = "Known epilepsy, one brief seizure this morning"
    assert "seizure" in rules_of(known)
    assert "seizure" not in rules_of(f"{known}, now alert and back to normal")
    assert "chest-pain" in rules_of("Chest pain in a 50-year-old")
    assert "chest-pain" not in rules_of("Chest pain in a 50-year-old, worse when pressing on the ribs")
    assert "chest-pain-heart" in rules_of("Chest pain in a 50-year-old, worse when pressing on it, sweating")
    assert "breathing-stopped" in rules_of("He was snoring and stopped breathing")


@pytest.mark.parametrize(
    ("calmer", "urgent"),
    [
        ("mild dyspnea with a cold", "dyspnea since noon"),
        ("short of breath when climbing stairs for a month", "short of breath at rest"),
        ("爬楼梯时有点气短", "走几步就喘，不能平躺"),
        ("a little lightheaded with palpitations", "palpitations and lightheaded"),
    ],
)
def test_a_mild_or_only_exertional_sign_is_less_than_the_plain_one(calmer: str, urgent: str) -> None:
    assert assess(calmer, pack=CN).level is Level.III
    assert assess(urgent, pack=CN).level is Level.II


def test_a_word_raises_only_the_complaint_that_it_stands_beside() -> None:
    assert assess("Headache. Two days ago a sudden pain in one toe.", pack=CN).level is Level.III
    assert assess("Headache, it was sudden", pack=CN).level is Level.II


def test_a_wrapped_line_goes_on_and_a_short_one_ends() -> None:
    wrapped = "I have had a runny nose for a whole week and there is no throat\nswelling or trouble breathing at all."
    assert rules_of(wrapped) == set()
    assert readable(wrapped).span(64, 72) == (64, 72)
    assert rules_of("no fever\nchest pain") != set()


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("孩子三周岁", 3.0),
        ("4周岁女孩", 4.0),
        ("T 98F, HR 80", None),
        ("Temp 99f", None),
        ("宝宝三周了", 3 * 7 / 365.25),
    ],
)
def test_ages_are_no_temperatures_and_weeks_no_years(text: str, age: float | None) -> None:
    assert person_of(text).age_years == (None if age is None else pytest.approx(age, abs=0.01))


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("abdominal pain 8/10", "III"),
        ("abdominal pain 9/10", "II"),
        ("headache 7/10", "II"),
        ("eye pain 8/10", "II"),
        ("ankle sprain, pain 10/10", "III"),
        ("pain 8/10", "III"),
    ],
)
def test_the_place_of_a_pain_decides_what_its_strength_means(text: str, level: str) -> None:
    found = assess(text, pack=CN).level
    assert found is not None
    assert found.name == level
