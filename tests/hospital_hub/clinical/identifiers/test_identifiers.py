"""Identifiers go, in every spelling; doses, vital signs and laboratory values stay; nothing else changes."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.clinical.identifiers.find import Identifier, identifiers
from hospital_hub.clinical.identifiers.folded import folded
from tests.hospital_hub.clinical.identifiers.notes import note

NAMES = {"name", "english"}


def covered(text: str, known: dict[str, str | list[str] | None] | None = None) -> list[str]:
    return [text[span.start : span.end] for span in identifiers(text, known or {}).spans]


def test_notes_of_other_words_than_the_rules_lose_their_identifiers_and_keep_their_figures() -> None:
    rng, total, found = random.Random(20261), Counter[str](), Counter[str]()  # noqa: S311 - invented notes
    missed = set[str]()
    for _ in range(400):
        made = note(rng)
        taken = {place for span in identifiers(made.text).spans for place in range(span.start, span.end)}
        for start, end in made.stays:
            assert not taken & set(range(start, end)), made.text[start:end]
        for kind, start, end in made.planted:
            total[kind] += 1
            found[kind] += taken >= set(range(start, end))
            if not taken >= set(range(start, end)):
                missed.add(f"{kind} {made.text[max(0, start - 6) : end + 6]}")
    names = sum(found[kind] for kind in NAMES) / sum(total[kind] for kind in NAMES)
    rest = sum(found[kind] for kind in total if kind not in NAMES) / sum(total[k] for k in total if k not in NAMES)
    assert (names >= 0.97, rest >= 0.995) == (True, True), sorted(missed)[:20]


@pytest.mark.parametrize(
    ("text", "known", "gone"),
    [
        ("王 小 丽今日复查", {"name": "王小丽"}, "王 小 丽"),
        ("小丽说头晕", {"name": "王小丽"}, "小丽"),
        ("XIAOLI WANG, seen", {"name": "王小丽", "pinyin": "Wang Xiaoli"}, "XIAOLI WANG"),
        ("wangxiaoli 来电", {"pinyin": "Wang Xiaoli"}, "wangxiaoli"),
        ("Brown, Tessa seen", {"name": "Tessa Brown"}, "Brown, Tessa"),
        ("T. Brown seen", {"name": "Tessa Brown"}, "T. Brown"),
        ("ＴＥＳＳＡ　Ｂｒｏｗｎ seen", {"name": "Tessa Brown"}, "ＴＥＳＳＡ　Ｂｒｏｗｎ"),
        ("tel １３９　００００　１１２２.", {"mobile": "+86 139-0000-1122"}, "１３９　００００　１１２２"),
        ("born 7/5/1961 in town", {"birth_date": "1961-05-07"}, "7/5/1961"),
        ("生于61年5月7日", {"birth_date": "1961-05-07"}, "61年5月7日"),
        ("床旁 A-12-77b 号", {"chart": "A1277B"}, "A-12-77b"),
    ],
)
def test_what_the_record_says_goes_in_every_spelling(
    text: str, known: dict[str, str | list[str] | None], gone: str
) -> None:
    assert gone in covered(text, known)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("编号①12 患者谭桂芳，女", "谭桂芳"),
        ("王主任查房", "王"),
        ("买买提·吐尔逊来诊", "买买提·吐尔逊"),
        ("就诊于杭州邵逸夫医院", "杭州邵逸夫医院"),
        ("年龄92岁", "92"),
        ("a 94-year-old man", "94"),
        ("see https://portal.example.org/p?id=7", "https://portal.example.org/p?id=7"),
        ("host 10.20.30.40 logged", "10.20.30.40"),
        ("SSN 219-09-9999", "219-09-9999"),
        ("粤Z·12345港", "粤Z·12345港"),
        ("tel 138\u200b0013\u200b8000", "138\u200b0013\u200b8000"),
    ],
)
def test_other_identifiers_go(text: str, gone: str) -> None:
    assert gone in covered(text)


@pytest.mark.parametrize(
    "text",
    [
        "血压158/96 mmHg，心率104次/分，体温36.8℃，SpO₂ 97%，呼吸20次/分",
        "白细胞 12.5×10⁹/L，血红蛋白 97 g/L，肌酐 132 μmol/L，HBV DNA 12345678 IU/mL",
        "高血压病史10年，黄疸消退，常规检查，马上手术，安静休息，任何不适，全身乏力，水肿，石膏固定",
        "阿司匹林 100 mg qd，华法林 3mg qn，林可霉素 0.6g，万古霉素 1g q12h，高热3天，患者神志清楚",
        "NT-proBNP 13800 pg/mL, eGFR 45 mL/min/1.73m2, MRI in 2023, Parkinson disease, Glasgow Coma Scale 15",
        "88岁男性，3小时前胸痛，5/5 strength, 120/80, 1.5 mg, 10-20 mg, 2/6 murmur",
        "",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert identifiers(text).text == text


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from([*"王伟①㎎ﬁＡ１é⁹", "e\u0301", "\u200b", "138", "0013", "8000", " ", "号"])).map("".join)
)
def test_nothing_but_the_spans_changes(text: str) -> None:
    found = identifiers(text, {"name": "王伟"})
    rebuilt, at = "", 0
    for span in found.spans:
        assert at <= span.start < span.end <= len(text)
        rebuilt += text[at : span.start] + f"[{span.type.name}]"
        at = span.end
    assert rebuilt + text[at:] == found.text


@given(st.integers(0, 10**6))
def test_once_is_enough(seed: int) -> None:
    once = identifiers(note(random.Random(seed)).text)  # noqa: S311 - invented notes
    assert identifiers(once.text).text == once.text


@given(st.text(max_size=80))
def test_every_place_of_the_folded_text_leads_into_the_text_as_given(text: str) -> None:
    read = folded(text)
    last = 0
    for place in range(len(read.text)):
        start, end = read.place(place, place + 1)
        assert last <= start < end <= len(text)
        last = start


@pytest.mark.parametrize(
    ("text", "reads", "place", "given"),
    [
        ("㎎１", "mg1", 2, "１"),
        ("ﬁ２", "fi2", 1, "ﬁ"),
        ("e\u0301３", "é3", 1, "３"),
        ("1\u200b2", "12", 1, "2"),
        ("10⁹", "10⁹", 2, "⁹"),
    ],
)
def test_folding_keeps_places(text: str, reads: str, place: int, given: str) -> None:
    read = folded(text)
    start, end = read.place(place, place + 1)
    assert (read.text, text[start:end]) == (reads, given)


def test_the_type_says_what_went() -> None:
    found = identifiers("身份证号11010519491231002X，邮箱a.b@example.org")
    assert [span.type for span in found.spans] == [Identifier.RESIDENT_ID, Identifier.EMAIL]
    assert found.text == "身份证号[RESIDENT_ID]，邮箱[EMAIL]"


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece", ["1", "a@", "13", "MRN ", "病历号", "A.", "王伟", "路", "浙江省", "Anna ", "2024-", "1号"]
)
def test_a_long_text_is_read_in_linear_time(piece: str) -> None:
    identifiers(piece * (20_000 // len(piece)))
