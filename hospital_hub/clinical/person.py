"""Who the patient is, as far as the words say it: age, stage of life, sex, pregnancy, weak immunity, thin blood.

None means "not said", never "no". Of several ages the patient's is taken: a child's before that of the teller.
Pure; the words are data (person.toml); no level depends on this alone.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, Final, Literal

from hospital_hub.clinical.patterns import Alternative, Group, Held, Vocabulary, alternative
from hospital_hub.clinical.text import readable

Sex = Literal["female", "male"]
Stage = Literal["newborn", "infant", "child", "adult", "older"]
_YEARS: Final = {"y": 1.0, "岁": 1.0, "m": 1 / 12, "月": 1 / 12, "w": 7 / 365.25, "周": 7 / 365.25, "d": 1 / 365.25}
_DAY_ZH: Final = {"天": "d", "日": "d", "小": "d", "星": "w"}
_DIGITS_ZH: Final = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_ONES_EN: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_TENS_EN: Final = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_NUMBERS_EN: Final = {word: value for value, word in enumerate(_ONES_EN)} | _TENS_EN
_N_EN: Final = rf"(?P<n>\d{{1,3}}(?:\.\d)?|{'|'.join(_NUMBERS_EN)})"
_N_ZH: Final = r"(?P<n>\d{1,3}(?:\.\d)?|[一二两三四五六七八九十百]{1,4})"
_MONTHS_TOO: Final = r"(?:零?[一二三四五六七八九十\d]{1,2}个月)?"
_U_EN: Final = r"(?P<u>y(?:ea)?rs?|y|m(?:onth|o)s?|w(?:ee)?ks?|days?|d)"
_START_EN: Final = r"(?<![\w.])"  # not in the middle of a word or number
_CHILD_ZH: Final = (
    "宝宝|宝贝|婴儿|新生儿|孩子|小孩|患儿|娃娃?|儿子|女儿|闺女|孙子|孙女|男孩|女孩|男婴|女婴|宝(?=[男女])"
)
_CHILD_EN: Final = (
    "bab(?:y|ies)|infant|newborn|neonate|toddler|child|kid|(?:little |baby )?(?:son|daughter|boy|girl)"
    "|grand(?:son|daughter|child)|nephew|niece|lo"
)
_NO_AGE_ZH: Final = "(?!前|后|没|不|都|了?[,。]?(?:没|不)|以来|来|多?次)"  # 孩子三天没拉
_AGES: Final = Group.of(
    *(
        # a child's age, said of the child
        rf"{_START_EN}(?:my|our|the) {_N_EN}[ -]?{_U_EN}[ -]?(?:old|/?o\b)",
        (
            rf"(?:{_CHILD_ZH})(?:今年|现在|才|刚|已经|快|大概|大约|不到|刚满|男|女|,|:|\()*"
            rf"{_N_ZH}个?(?P<h>半)?(?:多)?(?P<u>周?岁|月|周|天|星期){_NO_AGE_ZH}"
        ),
        rf"(?:出生|生下来|生后)(?:后|才|刚|第)*{_N_ZH}个?(?P<h>半)?(?:多)?(?P<u>月|周|天|日|小时|星期)",
        (
            rf"{_N_ZH}个?(?P<h>半)?(?:多)?(?P<u>周?岁|月|周|天|日|星期){_MONTHS_TOO}(?:多)?(?:大|龄)?"
            rf"的?(?:小|女|男|早产)?(?:{_CHILD_ZH})"
        ),
        rf"\b(?:{_CHILD_EN})(?: (?:is|who is|aged|age|of|just|only|now|about|turned))+,? {_N_EN} {_U_EN}\b(?! ago)",
        rf"\b(?:{_CHILD_EN}),? \(?{_N_EN} {_U_EN}\)?(?=[,.)]| old)",
        # anybody's
        rf"{_START_EN}{_N_EN}[ -]{{0,2}}{_U_EN}[ -]?(?:old\b|/?o\b|\.o\.?)",
        rf"{_START_EN}{_N_EN} ?{_U_EN}\.? ?(?:f|m|female|male|girl|boy|woman|man)\b",
        rf"{_START_EN}(?!9[3-9] ?f\b|1\d\d ?f\b)(?P<n>\d{{1,3}}) ?/? ?(?P<u>)(?:f|m|female|male|woman|man|girl|boy)\b",
        r"\b(?:f|m|female|male) ?[,/]? ?(?P<n>\d{1,2})(?P<u>)\b(?!\.\d)",
        rf"(?<!at )(?<!at the )\b(?:aged?|age is|age of)[: ]{{1,2}}{_N_EN}(?P<u>)\b",
        (
            rf"\b(?:i'm|i am|he's|he is|she's|she is|who is) (?:a |an )?{_N_EN}(?P<u>)"
            r"(?=[,.;]| and| years|$| female| male)"
        ),
        rf"(?<![第满]){_N_ZH}(?:多)?(?P<u>周?岁|月龄|日龄|周龄)(?!时|那年|的时候|开始|起|左右时)",
        rf"(?:年龄|月龄|日龄)[:为是]?{_N_ZH}(?P<u>)",
        rf"(?:男|女)(?:性|婴|孩|童)?,{_N_ZH}个?(?P<h>半)?(?P<u>月|天|周)",
    )
)
_BEFORE: Final = 24  # characters in which a denial may stand
_OLDEST: Final = 120
_TYPICAL: Final[Mapping[Stage, float]] = {"newborn": 0.05, "infant": 0.6, "child": 5.0, "older": 75.0}
_BELOW: Final[tuple[tuple[float, Stage], ...]] = ((0.08, "newborn"), (1, "infant"), (14, "child"), (65, "adult"))


@dataclass(frozen=True)
class Person:
    """`stage` follows the age where one is said, else the words (my baby, 老人); `ages` are all that are said."""

    age_years: float | None = None
    stage: Stage | None = None
    sex: Sex | None = None
    pregnant: bool | None = None
    postpartum: bool | None = None
    weak_immunity: bool | None = None
    thin_blood: bool | None = None
    ages: frozenset[float] = frozenset()

    def aged(self, at_least: float, below: float) -> bool:
        """Somebody spoken of is of this age, in years; `newborn` and `老人` count by the stage they name."""
        return any(at_least <= age < below for age in self.ages)


@dataclass(frozen=True)
class _Words:
    stages: Mapping[Stage, Alternative]
    said: Mapping[str, Alternative]
    denied: re.Pattern[str]
    wished_before: re.Pattern[str]
    wished_after: re.Pattern[str]
    female: Alternative
    male: Alternative

    @cached_property
    def vocabulary(self) -> Vocabulary:
        said = (*self.stages.values(), *self.said.values(), self.female, self.male)
        return Vocabulary([_AGES, Group(said)])


def person_of(text: str) -> Person:
    """The patient, from words as typed."""
    return person_in(readable(text).clean)


def person_in(clean: str) -> Person:
    """The same from a clean text (clinical/text.py)."""
    words = _words()
    held = words.vocabulary.held(clean)
    ages = list(_ages(held))
    named: list[Stage] = [stage for stage, one in words.stages.items() if held.first(one)]
    pregnant = _said("pregnant", held)
    return Person(
        age_years=ages[0] if ages else None,
        stage=_stage_at(ages[0]) if ages else next(iter(named), None),
        sex="female" if pregnant else _sex(held),
        pregnant=pregnant,
        postpartum=_said("postpartum", held),
        weak_immunity=_said("weak_immunity", held),
        thin_blood=_said("thin_blood", held),
        ages=frozenset([*ages, *(_TYPICAL[stage] for stage in named)]),
    )


def _ages(held: Held) -> Iterator[float]:
    """All that are said, the patient's first."""
    for one in _AGES.alternatives:
        for found in held.all(one):
            years = _years(found)
            if years is not None and years <= _OLDEST:
                yield years


def _years(found: re.Match[str]) -> float | None:
    parts = found.groupdict()
    number = _number(found["n"])
    unit = "岁" if found["u"].endswith("岁") else found["u"][:1] or "y"
    half = 0.5 if parts.get("h") else 0
    return None if number is None else round((number + half) * _YEARS[_DAY_ZH.get(unit, unit)], 3)


def _number(words: str) -> float | None:
    if words[0].isdigit():
        return float(words)
    if words in _NUMBERS_EN:
        return float(_NUMBERS_EN[words])
    tens, ten, ones = words.rpartition("十")
    if not all(character in _DIGITS_ZH for character in tens + ones):
        return None
    return float((_digits(tens) or 1) * 10 * bool(ten) + (_digits(ones) or 0))


def _digits(words: str) -> int | None:
    return int("".join(str(_DIGITS_ZH[character]) for character in words)) if words else None


def _stage_at(age: float) -> Stage:
    return next((stage for limit, stage in _BELOW if age < limit), "older")


def _sex(held: Held) -> Sex | None:
    """That of whoever is named first."""
    female, male = held.first(_words().female), held.first(_words().male)
    if female is None or male is None:
        return "female" if female else "male" if male else None
    return "female" if female.start() <= male.start() else "male"


def _said(what: str, held: Held) -> bool | None:
    """True where it stands unexcused, False where every mention is denied, None where it is not mentioned."""
    words = _words()
    said: bool | None = None
    clean = held.clean
    for found in held.all(words.said[what]):
        ahead = clean[max(0, found.start() - _BEFORE) : found.start()]
        wished = words.wished_before.search(ahead) or words.wished_after.match(clean, found.end())
        if not words.denied.search(ahead) and not (wished and what == "pregnant"):
            return True
        said = False
    return said


@lru_cache(maxsize=1)
def _words() -> _Words:
    lists = tomllib.loads(resources.files("hospital_hub.clinical").joinpath("person.toml").read_text("utf-8"))
    return _Words(
        stages={stage: alternative(_any(words)) for stage, words in lists["stage"].items()},
        said={what: alternative(_any(words)) for what, words in lists["said"].items()},
        denied=re.compile(f"(?:{'|'.join([*lists['denied']['zh'], *_start(lists['denied']['en'])])})$"),
        wished_before=re.compile(f"(?:{_any(lists['wished']['before'], whole=False)})$"),
        wished_after=re.compile(_any(lists["wished"]["after"], whole=False)),
        female=alternative(_any(lists["sex"]["female"])),
        male=alternative(_any(lists["sex"]["male"])),
    )


def _start(patterns: list[str]) -> Iterator[str]:
    return (rf"\b{pattern}" for pattern in patterns)


def _any(words: Mapping[str, Any], *, whole: bool = True) -> str:
    english = "|".join(words["en"])
    return "|".join([*words["zh"], rf"\b(?:{english})\b" if whole else english])
