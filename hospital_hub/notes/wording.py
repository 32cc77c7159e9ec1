"""The few words that join a chart's own words into a fact, in the chart's language. Not texts of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Above this share of Chinese characters a text is read as Chinese; Chinese notes are full of Latin abbreviations.
CHINESE_FROM: Final = 0.2


def is_chinese(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    wide = sum(1 for character in letters if "一" <= character <= "鿿")
    return bool(letters) and wide / len(letters) >= CHINESE_FROM


@dataclass(frozen=True)
class Wording:
    """Patterns with places for str.format; `comma` joins a list."""

    comma: str
    sex: Mapping[str, str]
    person_both: str
    person_age: str
    stay_reason: str
    stay_only: str
    since_day: str
    allergy_reaction: str
    allergy_only: str
    high: str
    low: str
    abnormal: str
    somebody: str

    def person(self, years: int | None, sex: str) -> str:
        if years is None:
            return sex
        return self.person_both.format(years=years, sex=sex) if sex else self.person_age.format(years=years)

    def stay(self, start: str, reasons: str) -> str:
        if not start:
            return reasons
        pattern = self.stay_reason if reasons else self.stay_only
        return pattern.format(start=start, reasons=reasons)

    def since(self, name: str, start: str) -> str:
        return self.since_day.format(name=name, start=start) if start else name

    def allergy(self, substance: str, reactions: str) -> str:
        pattern = self.allergy_reaction if reactions else self.allergy_only
        return pattern.format(substance=substance, reactions=reactions)


WORDING: Final[Mapping[str, Wording]] = {
    "en": Wording(
        comma=", ",
        sex={"male": "male", "female": "female", "other": "other sex"},
        person_both="{years}-year-old {sex}",
        person_age="{years} years old",
        stay_reason="In hospital since {start} for: {reasons}",
        stay_only="In hospital since {start}",
        since_day="{name} (since {start})",
        allergy_reaction="Allergy to {substance}: {reactions}",
        allergy_only="Allergy to {substance}",
        high="high",
        low="low",
        abnormal="abnormal",
        somebody="the patient",
    ),
    "zh-CN": Wording(
        comma="、",
        sex={"male": "男", "female": "女", "other": "其他性别"},
        person_both="{sex}，{years}岁",
        person_age="{years}岁",
        stay_reason="本次就诊自{start}，原因：{reasons}",
        stay_only="本次就诊自{start}",
        since_day="{name}（{start}起）",
        allergy_reaction="对{substance}过敏：{reactions}",
        allergy_only="对{substance}过敏",
        high="偏高",
        low="偏低",
        abnormal="异常",
        somebody="患者",
    ),
}
