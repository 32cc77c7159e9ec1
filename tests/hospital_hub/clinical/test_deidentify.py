"""Certain identifiers go, in every spelling; figures of medicine stay."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.clinical.deidentify import Kind, deidentify, resident_id_is_valid

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def resident_id(rng: random.Random) -> str:
    body = f"{rng.randint(110101, 659004)}{rng.randint(1930, 2020)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    body += f"{rng.randint(0, 999):03}"
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(WEIGHTS, body, strict=True)) % 11]


def full_width(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


@given(st.randoms(use_true_random=False))
def test_resident_ids_go_in_every_spelling(rng: random.Random) -> None:
    number = resident_id(rng)
    for written in (number, number.lower(), full_width(number), f"{number[:6]} {number[6:14]} {number[14:]}"):
        found = deidentify(f"患者张某{written}于昨日入院")
        assert found.text == "患者张某[RESIDENT_ID]于昨日入院"
        assert [span.kind for span in found.spans] == [Kind.RESIDENT_ID]


@given(st.randoms(use_true_random=False))
def test_one_wrong_digit_is_no_resident_id(rng: random.Random) -> None:
    number = resident_id(rng)
    place = rng.randrange(17)
    wrong = number[:place] + str((int(number[place]) + rng.randint(1, 9)) % 10) + number[place + 1 :]
    assert not resident_id_is_valid(wrong)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("电话13800138000。", "电话[MOBILE]。"),
        ("联系１３８００１３８０００家属", "联系[MOBILE]家属"),
        ("call +86 138 0013 8000 now", "call [MOBILE] now"),
        ("手机8613800138000", "手机[MOBILE]"),
        ("写信至li.wei@example.org.cn。", "写信至[EMAIL]。"),
        ("病历号：A0012345，住院号 2023-00871", "病历号：[RECORD_NUMBER]，住院号 [RECORD_NUMBER]"),
        ("MRN: 00123456; patient id=AB-99821", "MRN: [RECORD_NUMBER]; patient id=[RECORD_NUMBER]"),
        ("身份证号110101199001011239", "身份证号[RECORD_NUMBER]"),
    ],
)
def test_certain_identifiers_go(text: str, left: str) -> None:
    assert deidentify(text).text == left


@pytest.mark.parametrize(
    "text",
    [
        "血压158/96 mmHg，心率104次/分，体温36.8℃，SpO₂ 97%",
        "白细胞 12.5×10⁹/L，血红蛋白 97 g/L，肌酐 132 μmol/L",
        "阿司匹林 100 mg qd，头孢曲松 2.0 g ivgtt q12h",
        "HbA1c 7.2%, eGFR 45 mL/min/1.73m2, NT-proBNP 13800 pg/mL",
        "2023年05月12日 14:30 入院，住院 12 天",
        "ICD-10 I21.0, trial NCT01234567890, batch 20230512",
        "",
    ],
)
def test_figures_of_medicine_stay(text: str) -> None:
    assert deidentify(text).text == text


@given(st.text(max_size=300))
def test_nothing_but_the_spans_changes(text: str) -> None:
    found = deidentify(text)
    rebuilt, at = "", 0
    for span in found.spans:
        assert at <= span.start < span.end <= len(text)
        rebuilt += text[at : span.start] + f"[{span.kind.name}]"
        at = span.end
    assert rebuilt + text[at:] == found.text
    assert sum(found.counts.values()) == len(found.spans)


def test_once_is_enough() -> None:
    once = deidentify("张三 13800138000 zhang@example.com 病历号 A12345")
    assert deidentify(once.text).text == once.text
    assert once.counts == {"mobile": 1, "email": 1, "record_number": 1}


@pytest.mark.timeout(5)
@pytest.mark.parametrize("piece", ["1", "a@", "13", "MRN ", "病历号", "a.", "110101 19900101 "])
def test_a_long_text_is_read_in_linear_time(piece: str) -> None:
    deidentify(piece * (200_000 // len(piece)))
