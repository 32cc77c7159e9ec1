"""Medicines are recognised by code, by group and by name, in English and in Chinese; others are not."""

import pytest

from hospital_hub.cds.substances import classes_of, of_order, renal, substance
from tests.hospital_hub.cds.charts import ATC, Json, concept


def named(text: str) -> Json:
    return concept(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet", "metformin"),
        ("Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet", "Amoxicillin"),
        ("Donepezil (Aricept)", "donepezil hydrochloride"),
        ("lisinopril 10 MG Oral Tablet", "Lisinopril"),
        ("insulin glargine 100 UNT/ML Injectable Solution", "Insulin glargine"),
        ("盐酸二甲双胍缓释片", "二甲双胍"),
        ("注射用艾司奥美拉唑钠", "艾司奥美拉唑"),
        ("左氧氟沙星氯化钠注射液", "左氧氟沙星片"),
        ("苯磺酸氨氯地平片", "氨氯地平"),
        ("华法林钠片 2.5mg", "华法林"),
    ],
)
def test_the_same_substance_under_two_names(one: str, other: str) -> None:
    assert substance(named(one)).same_as(substance(named(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("insulin glargine", "insulin lispro"),
        ("Sodium chloride 0.9 % Injectable Solution", "Potassium chloride"),
        ("氯化钾缓释片", "氯化钠注射液"),
        ("沙库巴曲缬沙坦钠片", "缬沙坦胶囊"),
        ("呋塞米片", "螺内酯片"),
        ("Oral Tablet", "Oral Capsule"),
    ],
)
def test_different_substances_stay_different(one: str, other: str) -> None:
    assert not substance(named(one)).same_as(substance(named(other)))


def test_codes_count_more_than_names() -> None:
    brand = substance(concept("Augmentin", "J01CR02"))
    assert brand.same_as(substance(concept("Co-amoxiclav", "J01CR02")))
    assert not substance(concept("A", "J01C")).same_as(substance(concept("B", "J01C")))  # a group is no substance


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Amoxicillin 500 MG", "penicillins"),
        ("Allergy to penicillin", "penicillins"),
        ("Substance with penicillin structure", "penicillins"),
        ("哌拉西林他唑巴坦", "penicillins"),
        ("头孢呋辛钠注射剂", "cephalosporins"),
        ("Sulfonamide", "sulfonamides"),
        ("磺胺类药物", "sulfonamides"),
        ("Aspirin", "nsaids"),
        ("布洛芬缓释胶囊", "nsaids"),
        ("碘造影剂", "iodinated-contrast"),
        ("莫西沙星氯化钠注射液", "fluoroquinolones"),
    ],
)
def test_groups_by_name(name: str, group: str) -> None:
    assert group in {one.id for one in classes_of(substance(named(name)))}


@pytest.mark.parametrize(
    "name", ["Paracetamol", "对乙酰氨基酚片", "Tree pollen", "尘螨", "Latex", "Vitamin C", "甲钴胺片"]
)
def test_no_group_for_others(name: str) -> None:
    assert classes_of(substance(named(name))) == ()


def test_groups_by_atc() -> None:
    assert [one.id for one in classes_of(substance(concept("X", "J01CA04")))] == ["penicillins"]
    assert renal().concerns(substance(concept("X", "A10BA02")))
    assert not renal().concerns(substance(concept("X", "B03BA05")))


def test_a_medication_may_be_contained_or_beside() -> None:
    order = {"resourceType": "MedicationRequest", "medicationReference": {"reference": "#m"}}
    inside = {**order, "contained": [{"resourceType": "Medication", "id": "m", "code": concept("Metformin")}]}
    assert of_order(inside).name == "Metformin"
    beside = ({"resourceType": "Medication", "id": "m", "code": {"coding": [{"system": ATC, "code": "A10BA02"}]}},)
    assert of_order({"medicationReference": {"reference": "Medication/m"}}, beside=beside).atc == {"A10BA02"}
    assert of_order({"medicationReference": {"display": "Metformin"}}).name == "Metformin"
    assert of_order({}).name == ""
