"""What a chart becomes on its way to the prompt."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hospital_hub.clinical.grounding import Checker, FactKind
from hospital_hub.inference.question import estimate_tokens
from hospital_hub.notes.changes import changes
from hospital_hub.notes.chart import Chart
from hospital_hub.notes.extract import extract
from hospital_hub.notes.facts import age, facts_of
from hospital_hub.notes.filing import backoff
from hospital_hub.notes.kinds import kind_of
from hospital_hub.notes.medicine_names import names_of
from hospital_hub.notes.prompt import budget, build
from tests.hospital_hub.notes.charts import chinese, document, english, observation

Json = dict[str, Any]
TODAY = date(2026, 11, 2)


def chart(resources: list[Json]) -> Chart:
    by_kind: dict[str, list[Json]] = defaultdict(list)
    for one in resources:
        by_kind[one["resourceType"]].append(one)
    return Chart(by_kind["Patient"][0], by_kind["Encounter"][0], by_kind)


def texts(resources: list[Json], kind: FactKind) -> list[str]:
    return [fact.text for fact in facts_of(chart(resources), today=TODAY)[1] if fact.kind is kind]


def test_an_english_chart() -> None:
    language, facts = facts_of(chart(english()), today=TODAY)
    assert language == "en"
    assert [fact.text for fact in facts] == [
        "66-year-old female",
        "In hospital since 2026-10-31 for: Pneumonia",
        "Allergy to Sulfonamide antibiotic: Urticaria",
        "Pneumonia",
        "Ceftriaxone 1 g IV daily",
        "Body temperature: 38.0 °C high (2026-11-01 08:00)",
        "Heart rate: 99 /min (2026-11-01 08:00)",
        "the patient slept well.",
        "Denies chest pain.",
    ]
    assert [fact.id for fact in facts] == [f"f{number}" for number in range(1, 10)]


def test_a_chinese_chart_in_its_own_words() -> None:
    language, facts = facts_of(chart(chinese()), today=TODAY)
    assert language == "zh-CN"
    said = [fact.text for fact in facts]
    assert said[:3] == ["男，58岁", "本次就诊自2026-10-30，原因：口干、多饮8年", "对青霉素过敏：全身皮疹"]
    assert "空腹血糖: 12.6 mmol/L 偏高 (2026-11-01 08:00)" in said


@pytest.mark.parametrize("resources", [english(), chinese()])
def test_nothing_that_names_the_patient_is_in_a_fact(resources: list[Json]) -> None:
    said = " ".join(fact.text for fact in facts_of(chart(resources), today=TODAY)[1])
    for hidden in ("Alder", "Demo", "测试", "张一", "1960-05", "1968-03"):
        assert hidden not in said


def test_digits_stay_as_the_emr_gave_them() -> None:
    value = observation("o3", "p1", name="Potassium", value=0, unit="mmol/L")
    value["valueQuantity"]["value"] = Decimal("4.10")
    assert "Potassium: 4.10 mmol/L (2026-11-01 08:00)" in texts([*english(), value], FactKind.MEASUREMENT)


def test_the_latest_value_counts_and_abnormal_ones_come_first() -> None:
    older = {
        **observation("o3", "p1", name="Heart rate", value=140, unit="/min", flag="H"),
        "effectiveDateTime": "2026-10-31",
    }
    found = texts([older, *english()], FactKind.MEASUREMENT)
    assert [text.split(":")[0] for text in found] == ["Body temperature", "Heart rate"]
    assert "140" not in " ".join(found)


def test_a_reference_range_tells_what_is_abnormal() -> None:
    value = observation("o3", "p1", name="Sodium", value=128, unit="mmol/L")
    value["referenceRange"] = [{"low": {"value": 135}, "high": {"value": 145}}]
    assert "Sodium: 128 mmol/L low (2026-11-01 08:00)" in texts([*english(), value], FactKind.MEASUREMENT)


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (2, {"clinicalStatus": {"coding": [{"code": "resolved"}]}}),
        (2, {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}),
        (3, {"verificationStatus": {"coding": [{"code": "refuted"}]}}),
        (4, {"status": "stopped"}),
        (4, {"doNotPerform": True}),
        (5, {"status": "entered-in-error"}),
        (7, {"docStatus": "preliminary"}),
    ],
)
def test_what_is_no_longer_or_not_yet_true_is_no_fact(place: int, change: Json) -> None:
    resources = english()
    source = f"{resources[place]['resourceType']}/{resources[place]['id']}"
    resources[place] |= change
    assert source not in {fact.source for fact in facts_of(chart(resources), today=TODAY)[1]}


@pytest.mark.parametrize("broken", [{"code": "text"}, {"code": None}, {"valueQuantity": []}, {"interpretation": "H"}])
def test_a_broken_resource_breaks_nothing(broken: Json) -> None:
    resources = [*english(), {**observation("o9", "p1", name="X", value=1, unit="g"), **broken}]
    assert len(facts_of(chart(resources), today=TODAY)[1]) >= 9


def test_a_note_sentence_points_to_its_place() -> None:
    text = "Slept well. 无胸痛。"
    facts = facts_of(chart([*english()[:7], document("d9", "p1", text=text, date="2026-11-02")]), today=TODAY)[1]
    for fact in facts:
        if fact.kind is FactKind.NOTE:
            assert fact.span is not None
            assert text[slice(*fact.span)] == fact.text


def test_no_known_allergy_is_not_an_allergy() -> None:
    resources = english()
    resources[3]["code"] = {"text": "No known allergy", "coding": [{"code": "716186003"}]}
    assert texts(resources, FactKind.ALLERGY) == []
    assert "No known allergy" in texts(resources, FactKind.PROBLEM)


@pytest.mark.parametrize("resources", [english(), chinese()])
def test_a_note_of_facts_alone_is_wholly_supported(resources: list[Json]) -> None:
    language, facts = facts_of(chart(resources), today=TODAY)
    report = Checker(facts).check(extract(facts, language=language))
    assert report.unsupported == ()
    assert report.not_mentioned == ()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_prompt_fits_and_says_what_was_left_out(language: str) -> None:
    facts = facts_of(chart(english() if language == "en" else chinese()), today=TODAY)[1] * 40
    room = budget(2048)
    made = build(facts, kind=kind_of("progress"), language=language, tokens=room.prompt)
    size = sum(estimate_tokens(message.content) for message in made.prompt.messages)
    assert size <= room.prompt
    assert size > room.prompt * 0.8
    assert len(made.used) + len(made.left_out) == len(facts)
    assert made.left_out
    assert made.used[:3] == facts[:3]
    assert made.prompt.version == "notes/progress@1/draft@1"


def test_a_small_context_leaves_room_for_the_answer() -> None:
    room = budget(2048)
    assert room.prompt * 1.7 + room.answer <= 2048
    assert budget(131_072).answer == 8192


@pytest.mark.parametrize(
    ("born", "years"), [("1960-11-02", 66), ("1960-11-03", 65), ("2026-11-02", 0), ("1960", None), ("", None)]
)
def test_age(born: str, years: int | None) -> None:
    assert age(born, TODAY) == years


@pytest.mark.parametrize(
    ("ordered", "bare"),
    [("盐酸二甲双胍缓释片", "二甲双胍"), ("注射用头孢曲松", "头孢曲松"), ("Ceftriaxone (Rocephin)", "Ceftriaxone")],
)
def test_medicines_have_a_plain_name(ordered: str, bare: str) -> None:
    assert bare in names_of(ordered)


@pytest.mark.parametrize(
    ("before", "after"), [("HR 92, stable.", "HR 95, stable."), ("咳嗽3天。", "咳嗽5天。"), ("a", "a")]
)
def test_changes_rebuild_both_texts(before: str, after: str) -> None:
    pieces = changes(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert len(pieces) <= 4


def test_waiting_grows_to_five_minutes() -> None:
    assert [backoff(attempt) for attempt in (0, 1, 2, 3, 7, 100)] == [5, 5, 10, 20, 300, 300]
