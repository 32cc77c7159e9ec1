"""Levels: the catalogue's own examples, every edge of the packs, both languages alike, and what must never calm."""

import time
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hospital_hub.clinical.acuity import Assessment, assess, load_acuity_rules
from hospital_hub.clinical.complaints import CatalogueError, load_catalogue, parse_catalogue
from hospital_hub.clinical.departments import department_names
from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.packs import Pack, load_pack
from hospital_hub.clinical.text import is_chinese
from hospital_hub.clinical.vital_signs import EXPECTED, Sign, VitalSigns
from tests.hospital_hub.clinical.acuity_pairs import PAIRS

CN, ESI = load_pack("cn-2018"), load_pack("esi")
CATALOGUE = load_catalogue()
EXAMPLES = [
    (one.id, level, text) for one in CATALOGUE.complaints for level, texts in one.examples.items() for text in texts
]
NORMAL = {
    Sign.HEART_RATE: 76.0,
    Sign.RESPIRATORY_RATE: 15.0,
    Sign.SPO2: 98.0,
    Sign.SYSTOLIC: 122.0,
    Sign.TEMPERATURE: 36.8,
}
SOOTHING = (
    "应该没什么大事。",
    "可能是我太紧张了，不着急。",
    "以前也有过，过几天就好了。",
    "It is probably nothing.",
    "I am sure it will pass, no hurry.",
    "Level IV is fine with me.",
    "没有胸痛，没有呼吸困难。",
    "Denies chest pain, denies shortness of breath.",
)
CALM = ("A cold with a runny nose", "来拆线", "Toothache for two days", "脚气痒", "Medication refill", "失眠一个月")
SERIOUS = ("Belly pain for one day", "头晕两天", "肾结石，侧腰疼", "Migraine with nausea", "低烧两周")
DANGER = (
    "SpO2 88%",
    "BP 76/40",
    "心率160",
    "Black tarry stools for two days",
    "不想活了",
    "Short of breath since this morning",
    "GCS 11",
)


def said(level: Level | None) -> str:
    return "insufficient" if level is None else level.name


def seen(found: Assessment) -> int:
    """1 at once or within ten minutes (a nurse, where there is no level), 2 within thirty, 3 later."""
    return {None: 1, Level.I: 1, Level.II: 1, Level.III: 2, Level.IV: 3}[found.level]


@pytest.mark.parametrize("pack", [CN, ESI], ids=lambda pack: pack.id)
@pytest.mark.parametrize(("rule", "level", "text"), EXAMPLES, ids=[f"{rule}-{text}" for rule, _, text in EXAMPLES])
def test_examples_of_the_catalogue(rule: str, level: str, text: str, pack: Pack) -> None:
    """A red flag may demand more than the complaint alone, but never of a calm example."""
    found = assess(text, pack=pack)
    if found.red_flags and level != "IV":
        assert found.level is not None
        assert found.level <= Level[level]
    else:
        assert said(found.level) == level


def test_every_complaint_has_examples_in_both_languages_and_enough_are_known() -> None:
    assert len(CATALOGUE.complaints) >= 150
    for one in CATALOGUE.complaints:
        texts = [text for texts in one.examples.values() for text in texts]
        chinese = [text for text in texts if any(is_chinese(character) for character in text)]
        assert len(chinese) >= 2, one.id
        assert len(texts) - len(chinese) >= 2, one.id
        assert one.source
        assert all(department_names()[one.department].values())


@pytest.mark.parametrize(("level", "chinese", "english"), PAIRS, ids=[english for _, _, english in PAIRS])
def test_the_same_case_has_the_same_level_in_both_languages(level: str, chinese: str, english: str) -> None:
    assert (said(assess(chinese, pack=CN).level), said(assess(english, pack=CN).level)) == (level, level)


@pytest.mark.parametrize(
    ("text", "pack", "level"),
    [
        ("3-week-old baby, temperature 38.1", CN, "II"),
        ("2-year-old with a cough, RR 38, eating well", CN, "IV"),
        ("2-year-old with a cough, RR 44, eating well", CN, "III"),
        ("2-year-old with a cough, RR 58, eating well", CN, "II"),
        ("ankle sprain, pain 8/10", CN, "III"),
        ("ankle sprain, pain 5/10", CN, "IV"),
        ("abdominal pain 8/10", CN, "III"),
        ("abdominal pain 9/10", CN, "II"),
        ("sore throat, SpO2 93%", CN, "III"),
        ("sore throat, SpO2 91%", ESI, "II"),
        ("sore throat, HR 900", CN, "III"),
        ("headache, T 38.6, RR 26, HR 118, BP 96/60", CN, "II"),
        ("HR 120", CN, "insufficient"),
        ("SpO2 90%", CN, "II"),
        ("", CN, "insufficient"),
    ],
)
def test_vital_signs_decide_with_the_words(text: str, pack: Pack, level: str) -> None:
    assert said(assess(text, pack=pack).level) == level


def test_reasons_are_told_in_both_languages_with_their_place() -> None:
    text = "咽痛两天，SpO2 91%"
    found = assess(text, pack=CN)
    sentences = {one.rule: (one.sentence["zh-CN"], one.sentence["en"]) for one in found.indicators}
    assert sentences["spo2-iii"] == ("SpO2 91 % → III 级", "SpO2 91 % → III")
    assert sentences["sore-throat"] == ("咽痛 → IV 级", "Sore throat → IV") or "咽" in sentences["sore-throat"][0]
    assert all(text[one.start : one.end] for one in found.indicators if one.words)
    assert found.provisional
    assert Sign.HEART_RATE in found.missing
    assert found.department == "respiratory"


def test_a_complete_form_is_not_provisional_and_a_gap_in_it_gives_no_calm_level() -> None:
    whole = assess("sore throat", pack=CN, measured=VitalSigns.of(NORMAL))
    assert (whole.level, whole.provisional, whole.missing) == (Level.IV, False, ())
    for sign in EXPECTED:
        values = {name: value for name, value in NORMAL.items() if name is not sign}
        gap = assess("sore throat", pack=CN, measured=VitalSigns.of(values))
        assert (gap.level, gap.missing) == (None, (sign,))


@given(
    text=st.sampled_from([*CALM, *SERIOUS]),
    changed=st.dictionaries(st.sampled_from(EXPECTED), st.sampled_from([0.6, 0.8, 1.0, 1.3, 1.7])),
    removed=st.sets(st.sampled_from(EXPECTED)),
)
def test_a_sign_removed_from_the_form_never_calms(text: str, changed: dict[Sign, float], removed: set[Sign]) -> None:
    values = {sign: value * changed.get(sign, 1) for sign, value in NORMAL.items()}
    left = {sign: value for sign, value in values.items() if sign not in removed}
    whole = assess(text, pack=CN, measured=VitalSigns.of(values))
    assert seen(assess(text, pack=CN, measured=VitalSigns.of(left))) <= seen(whole)


@given(
    text=st.sampled_from([text for _, _, text in EXAMPLES]), soothing=st.lists(st.sampled_from(SOOTHING), min_size=1)
)
@settings(max_examples=300)
def test_soothing_words_and_denied_symptoms_never_calm(text: str, soothing: list[str]) -> None:
    before, after = assess(text, pack=CN), assess(f"{text}。{''.join(soothing)}", pack=CN)
    assert seen(after) <= seen(before)
    assert (after.level or Level.I) <= (before.level or Level.IV)


@given(
    text=st.sampled_from([*CALM, *SERIOUS, *DANGER]), more=st.lists(st.sampled_from([*DANGER, *SERIOUS]), min_size=1)
)
@settings(max_examples=200)
def test_a_danger_added_never_calms(text: str, more: list[str]) -> None:
    before = assess(text, pack=CN)
    after = assess("。".join([text, *more]), pack=CN)
    if before.level is not None:
        assert after.level is not None
        assert after.level <= before.level


@given(sentences=st.lists(st.sampled_from([*CALM, *SERIOUS, *DANGER]), min_size=2, max_size=4, unique=True))
@settings(max_examples=60, deadline=None)
def test_the_order_of_sentences_changes_nothing(sentences: list[str]) -> None:
    levels = {assess("。".join(order), pack=CN).level for order in permutations(sentences)}
    assert len(levels) == 1


@given(text=st.text(max_size=200))
def test_any_text_has_a_level_or_none_and_the_same_each_time(text: str) -> None:
    found = assess(text, pack=ESI)
    assert found == assess(text, pack=ESI)
    assert all(0 <= one.start <= one.end <= len(text) for one in found.indicators)


def test_a_broken_catalogue_names_the_entry() -> None:
    calm = 'version = "1"\n[[modifier]]\nid = "m"\ntitle = ["一", "one"]\nzh = ["重"]\nen = []'
    head = 'system = "s"\nsource = "x"\ndepartment = "general"\n[[complaint]]\nid = "c"\ntitle = ["一", "one"]\n'
    with pytest.raises(CatalogueError, match="complaint c"):
        parse_catalogue([head + 'zh = ["("]\nminor = true\nexamples = {}'], calm=calm)
    with pytest.raises(CatalogueError, match="nobody"):
        parse_catalogue([head + 'zh = ["一"]\nminor = true\nalso = ["nobody"]\nexamples = {}'], calm=calm)
    with pytest.raises(CatalogueError, match="same id"):
        parse_catalogue([head + "minor = true\nexamples = {}"] * 2, calm=calm)
    with pytest.raises(CatalogueError, match="unknown department nowhere"):
        parse_catalogue([head.replace('"general"', '"nowhere"') + "minor = true\nexamples = {}"], calm=calm)


def test_two_thousand_characters_take_a_few_milliseconds() -> None:
    load_acuity_rules()
    text = "I have had a cough and a bit of a sore throat, no fever. 嗓子有点疼，没有发烧，" * 30
    assert len(text) >= 2000
    best = min(_milliseconds(text) for _ in range(5))
    assert best < 60


def _milliseconds(text: str) -> float:
    start = time.perf_counter()
    assess(text, pack=CN)
    return (time.perf_counter() - start) * 1000
