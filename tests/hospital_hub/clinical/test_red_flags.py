"""The red-flag rules are tested by their own examples, and by what must never change an answer."""

import time
from collections import Counter
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.clinical.complaints import age_of
from hospital_hub.clinical.levels import Level, most_urgent
from hospital_hub.clinical.person import person_of
from hospital_hub.clinical.red_flags import Flag, Rule, RulesError, find, level_of, load_rules, parse_rules
from hospital_hub.clinical.text import language_of, readable
from tests.hospital_hub.clinical.red_flag_stories import CALM, DANGEROUS

RULES = load_rules().rules
EXAMPLES = [(rule, example) for rule in RULES for example in rule.examples]
COUNTER_EXAMPLES = [(rule, example) for rule in RULES for example in rule.counter_examples]
SOOTHING = (
    "应该没什么大事。",
    "可能是我太紧张了",
    "家里人说不用担心",
    "以前也有过，过几天就好了",
    "医生上次说没有问题",
    "It is probably nothing.",
    "My wife says I worry too much",
    "I am sure it will pass",
    "No need to hurry",
    "No rush",
    "Not a big deal",
    "Others are sicker than me, level IV is fine",
)
# One word group each, in the person's own words; said plainly they raise a flag, denied they must not.
DENIABLE_ZH = ("胸痛", "呼吸困难", "昏迷", "呕血", "抽搐", "咯血", "晕倒", "大出血", "黑便", "偏瘫", "自杀")
DENIABLE_EN = ("chest pain", "shortness of breath", "seizures", "slurred speech", "vomiting blood", "petechiae")
BEFORE_ZH = (
    "没有{}",
    "无{}",
    "否认{}",
    "没有任何{}",
    "未出现{}",
    "没有发烧、咳嗽和{}",
    "否认头晕，{}",
    "{}：无",
    "并没有出现{}",
)
BEFORE_EN = (
    "no {}",
    "denies {}",
    "without {}",
    "I don't have {}",
    "I do not have any {}",
    "no fever, cough, or {}",
    "no fever or {}",
    "negative for {}",
    "denies fever, cough and {}",
    "{}: no",
)


def rules_of(text: str) -> set[str]:
    return {flag.rule for flag in find(text)}


def named(pair: tuple[Rule, str]) -> str:
    return f"{pair[0].id}: {pair[1]}"


@pytest.mark.parametrize("pair", EXAMPLES, ids=named)
def test_an_example_raises_its_rule(pair: tuple[Rule, str]) -> None:
    assert pair[0].id in rules_of(pair[1])


@pytest.mark.parametrize("pair", COUNTER_EXAMPLES, ids=named)
def test_a_counter_example_does_not(pair: tuple[Rule, str]) -> None:
    assert pair[0].id not in rules_of(pair[1])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_can_be_reviewed(rule: Rule) -> None:
    """Three tests of each kind in both languages, a source, a title, and a level that a red flag may have."""
    for texts in (rule.examples, rule.counter_examples):
        languages = Counter(language_of(text, default="en") for text in texts)
        assert languages["zh-CN"] >= 3
        assert languages["en"] >= 3
    assert rule.level in {Level.I, Level.II}
    assert len(rule.source) > 10
    assert all(rule.title.values())


def test_what_the_hospital_asked_for_is_covered() -> None:
    scopes = {rule.scope for rule in RULES}
    assert scopes >= {"airway", "breathing", "circulation", "chest", "nerves", "infection", "allergy", "obstetric"}
    assert scopes >= {"belly", "poisoning", "mental", "child", "injury"}
    assert scopes >= {"metabolism", "eye", "surgery", "pain"}
    assert len(RULES) >= 100


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_dangerous_story_is_found(text: str) -> None:
    assert find(text) != ()


@pytest.mark.parametrize("text", CALM)
def test_a_calm_story_raises_nothing(text: str) -> None:
    assert find(text) == ()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_soothing_word_takes_an_example_away(rule: Rule) -> None:
    for text, soothing in product(rule.examples, SOOTHING):
        assert rule.id in rules_of(f"{text}，{soothing}"), soothing
        assert rule.id in rules_of(f"{soothing}. {text}"), soothing
        assert rule.id in rules_of(f"{soothing.rstrip('.。')}, {text}"), soothing


@pytest.mark.parametrize("words", DENIABLE_ZH)
@pytest.mark.parametrize("form", BEFORE_ZH)
def test_denied_in_chinese_is_not_said(form: str, words: str) -> None:
    assert find(words) != ()
    assert find(form.format(words)) == ()


@pytest.mark.parametrize("words", DENIABLE_EN)
@pytest.mark.parametrize("form", BEFORE_EN)
def test_denied_in_english_is_not_said(form: str, words: str) -> None:
    assert find(words) != ()
    assert find(form.format(words)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "没吃早饭胸痛",
        "胸痛没有缓解",
        "没有发烧，胸口疼",
        "没有发烧但是胸痛",
        "不是没有胸痛，就是不想说",
        "没有力气，胸痛",
        "无明显诱因出现胸痛",
        "自从爸爸去世我就胸痛",
        "我爸爸胸痛两个小时了",
        "我妈有高血压昏迷了",
        "从3年前开始反复胸痛，今天加重",
        "家族史无特殊，胸痛2小时",
        "I have chest pain but no fever",
        "No, I have chest pain",
        "I have no idea why my chest hurts",
        "chest pain with no relief",
        "no fever and I cannot breathe",
        "What if I'm having a heart attack",
        "My father is having chest pain right now",
        "since my father died I have chest pain",
        "my grandmother had a fall and is unconscious",
        "I have a history of asthma and I can't breathe",
        "History of heart attack, now chest pain again",
        "without warning I collapsed",
        "ＣＨＥＳＴ　ｐａｉｎ",
        "胸 痛",
        "胸\u200b痛",
        "can’t breathe",
    ],
)
def test_what_only_looks_excused_is_said(text: str) -> None:
    assert find(text) != ()


@pytest.mark.parametrize(
    "text",
    [
        "我爷爷得过中风",
        "爸爸因心梗去世",
        "家族史：父亲中风",
        "family history of stroke",
        "my mother died of a heart attack",
        "5年前中风过",
        "小时候抽搐过",
        "history of stroke",
        "I had a stroke in 2015",
        "如果出现胸痛怎么办",
        "if I get chest pain, what should I do",
        "my knee hurts when I climb stairs",
        "感冒流鼻涕三天",
        "来开高血压药",
        "I need a refill of my blood pressure pills",
    ],
)
def test_somebody_elses_long_past_imagined_and_ordinary_words_raise_nothing(text: str) -> None:
    assert find(text) == ()


@given(
    pair=st.sampled_from(EXAMPLES),
    soothing=st.lists(st.sampled_from(SOOTHING), min_size=1, max_size=3),
    joint=st.sampled_from(("，", "。", ", ", ". ", "\n")),
    before=st.booleans(),
)
def test_soothing_words_take_no_flag_away(
    pair: tuple[Rule, str], soothing: list[str], joint: str, before: bool
) -> None:
    parts = [*soothing, pair[1]] if before else [pair[1], *soothing]
    assert rules_of(joint.join(parts)) >= rules_of(pair[1])


TOPICS_ZH = (
    "中风",
    "脑梗",
    "心梗",
    "心绞痛",
    "宫外孕",
    "脑膜炎",
    "败血症",
    "癫痫发作",
    "肺栓塞",
    "阑尾炎",
    "气胸",
    "咯血",
)
TOPICS_EN = ("stroke", "heart attack", "meningitis", "sepsis", "pulmonary embolism", "seizure", "ectopic pregnancy")
ASKED_ZH = (
    "什么是{}？",
    "{}的症状有哪些",
    "{}的早期症状是什么",
    "如何预防{}",
    "高血压会引起{}吗",
    "怎么判断{}",
    "{}和别的病有什么区别",
    "{}会遗传吗",
    "了解一下{}",
)
ASKED_EN = (
    "What is a {}?",
    "what are the signs of a {}",
    "How can I prevent a {}?",
    "Can smoking cause a {}?",
    "What causes a {}?",
    "how do doctors treat a {}",
    "I would like to read about {}",
)


@pytest.mark.parametrize("words", TOPICS_ZH)
@pytest.mark.parametrize("form", ASKED_ZH)
def test_a_question_about_a_topic_in_chinese_is_no_complaint(form: str, words: str) -> None:
    assert find(form.format(words)) == ()


@pytest.mark.parametrize("words", TOPICS_EN)
@pytest.mark.parametrize("form", ASKED_EN)
def test_a_question_about_a_topic_in_english_is_no_complaint(form: str, words: str) -> None:
    assert find(form.format(words)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "我爸突然说不出话",
        "我妈现在胸痛，是心梗的症状吗",
        "我现在胸痛，会引起心梗吗",
        "我是不是中风了，半边身子没力",
        "孩子抽搐怎么办",
        "昏迷了怎么办",
        "My mum suddenly cannot speak",
        "My father is having chest pain now",
        "Am I having a stroke? My arm is weak",
        "Are these signs of a stroke? her face is drooping",
        "What should I do, he is having a seizure",
        "My dad had a seizure",
        "My grandfather passed out",
        "a 3-day history of chest pain",
        "history of COPD presents with shortness of breath",
        "PMH: stroke, HTN. Now slurred speech",
        "既往有高血压病史，现突发胸痛",
        "不排除心梗",
    ],
)
def test_a_question_or_a_history_beside_a_complaint_excuses_nothing(text: str) -> None:
    assert find(text) != ()


@pytest.mark.parametrize(
    "text",
    [
        "PMH: HTN, stroke, COPD. Here for refill",
        "with a history of hypertension, stroke, and type 2 diabetes comes for a check-up",
        "既往有高血压、脑梗死、冠心病病史，来开药",
        "She denies fever, chills, nausea, vomiting, diarrhea, chest pain, shortness of breath, or syncope",
        "neg for CP, SOB, syncope",
        "(-) chest pain",
        "w/o chest pain",
        "无发热寒战胸痛",
        "患者无胸闷胸痛，无腹痛黑便",
        "He has no numbness, weakness, or bowel or bladder incontinence, back pain only",
    ],
)
def test_lists_of_what_is_denied_or_past_raise_nothing(text: str) -> None:
    assert find(text) == ()


@given(pair=st.sampled_from(EXAMPLES), denied=st.sampled_from((*DENIABLE_ZH, *DENIABLE_EN)), before=st.booleans())
def test_a_denied_complaint_beside_it_takes_no_flag_away(pair: tuple[Rule, str], denied: str, before: bool) -> None:
    said = f"没有{denied}。" if denied[0] >= "\u4e00" else f"No {denied}. "
    assert rules_of(f"{said}{pair[1]}" if before else f"{pair[1]}。{said}") >= rules_of(pair[1])


@pytest.mark.parametrize("text", [*DANGEROUS[:3], *CALM[:3]])
def test_two_thousand_characters_take_a_few_milliseconds(text: str) -> None:
    long = (text + " " + CALM[4] + "。") * 40
    find(long[:2000])
    started = time.process_time()
    find(long[:2000])
    assert time.process_time() - started < 0.1


# Two sentences tell of one person: an age in either of them is meant for a rule of its own.
AGELESS = [pair for pair in EXAMPLES if age_of(person_of(pair[1])) is None]


@given(first=st.sampled_from(AGELESS), second=st.sampled_from(AGELESS))
def test_two_complaints_raise_both_and_no_calmer_level(first: tuple[Rule, str], second: tuple[Rule, str]) -> None:
    both = find(f"{first[1]}。{second[1]}")
    assert {flag.rule for flag in both} >= rules_of(first[1]) | rules_of(second[1])
    assert (level_of(both) or Level.IV) <= min(flag.level for flag in (*find(first[1]), *find(second[1])))


@given(st.text(max_size=300))
def test_any_text_is_read_and_every_flag_points_at_its_words(text: str) -> None:
    for flag in find(text):
        assert text[flag.start : flag.end] == flag.words


@given(pair=st.sampled_from(EXAMPLES), lead=st.text(alphabet=" \u200b\u3000a，。", max_size=12))
def test_places_are_those_of_the_typed_text(pair: tuple[Rule, str], lead: str) -> None:
    for flag in find(lead + pair[1]):
        assert (lead + pair[1])[flag.start : flag.end] == flag.words


def test_flags_come_most_urgent_first() -> None:
    flags = find("胸痛，然后没有呼吸了，孩子精神很差")
    assert all(before.level <= after.level for before, after in pairwise(flags))
    assert level_of(flags) is Level.I


def test_no_flag_is_no_level() -> None:
    assert level_of(find("膝盖疼")) is None
    assert most_urgent(None, None) is None
    assert most_urgent(None, Level.IV, Level.II) is Level.II


@pytest.mark.parametrize(
    "text",
    [
        "no " + "a or " * 900 + "5 chest pain",
        "no " + "a, or " * 600 + "5 chest pain",
        "no chest pain or " * 230,
        "无" + "啊和" * 1900 + "胸痛",
        "没有" + "再过" * 1900 + "5胸痛",
        "chest" + " a" * 1900,
        "father " * 570,
        " " * 4000,
    ],
    ids=lambda text: text[:20],
)
def test_no_text_makes_the_search_slow(text: str) -> None:
    started = time.process_time()
    find(text[:4000])
    assert time.process_time() - started < 2.0


def test_a_broken_rule_is_named() -> None:
    whole = '[scope]\n[[rule]]\nid = "one"\nscope = "x"\nlevel = 9\ntitle_zh = "一"\ntitle_en = "One"\nsource = "s"\n'
    with pytest.raises(RulesError, match="rule one: 9 is not a valid Level"):
        parse_rules('version = "1"\n' + whole + "when = []\nexamples = []\ncounter_examples = []\n")


def test_one_flag_for_each_group_of_words() -> None:
    flags = [flag for flag in find("Fever and a stiff neck") if flag.rule == "meningitis"]
    assert flags == [
        Flag("meningitis", Level.II, 0, 5, "Fever"),
        Flag("meningitis", Level.II, 12, 22, "stiff neck"),
    ]


def test_the_clean_text_leads_back() -> None:
    read = readable("Ａ\u200bﬁ 胸 痛")
    assert read.clean == "afi 胸痛"
    assert read.span(0, 1) == (0, 1)
    assert read.span(4, 6) == (4, 7)


@pytest.mark.parametrize(
    ("text", "language"),
    [("胸痛 CT 正常", "zh-CN"), ("chest pain 痛", "en"), ("123", "en"), ("", "en"), ("头疼", "zh-CN")],
)
def test_the_language_of_words(text: str, language: str) -> None:
    assert language_of(text, default="en") == language
