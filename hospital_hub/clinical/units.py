"""Units as people write and say them, and which of them measure the same thing. Pure.

A unit has a family and its size in that family's base: `500 mg` is `0.5 g`, `two weeks` are `14 days`. Units that
only laboratories use are families of their own and never converted.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True)
class Unit:
    """`size` in the family's base unit; 0 where no other unit of the family can be converted."""

    name: str
    family: str
    size: Decimal = Decimal(0)


# family | name | size in base units | how it is written and said; "_" is a blank, as dictation spells `m g`
_TABLE: Final = """
time | second | 0.00001157407 | s sec secs second seconds 秒 秒钟
time | minute | 0.00069444444 | min mins minute minutes 分钟 分
time | hour | 0.04166666667 | h hr hrs hour hours 小时 钟头 钟
time | day | 1 | d day days 天 日
time | week | 7 | wk wks week weeks 周 星期 礼拜
time | month | 30 | mo mos month months month-old 月
time | year | 365 | y yr yrs year years year-old y/o yo year-olds years-old 年 岁 周岁 -year-old y.o. y.o years-of-age
time | decade | 3650 | decade decades
mass | ug | 0.001 | ug mcg microgram micrograms 微克
mass | mg | 1 | mg mgs m_g milligram milligrams 毫克
mass | g | 1000 | g gm gram grams 克
mass | kg | 1000000 | kg kgs kilo kilos kilogram kilograms 公斤 千克
mass | lb | 453592 | lb lbs pound pounds 磅
mass | oz | 28350 | oz ounce ounces
mass | jin | 500000 | 斤
length | mm | 1 | mm millimeter millimeters millimetre millimetres 毫米
length | cm | 10 | cm cms centimeter centimeters centimetre centimetres 厘米 公分
length | m | 1000 | m meter meters metre metres 米
length | in | 25.4 | inch inches
length | ft | 304.8 | ft foot feet
length | mile | 1609344 | mile miles
volume | ml | 1 | ml mls cc ccs m_l c_c milliliter milliliters 毫升
volume | l | 1000 | l liter liters litre litres 升
volume | gal | 3785 | gallon gallons
degree | cel | 0 | °c ℃ cel 摄氏度 degc 度 °
degree | degree | 0 | degree degrees
degree | fahr | 0 | °f degf fahrenheit
percent | % | 1 | % percent
pressure | mmhg | 1 | mmhg 毫米汞柱 mm[hg]
rate | /min | 1 | /min bpm 次/分 beats/min breaths/min {beats}/min {breaths}/min 次/分钟
often | times | 1 | time times 次 回
count | piece | 1 | tablet tablets tab tabs pill pills capsule capsules 片 粒 颗 袋 包 支 瓶 丸 滴 贴 盒 喷
clock | o'clock | 0 | a.m. p.m. am pm o'clock 点钟 点
item | item | 1 | 个 块 只 条
drinks | drink | 1 | drink drinks beer beers glass glasses bottle bottles
packs | pack | 1 | pack packs ppd
money | dollar | 1 | dollar dollars
dose | unit | 1 | unit units iu 单位
power | mv | 1 | mv
mg/kg | mg/kg | 1 | mg/kg
"""
_LABORATORY: Final = (
    "mmol/l umol/l g/l mg/l mg/dl g/dl u/l iu/l ng/ml pg/ml l/min mol/l meq/l mosm/kg 10*9/l 10*3/ul 10*12/l"
    " miu/l ng/dl /ul kg/m2 ug/l ug/dl pmol/l nmol/l mm/h iu/ml fl pg kpa"
)


def _read() -> Iterator[tuple[str, Unit]]:
    for line in _TABLE.strip().splitlines():
        family, name, size, written = (part.strip() for part in line.split(" | "))
        for one in written.split():
            yield one.replace("_", " "), Unit(name, family, Decimal(size))
    for one in _LABORATORY.split():
        yield one, Unit(one, one, Decimal(1))


UNITS: Final[Mapping[str, Unit]] = dict(_read())
NONE: Final = Unit("", "")
ITEM: Final = UNITS["个"]
# The second of something, and the end of a scale: no measurement. Told apart from a bare number, that can be one.
RANK: Final = Unit("rank", "rank")
_LATIN: Final = sorted((one for one in UNITS if one.isascii()), key=len, reverse=True)
_WIDE: Final = sorted((one for one in UNITS if not one.isascii()), key=len, reverse=True)
# A Latin unit ends where its letters end; `mm[hg]` and `%` have no letter at their end.
PATTERN: Final = (
    f"(?:(?:{'|'.join(map(re.escape, _LATIN))})(?![a-z])"
    f"|个?多?(?:{'|'.join(map(re.escape, _WIDE))})(?:/(?:分钟?|天|日|次))?)"
)


def unit_of(written: str) -> Unit:
    """The unit of a match of PATTERN; no unit for what is not in the table."""
    plain = written.strip().removeprefix("个").removeprefix("多")
    return UNITS.get(plain) or UNITS.get(plain.partition("/")[0]) or NONE
