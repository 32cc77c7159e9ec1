"""The summary of an interview and the department: the patient's own words, their turns, and no conclusion."""

import json

import pytest

from hospital_hub.clinical.departments import department_names
from hospital_hub.clinical.packs import load_pack
from hospital_hub.triage.asked import Exchange, Form, History
from hospital_hub.triage.assessing import Heard, assessed
from hospital_hub.triage.departments import Department, about, suggest
from hospital_hub.triage.question_tree import load_tree
from hospital_hub.triage.summary import summarise

TREE = load_tree()
NOWHERE = Department("general", "全科医学科", "General practice")


def exchange(number: int, topic: str, answer: str) -> Exchange:
    return Exchange(2 * number - 1, f"问{number}", Form(topic, "text"), answer=answer)


def test_each_answer_stands_under_its_heading_in_the_patient_s_own_words() -> None:
    history = History(
        "肚子疼两天，对青霉素过敏",
        "zh-CN",
        (exchange(1, "place", "肚脐周围"), exchange(2, "medicines", "二甲双胍"), exchange(3, "pregnancy", "没有")),
    )
    found = summarise(history, TREE, department=NOWHERE)
    assert [
        (section["id"], [(entry["topic"], entry["words"], entry["turn"]) for entry in section["entries"]])
        for section in found["sections"]
    ] == [
        ("chief", [("complaint", "肚子疼两天，对青霉素过敏", 0)]),
        ("present", [("onset", "两天", 0), ("place", "肚脐周围", 2)]),
        ("medicines", [("medicines", "二甲双胍", 4)]),
        ("allergies", [("allergies", "过敏", 0)]),
        ("pregnancy", [("pregnancy", "没有", 6)]),
    ]
    assert found["sections"][2]["zh"] == "用药"
    assert found["sections"][2]["en"] == "Medicines"
    assert found["sections"][1]["entries"][1]["question"] == "问1"
    assert "past" in {one["topic"] for one in found["unknown"]}
    assert json.loads(json.dumps(found)) == found


def test_a_case_without_words_has_an_empty_summary() -> None:
    assert summarise(History("", "zh-CN"), TREE, department=NOWHERE)["sections"] == []


def test_an_answer_goes_before_what_the_complaint_told() -> None:
    history = History("咳嗽两天", "zh-CN", (exchange(1, "onset", "其实是一周"),))
    entries = summarise(history, TREE, department=NOWHERE)["sections"][1]["entries"]
    assert [entry["words"] for entry in entries] == ["其实是一周"]


@pytest.mark.parametrize(
    ("words", "department"),
    [
        ("膝盖疼", "orthopaedics"),
        ("My knee hurts", "orthopaedics"),
        ("孩子发烧", "paediatrics"),
        ("怀孕3个月", "obstetrics-gynaecology"),
        ("没有咳嗽，肚子疼", "gastroenterology"),
        ("I have a cough", "respiratory"),
        ("itchy rash", "dermatology"),
        ("牙疼", "dentistry"),
        ("hello", "general"),
        ("", "general"),
    ],
)
def test_a_department_is_suggested_by_words(words: str, department: str) -> None:
    assert suggest({}, about=words).id == department


def test_the_reason_names_the_words_and_no_illness() -> None:
    found = suggest({}, about="我膝盖疼")
    assert (found.reason_zh, found.reason_en) == ("患者提到“膝”", "The patient mentions “膝”")


def test_the_rule_pack_s_department_goes_first_and_a_model_s_last() -> None:
    named = {"id": "er", "zh": "急诊", "en": "Emergency", "reason_zh": "危险", "reason_en": "danger"}
    assert suggest({"departments": [named]}, about="咳嗽") == Department("er", "急诊", "Emergency", "危险", "danger")
    assert suggest({}, about="咳嗽", by_model="眼科").id == "respiratory"
    assert suggest({}, about="hello", by_model="眼科").id == "ophthalmology"
    assert suggest({}, about="hello", by_model="Voodoo").id == "general"
    assert suggest({"departments": []}, about="hello").id == "general"


def test_a_department_has_one_id_however_it_was_found() -> None:
    """One chip on the board, whether the rules or the kiosk's words chose it."""
    by_words = {suggest({}, about=words).id for words in ("耳朵疼", "牙疼", "摔了", "眼睛", "胸口", "发烧", "hello")}
    assert by_words <= department_names().keys()
    named = [name for names in department_names().values() for name in names.values()]
    assert len(set(named)) == len(named)
    by_rules = assessed([Heard(0, "耳朵疼两天")], pack=load_pack("cn-2018")).acuity["departments"]
    assert [one["id"] for one in by_rules] == [suggest({}, about="耳朵疼两天").id]


def test_what_a_vague_complaint_was_about_is_read_too() -> None:
    history = History("不舒服", "zh-CN", (exchange(1, "complaint", "发烧"),))
    assert suggest({}, about=about(history)).id == "infectious-diseases"
