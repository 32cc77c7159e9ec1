"""Numbers as they are spoken, denials, sides, questions and answers: what one sentence says."""

import time
from decimal import Decimal

import pytest

from hospital_hub.clinical.draft_check import Source, check_draft
from hospital_hub.clinical.lexicon import lexicon
from hospital_hub.clinical.polarity import Polarity
from hospital_hub.clinical.quantities import Quantity, Shape
from hospital_hub.clinical.reading import read
from hospital_hub.clinical.transcript import utterances

SLOWEST = 2.0  # seconds of processor time; usually a tenth of one


def values(text: str) -> set[tuple[tuple[str, ...], str]]:
    return {(tuple(format(one, "f") for one in found.values), found.unit.name) for found in read(text).numbers}


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("i just turned forty two", ("42",), ""),
        ("nineteen eighty four", ("1984",), ""),
        ("in two thousand and eight", ("2008",), ""),
        ("ninety eight point six", ("98.6",), ""),
        ("his temperature is ninety eight . six", ("98.6",), ""),
        ("point one twenty five m g of it", ("0.125",), "mg"),
        ("for three and a half years", ("3.5",), "year"),
        ("half a year ago", ("0.5",), "year"),
        ("a couple of days", ("2",), "day"),
        ("one hundred and five pounds", ("105",), "lb"),
        ("two or three weeks", ("2", "3"), "week"),
        ("one twenty over eighty", ("120", "80"), ""),
        ("a seven out of ten", ("7", "10"), ""),
        ("三十八度五", ("38.5",), "cel"),
        ("38度5", ("38.5",), "cel"),
        ("半个月", ("0.5",), "month"),
        ("一个半月", ("1.5",), "month"),
        ("两三天", ("2", "3"), "day"),
        ("七八次", ("7", "8"), "times"),
        ("四个多小时", ("4",), "hour"),
        ("1岁3个月", ("15",), "month"),
        ("一百二十", ("120",), ""),
        ("二〇一六年", ("2016",), "year"),
        ("体温３８．５℃", ("38.5",), "cel"),
        ("1 1/2 packs", ("1.5",), "pack"),
        ("38-39度", ("38", "39"), "cel"),
    ],
)
def test_numbers(text: str, value: tuple[str, ...], unit: str) -> None:
    assert (value, unit) in values(text)


@pytest.mark.parametrize("text", ["一般情况可", "一下子", "十分明显", "no one", "O2 dependent", "1. First", "covid-19"])
def test_no_number_that_a_source_would_have_to_hold(text: str) -> None:
    assert [one for one in read(text).numbers if one.exact] == []


def one(text: str) -> Quantity:
    (found,) = [number for number in read(text).numbers if number.exact]
    return found


@pytest.mark.parametrize(
    ("asked", "said"),
    [("14 days", "2 weeks"), ("0.5 g", "500 mg"), ("15天", "半个月"), ("12 months", "1 year"), ("38.5 ℃", "38.50度")],
)
def test_units_of_one_family_agree(asked: str, said: str) -> None:
    assert any(one(asked).agrees(other) for other in read(said).numbers)


@pytest.mark.parametrize(
    ("asked", "said"),
    [("4 days", "4 hours"), ("5 mg", "5 ml"), ("120/80", "80/120"), ("4天", "四岁"), ("38.5 ℃", "38.5 mg")],
)
def test_other_units_and_other_orders_do_not(asked: str, said: str) -> None:
    assert not any(one(asked).agrees(other) for other in read(said).numbers)


def test_a_date_is_the_same_in_words() -> None:
    asked = Quantity((Decimal(2008), Decimal(7), Decimal(29)), one("5").unit, 0, 1, "", Shape.DATE)
    assert asked in [Quantity(found.values, found.unit, 0, 1, "", found.shape) for found in read("07/29/2008").numbers]


def polarity(text: str, name: str) -> Polarity:
    (found,) = {mention.polarity for mention in read(text).mentions if mention.term.name == name}
    return found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("denies fever, chills, or cough", "cough"),
        ("no fevers or chills", "chills"),
        ("she denies any problems with cough", "cough"),
        ("cough: none", "cough"),
        ("afebrile", "fever"),
        ("he denies he fell on it", "injury"),
        ("无发热、咳嗽、呕吐等症状", "呕吐"),
        ("否认头痛", "头痛"),
        ("不咳嗽", "咳嗽"),
        ("没有发烧", "发热"),
        ("低热不伴咳嗽", "咳嗽"),
    ],
)
def test_denied(text: str, name: str) -> None:
    assert polarity(text, name) is Polarity.DENIED


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("no fever but has a cough", "cough"),
        ("denies fever, reports a cough", "cough"),
        ("not only fever", "fever"),
        ("无明显诱因下出现咳嗽", "咳嗽"),
        ("无发热，有咳嗽", "咳嗽"),
        ("咳嗽没好", "咳嗽"),
    ],
)
def test_affirmed(text: str, name: str) -> None:
    assert polarity(text, name) is Polarity.AFFIRMED


@pytest.mark.parametrize(("text", "name"), [("call if you have a fever", "fever"), ("如果发烧就来医院", "发热")])
def test_only_imagined(text: str, name: str) -> None:
    assert polarity(text, name) is Polarity.OPEN


@pytest.mark.parametrize(
    ("text", "side", "part"),
    [
        ("pain in the right index finger", "right", "finger"),
        ("knee pain on the left", "left", "knee"),
        ("bilateral knee effusions", "both", "knee"),
        ("左侧膝关节疼痛", "left", "膝"),
        ("双侧扁桃体肿大", "both", ""),
    ],
)
def test_sides(text: str, side: str, part: str) -> None:
    assert [(one.side, one.part) for one in read(text).sides] == [(side, part)]


@pytest.mark.parametrize(
    "text", ["all right , any pain ?", "it hurts right now", "is that right ?", "双黄连口服液", "三天左右"]
)
def test_no_side(text: str) -> None:
    assert read(text).sides == ()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("[doctor] any chest pain ?\n[patient] um , no .", False),
        ("Doctor: Any fever?\nPatient: Yeah, since Monday.", True),
        ("Doctor: Do you smoke?\nPatient: I have never.", False),
        ("Doctor: Does it hurt?\nPatient: Um.\nPatient: Mmm, no.", False),
        ("Doctor: Does it hurt?\nPatient: The light does not help.", None),
        ("[doctor] have you had any nausea\n[patient] no nausea no", False),
        ("医生：有没有呕吐\n患者：没有", False),
        ("医生：咳嗽吗？\n患者：有点咳", True),
    ],
)
def test_answers(text: str, answer: bool | None) -> None:
    assert utterances(text)[0].answer is answer


def test_an_open_question_has_no_answer() -> None:
    assert utterances("Doctor: How long have you had the cough?\nPatient: No idea.")[0].answer is None


def test_places_lead_back_to_the_text() -> None:
    text = "医生：你好。 咳嗽吗？\n\n患者： 咳\nfree text. more"
    for said in utterances(text):
        assert text[said.start : said.end] == said.text


def test_no_name_has_two_meanings_of_one_kind() -> None:
    """Every name of the tables is reached by its own words."""
    table = lexicon()
    assert len(table.phrases) > 900
    assert len(table.wide) > 1500
    assert table.phrases[("high", "blood", "pressur")][0] == table.phrases[("htn",)][0]
    assert table.wide["发烧"] == table.wide["发热"]


@pytest.mark.parametrize("piece", ["one ", "二", "1,", "1/", "no ", "咳嗽、", "left or ", "not a b, ", "有没有", "uh "])
def test_no_text_makes_the_check_slow(piece: str) -> None:
    """Work grows with the length, not with its square: the longest note against the longest source."""
    text = (piece * 20_000)[:20_000]
    began = time.process_time()
    check_draft(text[:2000], [Source("s", text)])
    assert time.process_time() - began < SLOWEST
