"""Sentences that say what the chart says, and sentences that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.clinical.grounding import Checker, DoubtKind, Fact, FactKind, Verdict, not_mentioned
from hospital_hub.clinical.reading import read
from hospital_hub.clinical.sentences import complete, split

EN = (
    Fact("1", "Patient/1", FactKind.PATIENT, "67-year-old female"),
    Fact("2", "Condition/1", FactKind.PROBLEM, "Community acquired pneumonia", terms=("Community acquired pneumonia",)),
    Fact("3", "Observation/1", FactKind.MEASUREMENT, "Body temperature: 38.5 °C high", terms=("Body temperature",)),
    Fact("4", "Observation/2", FactKind.MEASUREMENT, "Heart rate: 92 /min", terms=("Heart rate",), abnormal=True),
    Fact("5", "MedicationRequest/1", FactKind.MEDICINE, "Ceftriaxone 2 g IV daily", terms=("Ceftriaxone",)),
    Fact("6", "AllergyIntolerance/1", FactKind.ALLERGY, "Allergy to penicillin: rash", terms=("penicillin",)),
    Fact("7", "DocumentReference/1", FactKind.NOTE, "Denies chest pain.", span=(0, 18)),
    Fact("8", "Observation/3", FactKind.MEASUREMENT, "Blood pressure: 132/64 mmHg", terms=("Blood pressure",)),
)
ZH = (
    Fact("1", "Condition/1", FactKind.PROBLEM, "社区获得性肺炎", terms=("社区获得性肺炎",)),
    Fact("2", "Observation/1", FactKind.MEASUREMENT, "体温: 38.5 °C 偏高", terms=("体温",), abnormal=True),
    Fact("3", "DocumentReference/1", FactKind.NOTE, "患者咳嗽3天，无胸痛。"),
    Fact("4", "MedicationRequest/1", FactKind.MEDICINE, "头孢曲松 2 g 静滴 每日一次", terms=("头孢曲松",)),
)


def verdict(facts: tuple[Fact, ...], text: str) -> tuple[Verdict, set[DoubtKind]]:
    (sentence,) = Checker(facts).check(text).sentences
    return sentence.verdict, {doubt.kind for doubt in sentence.doubts}


@pytest.mark.parametrize(
    "said",
    [
        "The patient is a 67 year old woman with community acquired pneumonia.",
        "Heart rate 92 bpm, temperature 38.50 ℃.",
        "She denies chest pain.",
        "Continue ceftriaxone 2 g daily.",
        "Blood pressure 132/64.",
    ],
)
def test_what_the_chart_says_is_supported(said: str) -> None:
    assert verdict(EN, said) == (Verdict.SUPPORTED, set())


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        ("Heart rate 95 bpm.", DoubtKind.NUMBER),
        ("Body temperature 38.5 mg.", DoubtKind.NUMBER),
        ("Blood pressure 64/132 mmHg.", DoubtKind.NUMBER),
        ("She has chest pain.", DoubtKind.NEGATION),
        ("No community acquired pneumonia.", DoubtKind.NEGATION),
        ("Start metformin for pneumonia.", DoubtKind.TERM),
        ("The family was informed about cafeteria hours.", DoubtKind.NO_SOURCE),
    ],
)
def test_what_the_chart_does_not_say_is_marked_with_the_reason(said: str, doubt: DoubtKind) -> None:
    found, doubts = verdict(EN, said)
    assert found is Verdict.UNSUPPORTED
    assert doubt in doubts


@pytest.mark.parametrize(
    ("said", "doubts"),
    [
        ("患者咳嗽3天，体温３８．５℃。", set()),
        ("无胸痛。", set()),
        ("予头孢曲松2g静滴。", set()),
        ("有胸痛。", {DoubtKind.NEGATION}),
        ("体温39.5℃。", {DoubtKind.NUMBER}),
        ("咳嗽5天。", {DoubtKind.NUMBER}),
        ("加用阿奇霉素治疗社区获得性肺炎。", {DoubtKind.TERM}),
        ("社区获得性肺炎伴骨折。", {DoubtKind.TERM}),
    ],
)
def test_chinese(said: str, doubts: set[DoubtKind]) -> None:
    assert verdict(ZH, said)[1] == doubts


@pytest.mark.parametrize("heading", ["Assessment:", "评估：", "病程记录：", "1.", "Current medicines:"])
def test_a_heading_claims_nothing(heading: str) -> None:
    assert verdict(EN, heading)[0] is Verdict.NOTHING_TO_CHECK


@pytest.mark.parametrize("claim", ["Pneumonia due to streptococcosis:", "Temperature 41 °C:"])
def test_a_colon_does_not_hide_a_claim(claim: str) -> None:
    assert verdict(EN, claim)[0] is Verdict.UNSUPPORTED


def test_sources_name_the_facts_that_hold_the_sentence() -> None:
    (sentence,) = Checker(EN).check("Heart rate 92 bpm, temperature 38.5 °C.").sentences
    assert set(sentence.sources) == {"3", "4"}


def test_what_the_note_leaves_out_is_listed() -> None:
    missing = not_mentioned("Ceftriaxone continued.", EN)
    assert [fact.id for fact in missing] == ["2", "4", "6"]
    assert not_mentioned("ceftriaxone, heart rate, PENICILLIN, community acquired pneumonia", EN) == ()


def test_without_facts_everything_is_unsupported() -> None:
    assert verdict((), "Community acquired pneumonia.")[0] is Verdict.UNSUPPORTED


def test_an_empty_text_has_no_sentence() -> None:
    assert Checker(EN).check(" \n ").sentences == ()


def test_every_fact_supports_itself() -> None:
    for facts in (EN, ZH):
        report = Checker(facts).check("\n".join(fact.text for fact in facts))
        assert report.unsupported == ()
        assert report.not_mentioned == ()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("T 38.5 °C. HR 92.", ["T 38.5 °C.", "HR 92."]),
        ("Dr. Demo saw her. Fine.", ["Dr. Demo saw her.", "Fine."]),
        ("咳嗽3天。体温38.5℃！\n\n明日复查", ["咳嗽3天。", "体温38.5℃！", "明日复查"]),
        ("1. First\n2. Second", ["1. First", "2. Second"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [span.text for span in split(text)] == sentences
    assert all(text[span.start : span.end] == span.text for span in split(text))


@given(st.text(alphabet="ab 1.。!\n，Dr", max_size=60), st.integers(min_value=1, max_value=7))
def test_a_text_that_grows_has_the_same_sentences(text: str, step: int) -> None:
    seen, rest = [], ""
    for start in range(0, len(text), step):
        spans, rest = complete(rest + text[start : start + step])
        seen += [span.text for span in spans]
    seen += [span.text for span in split(rest)]
    assert "".join(seen).replace(" ", "").replace("\n", "") == text.replace(" ", "").replace("\n", "")


def test_a_growing_text_waits_for_the_end_of_a_sentence() -> None:
    assert complete("T 38.")[0] == ()
    assert [span.text for span in complete("T 38.5 °C. H")[0]] == ["T 38.5 °C."]


@given(st.integers(1, 999), st.integers(1, 9), st.sampled_from(["mg", "mmol/L", "次/分", ""]))
def test_a_number_that_differs_in_value_or_unit_never_agrees(value: int, more: int, unit: str) -> None:
    (one,), (other,) = read(f"{value} {unit}").numbers, read(f"{value + more} {unit}").numbers
    assert not one.agrees(other)
    if unit:
        (foreign,) = read(f"{value} kg").numbers
        assert not one.agrees(foreign)
