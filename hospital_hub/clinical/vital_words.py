"""How vital signs are written in Chinese and English: labelled figures, and figures with a telling unit. Data alone."""

import re
from typing import Final

from hospital_hub.clinical.vital_signs import Consciousness, Sign

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


def _labelled(labels: str, *, after: str = "", number: str = _NUMBER) -> re.Pattern[str]:
    return re.compile(rf"(?:{labels}){_LINK}{number}{after}")


def _word(labels: str) -> str:
    return rf"(?<![\w.])(?:{labels})(?![a-z])"


HR: Final = (
    _labelled(_word(r"hr|heart ?rates?|pulse(?: rate)?(?! ?ox)|pr|bpm") + "|心率|脉搏|脉率|心跳"),
    re.compile(_NUMBER + r" ?(?:bpm|beats (?:per|a) minute)\b"),
)
RR: Final = (
    _labelled(_word(r"rr|resp(?:iratory)?(?: rate)?|resp(?:iration)?s?|breathing rate") + "|呼吸频率|呼吸"),
    re.compile(_NUMBER + r" ?breaths? ?(?:/|per|a) ?min"),
)
SPO2: Final = (
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
SPOKEN_OF: Final = re.compile(r"\bbp\b|blood pressure|血压")
PRESSURE: Final = re.compile(
    rf"(?:(?P<label>{_word('bp|b/p|blood pressure')}|血压){_LINK})?"
    r"(?<![\d./])(?P<n>\d{2,3}) ?/ ?(?P<d>\d{2,3}|p\b|palp)(?![\d/])(?P<u> ?mm ?hg)?"
)
SYSTOLIC: Final = (
    _labelled(_word("sbp|systolic(?: bp| blood pressure| pressure)?") + "|收缩压|高压"),
    _labelled(_word("bp|blood pressure") + "|血压", after="(?! ?/)"),
)
DIASTOLIC: Final = (_labelled(_word("dbp|diastolic(?: bp| pressure)?") + "|舒张压|低压"),)
TEMPERATURE: Final = (
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
SPOKEN: Final = re.compile(r"(?P<tens>[三四])十(?P<ones>[一二三四五六七八九])?度" + _TENTHS)
GCS: Final = (
    _labelled(_word("gcs|glasgow coma (?:scale|score)") + "|格拉斯哥昏迷评分|格拉斯哥评分|昏迷评分"),
    re.compile(r"(?<!\w)e(?P<e>\d) ?v(?P<v>\d) ?m(?P<m>\d)(?!\d)"),
)
PAIN: Final = (
    _labelled(
        _word(r"pain(?: ?(?:score|scale|level|intensity|rating))?(?: is)?(?: rated)?(?: as)?|nrs|vas")
        + "|疼痛(?:评分|程度)?|痛评分",
        number=r"(?<![\d.])(?P<n>\d{1,3})" + _NO,
        after=r"(?! ?(?:%|°|/(?! ?10)))(?=$|[\s,.;)/分级。]| ?out)",
    ),
    re.compile(r"(?<![\d./])(?P<n>\d{1,2}) ?(?:/|out of) ?10(?![\d/])|[痛疼](?P<m>\d{1,2})(?:分|级)"),
)
GLUCOSE: Final = (
    _labelled(
        _word(r"(?:blood )?(?:glucose|sugars?)|fsbs|bgl?|bs|fsg|cbg|fingerstick|accu-?chek")
        + "|随机血糖|空腹血糖|血糖",
        after=r"(?P<u> ?mmol/?l?| ?mg/?dl| ?mg%|)",
        number=r"(?<![\d.])(?P<n>\d{1,4}(?:\.\d{1,2})?)(?!\d|\.\d|/\d)(?! ?(?:天|年|岁|片|days?|years?|times?))",
    ),
)
WEIGHT: Final = (_labelled(_word("weighs?|weight|wt") + "|体重", after=r" ?(?:kg|公斤|千克)"),)
LINE: Final = (
    (Sign.TEMPERATURE, re.compile(r"(?<![\w.])t[ :]{0,2}(?P<n>\d{2,3}(?:\.\d)?)(?P<u>)(?P<t>)(?![\d.]\d)")),
    (Sign.HEART_RATE, re.compile(r"(?<![\w.])p[ :]{0,2}(?P<n>\d{2,3})(?![\d./])")),
    (Sign.RESPIRATORY_RATE, re.compile(r"(?<![\w.])r[ :]{0,2}(?P<n>\d{1,2})(?![\d./])")),
)
ON_OXYGEN: Final = re.compile(
    r"\bon (?:\d+ ?l|home oxygen|supplemental|oxygen|o2)|nasal cannula|\bnrb\b|non-?rebreather"
    r"|\d ?l ?(?:/min |/m )?(?:nc|o2)\b"
    r"|(?<![未不没])(?<!没有)吸氧|鼻导管|面罩给氧"
)
ROOM_AIR: Final = re.compile(r"room air|\bon ra\b|\bra\b(?= ?[,.;)]|$)|未吸氧|不吸氧|没吸氧|没有吸氧|未给氧")
AWAKE: Final[tuple[tuple[Consciousness, re.Pattern[str]], ...]] = (
    ("U", re.compile(r"avpu[ :=]{0,2}u\b|unresponsive to pain")),
    ("P", re.compile(r"avpu[ :=]{0,2}p\b|respon(?:ds|sive) only to pain|仅?对疼痛有反应")),
    ("V", re.compile(r"avpu[ :=]{0,2}v\b|respon(?:ds|sive) (?:only )?to (?:voice|verbal)|呼之能应")),
    (
        "A",
        re.compile(r"avpu[ :=]{0,2}a\b|(?<!not )(?<!less )\balert\b|a&o ?x? ?[34]|神志清|意识清|神清"),
    ),
)
