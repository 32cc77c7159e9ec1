"""Vital signs read from typed words: each figure once, converted, with its place; what cannot be true is doubtful."""

import pytest

from hospital_hub.clinical.vital_reading import read_vital_signs
from hospital_hub.clinical.vital_signs import POSSIBLE, UNITS, Sign, VitalSigns

HR, RR, O2, T = Sign.HEART_RATE, Sign.RESPIRATORY_RATE, Sign.SPO2, Sign.TEMPERATURE
SBP, DBP = Sign.SYSTOLIC, Sign.DIASTOLIC
READ = [
    ("HR 120", {HR: 120}),
    ("P 112", {HR: 112}),
    ("pulse of 98", {HR: 98}),
    ("pulse is 84/min", {HR: 84}),
    ("HR in the 140s", {HR: 140}),
    ("heart rate: 58 bpm", {HR: 58}),
    ("心率120次/分", {HR: 120}),
    ("脉搏 112", {HR: 112}),
    ("BP 85/50", {SBP: 85, DBP: 50}),
    ("BP 80/palp", {SBP: 80}),
    ("blood pressure is 132/84 mm Hg", {SBP: 132, DBP: 84}),
    ("血压170/100mmHg", {SBP: 170, DBP: 100}),
    ("血压偏高160/100", {SBP: 160, DBP: 100}),
    ("高压180低压110", {SBP: 180, DBP: 110}),
    ("T 39.2", {T: 39.2}),
    ("体温38度5", {T: 38.5}),
    ("三十八度五", {T: 38.5}),
    ("四十度", {T: 40}),
    ("烧到39度多", {T: 39}),
    ("102.4F", {T: 39.1}),
    ("fever of 103", {T: 39.4}),
    ("temp 98.6", {T: 37}),
    ("38.5°C", {T: 38.5}),
    ("３８．５℃", {T: 38.5}),
    ("SpO2 91% on RA", {O2: 91}),
    ("O2 sat 93", {O2: 93}),
    ("satting 88", {O2: 88}),
    ("pulse ox 95%", {O2: 95}),
    ("血氧92", {O2: 92}),
    ("RR 28", {RR: 28}),
    ("respirations are 16/min", {RR: 16}),
    ("呼吸30次/分", {RR: 30}),
    ("GCS 13", {Sign.GCS: 13}),
    ("E3V4M5", {Sign.GCS: 12}),
    ("pain 8/10", {Sign.PAIN: 8}),
    ("8/10 abdominal pain", {Sign.PAIN: 8}),
    ("疼痛8分", {Sign.PAIN: 8}),
    ("血糖2.8", {Sign.GLUCOSE: 2.8}),
    ("glucose 540 mg/dL", {Sign.GLUCOSE: 30}),
    ("FSBS 54", {Sign.GLUCOSE: 3}),
    ("体重 12.5kg", {Sign.WEIGHT: 12.5}),
    ("T 98.6 HR 88 RR 18 BP 132/84 O2 98", {T: 37, HR: 88, RR: 18, SBP: 132, DBP: 84, O2: 98}),
    ("T36.8℃ P80次/分 R20次/分 BP 120/80mmHg", {T: 36.8, HR: 80, RR: 20, SBP: 120, DBP: 80}),
]


@pytest.mark.parametrize(("text", "values"), READ, ids=[text for text, _ in READ])
def test_signs_are_read_in_both_languages(text: str, values: dict[Sign, float]) -> None:
    signs = read_vital_signs(text)
    assert {one.sign: one.value for one in signs.measurements} == values
    assert signs.doubtful == ()
    for one in signs.measurements:
        assert one.words
        assert text[one.start : one.end]
        assert one.unit == UNITS[one.sign]


@pytest.mark.parametrize(
    "text",
    [
        "45-year-old man",
        "fever for 3 days",
        "发热3天，咳嗽2周",
        "pain for 24 hr 30 min",
        "call me at 13800138000",
        "aspirin 325 mg, metoprolol 50",
        "O2 4L by nasal cannula",
        "at 10:30 on 12/05",
        "G2 P2 at 30 weeks",
        "T12 compression",
        "体温正常3天",
        "头痛，18岁",
        "took 2 tablets",
        "腹痛8小时",
    ],
)
def test_other_figures_are_no_vital_signs(text: str) -> None:
    signs = read_vital_signs(text)
    assert (signs.measurements, signs.doubtful) == ((), ())


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("HR 900", HR),
        ("T 60", T),
        ("SpO2 140", O2),
        ("呼吸300", RR),
        ("GCS 19", Sign.GCS),
        ("体温 12", T),
        ("BP 10/5", None),
    ],
)
def test_what_cannot_be_true_is_doubtful_and_never_used(text: str, sign: Sign | None) -> None:
    signs = read_vital_signs(text)
    assert signs.measurements == ()
    assert [one.sign for one in signs.doubtful] == ([] if sign is None else [sign])


def test_the_place_is_that_of_the_figure_as_typed() -> None:
    text = "下午 量 体温：３９．２ 度"
    (one,) = read_vital_signs(text).measurements
    assert text[one.start : one.end] == "３９．２"


@pytest.mark.parametrize(
    ("text", "on_oxygen"),
    [
        ("sats 90 on 2L", True),
        ("SpO2 97 on room air", False),
        ("吸氧2升", True),
        ("未吸氧血氧96", False),
        ("HR 80", None),
    ],
)
def test_oxygen_is_known_only_where_it_is_said(text: str, on_oxygen: bool | None) -> None:
    assert read_vital_signs(text).on_oxygen is on_oxygen


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("alert and oriented", "A"),
        ("神志清楚", "A"),
        ("AVPU: V", "V"),
        ("responds only to pain", "P"),
        ("not alert", None),
    ],
)
def test_consciousness_is_known_only_where_it_is_said(text: str, state: str | None) -> None:
    assert read_vital_signs(text).consciousness == state


def test_a_form_is_held_to_the_same_limits() -> None:
    values = {sign: high + 1 for sign, (_, high) in POSSIBLE.items()}
    signs = VitalSigns.of(values)
    assert signs.measurements == ()
    assert {one.sign for one in signs.doubtful} == set(POSSIBLE)


def test_two_sources_add_up_and_the_more_worrying_state_stands() -> None:
    both = VitalSigns.of({HR: 80}, consciousness="A", on_oxygen=False).together(
        VitalSigns.of({HR: 130}, consciousness="V", on_oxygen=True)
    )
    assert both.values(HR) == (80, 130)
    assert (both.consciousness, both.on_oxygen) == ("V", True)
    assert VitalSigns().together(VitalSigns()) == VitalSigns()
