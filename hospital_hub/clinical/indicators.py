"""Reasons for a level, with a sentence in both languages; and those that vital signs and scores give. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from hospital_hub.clinical.early_warning import ADULT, Score, news2, outside
from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.packs import Pack, Threshold
from hospital_hub.clinical.text import Language
from hospital_hub.clinical.vital_signs import Measurement, Sign, VitalSigns

Kind = Literal["vital", "score", "complaint", "modifier", "calm"]
NAMES: Final[Mapping[Sign, tuple[str, str]]] = {
    Sign.HEART_RATE: ("心率", "heart rate"),
    Sign.RESPIRATORY_RATE: ("呼吸", "respiratory rate"),
    Sign.SPO2: ("SpO2", "SpO2"),
    Sign.SYSTOLIC: ("收缩压", "systolic pressure"),
    Sign.DIASTOLIC: ("舒张压", "diastolic pressure"),
    Sign.TEMPERATURE: ("体温", "temperature"),
    Sign.GCS: ("GCS", "GCS"),
    Sign.PAIN: ("疼痛", "pain"),
    Sign.GLUCOSE: ("血糖", "glucose"),
    Sign.WEIGHT: ("体重", "weight"),
    Sign.CONSCIOUSNESS: ("意识", "consciousness"),
    Sign.OXYGEN: ("是否吸氧", "on oxygen or not"),
}


@dataclass(frozen=True)
class Indicator:
    """`level` is what this reason demands; None where it only explains. `start` and `end` as typed."""

    kind: Kind
    rule: str
    level: Level | None
    words: str
    start: int
    end: int
    sentence: Mapping[Language, str]


@dataclass(frozen=True)
class Context:
    """What the values belong to: the age, and the body systems of the complaints."""

    age: float | None = None
    only_minor: bool = False
    systems: frozenset[str] = frozenset()


def vital_indicators(signs: VitalSigns, *, pack: Pack, context: Context) -> tuple[Indicator, ...]:
    """For each value the most urgent threshold that it meets, and a child's signs beyond the limits of its age."""
    found = [_most_urgent(one, pack=pack, context=context) for one in signs.measurements]
    return (*(one for one in found if one is not None), *_of_child(signs, pack=pack, age=context.age))


def score_indicators(signs: VitalSigns, *, pack: Pack, age: float | None, pregnant: bool) -> tuple[Indicator, ...]:
    """NEWS2 of an adult who is not known to be pregnant."""
    if pregnant or (age is not None and age < ADULT):
        return ()
    score = news2(signs)
    met = [
        step.level
        for step in pack.news2
        if (step.at_least is not None and score.points >= step.at_least)
        or (step.single is not None and score.highest >= step.single)
    ]
    return (Indicator("score", "news2", min(met), "", 0, 0, _score_sentence(score, min(met))),) if met else ()


def _most_urgent(one: Measurement, *, pack: Pack, context: Context) -> Indicator | None:
    met = [
        edge
        for edge in pack.thresholds
        if edge.sign is one.sign and edge.fits(context.age) and edge.concerns(context.systems) and edge.met(one.value)
    ]
    found = [(level, edge.id) for edge in met if (level := _level(edge, only_minor=context.only_minor)) is not None]
    if not found:
        return None
    level, rule = min(found)
    return _vital(one, level=level, rule=rule)


def _level(edge: Threshold, *, only_minor: bool) -> Level | None:
    """Strong pain of a minor complaint is III, moderate pain no reason of its own."""
    if not (edge.unless_minor and only_minor):
        return edge.level
    return Level.III if edge.level < Level.III else None


def _of_child(signs: VitalSigns, *, pack: Pack, age: float | None) -> Iterator[Indicator]:
    if age is None:
        return
    beyond = {(one.sign, one.value): one for one in outside(signs, age_years=age)}
    for one in signs.measurements:
        found = beyond.get((one.sign, one.value))
        if found is not None:
            yield _vital(one, level=pack.child[found.zone], rule=f"child-{found.zone}")


def _vital(one: Measurement, *, level: Level, rule: str) -> Indicator:
    chinese, english = NAMES[one.sign]
    value = f"{one.value:g}{' ' + one.unit if one.unit else ''}"
    sentence: Mapping[Language, str] = {
        "zh-CN": f"{chinese} {value} → {level.name} 级",
        "en": f"{english} {value} → {level.name}",
    }
    return Indicator("vital", rule, level, one.words, one.start, one.end, sentence)


def _score_sentence(score: Score, level: Level) -> Mapping[Language, str]:
    without_zh = "、".join(NAMES[sign][0] for sign in score.missing)
    without_en = ", ".join(NAMES[sign][1] for sign in score.missing)
    least_zh, least_en = ("", "") if score.complete else ("至少 ", "at least ")
    missing_zh, missing_en = ("", "") if score.complete else (f"（缺{without_zh}）", f" (without {without_en})")
    return {
        "zh-CN": f"NEWS2 {least_zh}{score.points} 分{missing_zh} → {level.name} 级",
        "en": f"NEWS2 {least_en}{score.points}{missing_en} → {level.name}",
    }
