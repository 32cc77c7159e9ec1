"""Reads vital signs from typed Chinese and English. Only labelled figures, or figures with a telling unit, are read.

Fahrenheit and mg/dL are converted. Ages, times, doses and telephone numbers are no vital signs. Pure.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from hospital_hub.clinical.text import Readable, readable
from hospital_hub.clinical.vital_signs import UNITS, Consciousness, Measurement, Sign, VitalSigns

_NO: Final = (
    r"(?![\d]|\.\d| ?(?:天|日|周|个|月|年|小时|分钟|岁|片|粒|次(?!/)|mg\b|mcg|ml\b|days?\b|weeks?\b|months?\b|years?\b"
    r"|hours?\b|hrs?\b|minutes?\b|mins?\b|yo\b|y/o|tablets?|pills?))"
)
_NUMBER: Final = r"(?<![\d.])(?P<n>\d{1,3}(?:\.\d{1,2})?)" + _NO
_LINK: Final = (
    r"[\s:=,(]{0,3}(?:(?:is|are|was|were|of|at|to|in the|about|around|up to|as high as|reads?|measured|now"
    r"|approximately|on arrival"
    r"|为|是|约|大约|有|到|达|高达|只有|测|最高|偏高|偏低|高|低|快|慢|正常|控制在|在)[\s:=,]{0,2}){0,3}"
)
_CELSIUS: Final = r"(?P<u> ?°? ?[cf]\b| ?度| ?deg(?:rees)?(?: [cf]\b| fahrenheit| celsius)?| ?°|)"
_TENTHS: Final = r"(?P<t>\d|[一二三四五六七八九半])?"
_ZH_DIGITS: Final = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"半": 5}
_HOT: Final = 60  # a temperature from here on is in Fahrenheit
_MG: Final = 35  # a blood sugar from here on is in mg/dL
_NEAR: Final = 40
_LIKE_ONE: Final = (40, 260)  # lowest and highest figure of what looks like a blood pressure


def _labelled(labels: str, *, after: str = "", number: str = _NUMBER) -> re.Pattern[str]:
    return re.compile(rf"(?:{labels}){_LINK}{number}{after}")


def _word(labels: str) -> str:
    return rf"(?<![\w.])(?:{labels})(?![a-z])"


_HR: Final = (
    _labelled(_word(r"hr|heart ?rates?|pulse(?: rate)?(?! ?ox)|pr|bpm") + "|心率|脉搏|脉率|心跳"),
    re.compile(_NUMBER + r" ?(?:bpm|beats (?:per|a) minute)\b"),
)
_RR: Final = (
    _labelled(_word(r"rr|resp(?:iratory)?(?: rate)?|resp(?:iration)?s?|breathing rate") + "|呼吸频率|呼吸"),
    re.compile(_NUMBER + r" ?breaths? ?(?:/|per|a) ?min"),
)
_SPO2: Final = (
    _labelled(
        _word(
            r"s[ap][o0]2|o2 ?sats?|sats?|satting|o2 ?saturation|oxygen (?:saturation|level|sats?)"
            r"|pulse ?ox(?:imetry)?|o2"
        )
        + "|血氧饱和度|血氧|指氧|指脉氧|氧饱和度",
        after=r"(?! ?(?:l\b|l/|lpm|lit|升))",
    ),
    re.compile(_NUMBER + r" ?% ?(?:on|in) (?:ra\b|room air|\d+ ?l)"),
)
_PRESSURE: Final = re.compile(
    rf"(?:(?P<label>{_word('bp|b/p|blood pressure')}|血压){_LINK})?"
    r"(?<![\d./])(?P<n>\d{2,3}) ?/ ?(?P<d>\d{2,3}|p\b|palp)(?![\d/])(?P<u> ?mm ?hg)?"
)
_SYSTOLIC: Final = (
    _labelled(_word("sbp|systolic(?: bp| blood pressure| pressure)?") + "|收缩压|高压"),
    _labelled(_word("bp|blood pressure") + "|血压", after="(?! ?/)"),
)
_DIASTOLIC: Final = (_labelled(_word("dbp|diastolic(?: bp| pressure)?") + "|舒张压|低压"),)
_TEMPERATURE: Final = (
    _labelled(
        _word(r"t(?=[\s:=])|temp(?:erature)?s?|tmax|t-max|fevers?|febrile|fever up")
        + "|体温|发烧|发热|高烧|高热|低烧|低热|烧",
        number=r"(?<![\d.])(?P<n>\d{2,3}(?:\.\d{1,2})?)" + _NO,
        after=_CELSIUS + _TENTHS,
    ),
    re.compile(r"(?<![\d.])(?P<n>(?:3[3-9]|4[0-4])(?:\.\d)?)(?P<u> ?° ?c\b| ?摄氏度| ?度)" + _TENTHS),
    re.compile(r"(?<![\d.])(?P<n>(?:9[3-9]|1[01]\d)(?:\.\d)?)(?P<u> ?°? ?f\b)(?P<t>)"),
    re.compile(r"(?<![\w.])t(?P<n>3[3-9]\.\d|4[0-3]\.\d)(?P<u>)(?P<t>)(?!\d)"),
)
_SPOKEN: Final = re.compile(r"(?P<tens>[三四])十(?P<ones>[一二三四五六七八九])?度" + _TENTHS)
_GCS: Final = (
    _labelled(_word("gcs|glasgow coma (?:scale|score)") + "|格拉斯哥昏迷评分|格拉斯哥评分|昏迷评分"),
    re.compile(r"(?<!\w)e(?P<e>\d) ?v(?P<v>\d) ?m(?P<m>\d)(?!\d)"),
)
_PAIN: Final = (
    _labelled(
        _word(r"pain(?: ?(?:score|scale|level|intensity|rating))?(?: is)?(?: rated)?(?: as)?|nrs|vas")
        + "|疼痛(?:评分|程度)?|痛评分",
        number=r"(?<![\d.])(?P<n>\d{1,3})" + _NO,
        after=r"(?! ?(?:%|°|/(?! ?10)))(?=$|[\s,.;)/分级。]| ?out)",
    ),
    re.compile(r"(?<![\d./])(?P<n>\d{1,2}) ?(?:/|out of) ?10(?![\d/])|[痛疼](?P<m>\d{1,2})(?:分|级)"),
)
_GLUCOSE: Final = (
    _labelled(
        _word(r"(?:blood )?(?:glucose|sugars?)|fsbs|bgl?|bs|fsg|cbg|fingerstick|accu-?chek")
        + "|随机血糖|空腹血糖|血糖",
        after=r"(?P<u> ?mmol/?l?| ?mg/?dl| ?mg%|)",
        number=r"(?<![\d.])(?P<n>\d{1,4}(?:\.\d{1,2})?)(?!\d|\.\d|/\d)(?! ?(?:天|年|岁|片|days?|years?|times?))",
    ),
)
_WEIGHT: Final = (_labelled(_word("weighs?|weight|wt") + "|体重", after=r" ?(?:kg|公斤|千克)"),)
_LINE: Final = (
    (Sign.TEMPERATURE, re.compile(r"(?<![\w.])t[ :]{0,2}(?P<n>\d{2,3}(?:\.\d)?)(?P<u>)(?P<t>)(?![\d.]\d)")),
    (Sign.HEART_RATE, re.compile(r"(?<![\w.])p[ :]{0,2}(?P<n>\d{2,3})(?![\d./])")),
    (Sign.RESPIRATORY_RATE, re.compile(r"(?<![\w.])r[ :]{0,2}(?P<n>\d{1,2})(?![\d./])")),
)
_ON_OXYGEN: Final = re.compile(
    r"\bon (?:\d+ ?l|home oxygen|supplemental|oxygen|o2)|nasal cannula|\bnrb\b|non-?rebreather"
    r"|\d ?l ?(?:/min |/m )?(?:nc|o2)\b"
    r"|(?<![未不没])(?<!没有)吸氧|鼻导管|面罩给氧"
)
_ROOM_AIR: Final = re.compile(r"room air|\bon ra\b|\bra\b(?= ?[,.;)]|$)|未吸氧|不吸氧|没吸氧|没有吸氧|未给氧")
_AWAKE: Final[tuple[tuple[Consciousness, re.Pattern[str]], ...]] = (
    ("U", re.compile(r"avpu[ :=]{0,2}u\b|unresponsive to pain")),
    ("P", re.compile(r"avpu[ :=]{0,2}p\b|respon(?:ds|sive) only to pain|仅?对疼痛有反应")),
    ("V", re.compile(r"avpu[ :=]{0,2}v\b|respon(?:ds|sive) (?:only )?to (?:voice|verbal)|呼之能应")),
    (
        "A",
        re.compile(r"avpu[ :=]{0,2}a\b|(?<!not )(?<!less )\balert\b|a&o ?x? ?[34]|神志清|意识清|神清"),
    ),
)


@dataclass(frozen=True)
class _Reader:
    sign: Sign
    patterns: tuple[re.Pattern[str], ...]
    value: Callable[[re.Match[str]], float]


def _plain(found: re.Match[str]) -> float:
    return float(found["n"])


def _celsius(found: re.Match[str]) -> float:
    value = float(found["n"])
    if found["t"] and value.is_integer():
        value += (int(found["t"]) if found["t"].isdigit() else _ZH_DIGITS[found["t"]]) / 10
    unit = found["u"].strip(" °")
    hot = unit.startswith(("f", "degrees f")) or (value >= _HOT and not unit.startswith(("c", "度")) and value > 80)  # noqa: PLR2004
    return round((value - 32) * 5 / 9, 1) if hot else value


def _mmol(found: re.Match[str]) -> float:
    value = float(found["n"])
    milligrams = found["u"].strip().startswith("mg") or (not found["u"].strip() and value >= _MG)
    return round(value / 18.0, 1) if milligrams else value


def _coma(found: re.Match[str]) -> float:
    parts = found.groupdict()
    return float(parts["n"]) if "n" in parts else float(sum(int(parts[name]) for name in "evm"))


_READERS: Final = (
    _Reader(Sign.HEART_RATE, _HR, _plain),
    _Reader(Sign.RESPIRATORY_RATE, _RR, _plain),
    _Reader(Sign.SPO2, _SPO2, _plain),
    _Reader(Sign.SYSTOLIC, _SYSTOLIC, _plain),
    _Reader(Sign.DIASTOLIC, _DIASTOLIC, _plain),
    _Reader(Sign.TEMPERATURE, _TEMPERATURE, _celsius),
    _Reader(Sign.GCS, _GCS, _coma),
    _Reader(Sign.GLUCOSE, _GLUCOSE, _mmol),
    _Reader(Sign.WEIGHT, _WEIGHT, _plain),
)


def read_vital_signs(text: str) -> VitalSigns:
    """Every figure once, in the order of the text."""
    read = readable(text)
    found = {(one.sign, one.start): one for one in reversed(list(_measurements(read)))}
    ordered = sorted(found.values(), key=lambda one: (one.start, one.sign))
    awake = next((state for state, words in _AWAKE if words.search(read.clean)), None)
    oxygen = True if _ON_OXYGEN.search(read.clean) else False if _ROOM_AIR.search(read.clean) else None
    return VitalSigns.sorted(ordered, consciousness=awake, on_oxygen=oxygen)


def _measurements(read: Readable) -> Iterator[Measurement]:
    labelled = list(_labelled_ones(read))
    yield from labelled
    if len(labelled) > 1 or re.search(r"\b(?:vs|vitals?)\b|\bp[ :]{1,2}\d{2,3}\b", read.clean):
        for sign, pattern in _LINE:
            for found in pattern.finditer(read.clean):
                yield _measured(
                    read, found, sign=sign, value=_celsius(found) if sign is Sign.TEMPERATURE else _plain(found)
                )


def _labelled_ones(read: Readable) -> Iterator[Measurement]:
    for reader in _READERS:
        for pattern in reader.patterns:
            for found in pattern.finditer(read.clean):
                yield _measured(read, found, sign=reader.sign, value=reader.value(found))
    for found in _SPOKEN.finditer(read.clean):
        value = _ZH_DIGITS[found["tens"]] * 10 + _ZH_DIGITS[found["ones"] or "零"]
        tenths = found["t"] or "零"
        yield _measured(
            read,
            found,
            sign=Sign.TEMPERATURE,
            value=value + (int(tenths) if tenths.isdigit() else _ZH_DIGITS[tenths]) / 10,
            group=0,
        )
    yield from _pressures(read)
    yield from _pains(read)


def _pressures(read: Readable) -> Iterator[Measurement]:
    """Two figures and a stroke are a blood pressure where they are called so, in mmHg, or where one is spoken of."""
    spoken_of = re.search(r"\bbp\b|blood pressure|血压", read.clean)
    for found in _PRESSURE.finditer(read.clean):
        like_one = found["d"].isdigit() and _LIKE_ONE[0] <= int(found["d"]) < int(found["n"]) <= _LIKE_ONE[1]
        if found["label"] or found["u"] or (spoken_of and like_one):
            yield _measured(read, found, sign=Sign.SYSTOLIC, value=float(found["n"]))
            if found["d"].isdigit():
                yield _measured(read, found, sign=Sign.DIASTOLIC, value=float(found["d"]), group="d")


def _pains(read: Readable) -> Iterator[Measurement]:
    """`8/10` is pain where pain is spoken of."""
    named, bare = _PAIN
    for found in named.finditer(read.clean):
        yield _measured(read, found, sign=Sign.PAIN, value=float(found["n"]))
    for found in bare.finditer(read.clean):
        around = read.clean[max(0, found.start() - _NEAR) : found.end() + _NEAR]
        if re.search(r"pain|ache|hurt|severity|疼|痛", around):
            yield _measured(
                read, found, sign=Sign.PAIN, value=float(found["n"] or found["m"]), group="n" if found["n"] else "m"
            )


def _measured(
    read: Readable, found: re.Match[str], *, sign: Sign, value: float, group: str | int | None = None
) -> Measurement:
    """The place is that of the figure, so that two ways of reading one figure give one measurement."""
    chosen = group if group is not None else ("n" if "n" in found.groupdict() else 0)
    start, end = read.span(*found.span(chosen))
    whole_start, whole_end = read.span(*found.span())
    return Measurement(sign, round(value, 1), UNITS[sign], start, end, read.text[whole_start:whole_end].strip(" ,;"))
