"""A model's yes/no question as the statement that a "yes" to it makes, so that the rules can read it. Pure."""

import re
from typing import Final

from hospital_hub.clinical.text import Language

_ASKING_ZH: Final = re.compile(
    r"(?:请问|那么?|另外)[,，]?|您|你|(?:患者|病人)(?=有|是|会|能|在|觉)|是否|[?？]|(?:吗|呢|么|没有)(?=[?？。]?$)"
)
_EITHER_ZH: Final = (("有没有", "有"), ("是不是", "是"), ("会不会", "会"), ("能不能", "能"), ("有无", "有"))
POLAR_ZH: Final = re.compile(r"有没有|是否|是不是|会不会|能不能|有无|(?:吗|么)[?？。]?$|没有[?？]$")
_WH_ZH: Final = re.compile(r"什么|哪|多少|多久|多长|多大|几|怎么|怎样|如何|谁|为何|为什么|何时")
_AUXILIARY: Final = r"(?:do|does|did|are|is|was|were|have|has|had|can|could|will|would|should)"
POLAR_EN: Final = re.compile(rf"^(?:and |so |also,? |please tell me,? )?{_AUXILIARY}(?:n't)? ", re.IGNORECASE)
_YOU: Final = re.compile(rf"^(?:and |so |also,? )?({_AUXILIARY}) you\b", re.IGNORECASE)
_PAST: Final = {
    "lose": "lost",
    "pass": "passed",
    "have": "had",
    "fall": "fell",
    "hit": "hit",
    "throw": "threw",
    "take": "took",
    "bleed": "bled",
    "break": "broke",
    "feel": "felt",
    "get": "got",
    "drink": "drank",
    "eat": "ate",
    "swallow": "swallowed",
}
_KEPT: Final = {"are": "am", "have": "have", "had": "had", "were": "was", "was": "was", "can": "can", "could": "could"}
_TELL: Final = re.compile(
    r"(?:能|可以|请)(?:不能)?(?:您)?(?:再|详细|具体)*(?:描述|说|讲|告诉|形容)"
    r"|\b(?:can|could|would|will) you (?:please )?(?:describe|tell|say|show|explain|point|rate)\b",
    re.IGNORECASE,
)
_WELL: Final = re.compile(
    r"(?:能|可以)(?!.{0,3}(?:描述|说明))[^,，]{1,10}吗|正常|清醒|舒服|没事|(?<!没)(?<!有没)好(?:转|些|点|吗)"
    r"|\b(?:able to|normal(?:ly)?|ok(?:ay)?|alright|all right|fine|well)\b"
    r"|\bwithout (?:help|trouble|pain|difficulty)\b|^(?:can|could) you\b",
    re.IGNORECASE,
)


def is_polar(question: str) -> bool:
    """Whether yes and no are answers to it."""
    text = question.strip()
    if _TELL.search(text):
        return False
    if POLAR_EN.match(text):
        return True
    return bool(POLAR_ZH.search(text)) and not (_WH_ZH.search(text) and not re.search(r"有没有|是否|有无|是不是", text))


def is_reversed(question: str) -> bool:
    """Whether a "no" would be the danger: whether somebody can, is normal, is well."""
    return is_polar(question) and bool(_WELL.search(question.strip()))


def statement_of(question: str, language: Language) -> str:
    return _chinese(question) if language == "zh-CN" else _english(question)


def _chinese(question: str) -> str:
    told = question.strip()
    for either, one in _EITHER_ZH:
        told = told.replace(either, one)
    return _ASKING_ZH.sub("", told).strip(" ,，。")


def _english(question: str) -> str:
    told = question.strip().rstrip("? ")
    found = _YOU.match(told)
    if found is not None:
        auxiliary, rest = found[1].lower(), told[found.end() :].strip()
        rest = _in_the_past(rest) if auxiliary == "did" else rest
        told = " ".join(filter(None, ["I", _KEPT.get(auxiliary, ""), rest]))
    else:
        told = POLAR_EN.sub("", told)
    return re.sub(r"\byour\b", "my", re.sub(r"\byou\b", "I", told, flags=re.IGNORECASE), flags=re.IGNORECASE)


def _in_the_past(told: str) -> str:
    verb, _, rest = told.partition(" ")
    regular = f"{verb}d" if verb.endswith("e") else f"{verb}ed"
    return f"{_PAST.get(verb, regular)} {rest}".strip()
