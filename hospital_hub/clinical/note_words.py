"""What can be compared in a sentence of a note: words, drug and disease names, numbers with units, negation. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

_STOP = frozenset(
    """
    the and for with was were has have had are his her its this that these those from into onto over under per been
    being will would can could should may might who which what when where while than then also both each such any all
    patient year years old male female man woman note notes noted shows show showed shown report reports reported
    presents presented presenting history current currently today yesterday plan assessment subjective objective
    continue continued continues remains remain stable due time date day days during after before about without not
    denies denied deny negative absent none evidence sign signs symptom symptoms including include includes recorded
    progress since
    """.split()  # noqa: SIM905 - a list of words is read, not its punctuation
)
_STOP_WIDE = frozenset(
    """
    患者 目前 今日 既往 病史 情况 继续 治疗 考虑 建议 进行 予以 给予 入院 检查 主诉 诊断
    主观 客观 评估 计划 病程 程记 记录
    """.split()  # noqa: SIM905
)
_LATIN = re.compile(r"[a-z][a-z\-]{2,}")
_HAN_RUN = re.compile(r"[\u4e00-\u9fff]+")
_FUNCTION = re.compile(r"[的了和与及在有是为于并伴无未否认没不到其该等、]")
# Endings of drug names (WHO INN stems) and of diseases; a word with one is a claim by itself.
_MEDICAL = re.compile(
    r"\b[a-z]+(?:cillin|mycin|floxacin|cycline|azole|pril|sartan|olol|dipine|statin|formin|gliptin|gliflozin|glitazone"
    r"|parin|xaban|semide|thiazide|profen|oxetine|azepam|mab|vir|itis|emia|osis|oma|pathy|algia|pnea|uria|plegia)\b"
)
# Chinese has no spaces: the group is the part that must be in the chart, with one character more where it is an ending.
_DRUG_WIDE = re.compile(
    r"[\u4e00-\u9fff]{0,4}?([\u4e00-\u9fff](?:霉素|西林|沙星|洛尔|普利|沙坦|他汀|地平|双胍|拉唑|噻嗪|格列净|列汀|单抗))"
)
_DISEASE_WIDE = re.compile(
    r"(肺炎|肠炎|胃炎|肝炎|肾炎|胰腺炎|阑尾炎|胆囊炎|脑膜炎|心肌梗死|脑梗死|糖尿病|高血压|骨折|肿瘤|癌|衰竭|血栓|栓塞)"
)
_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("mmhg", "毫米汞柱", "mm[hg]"), "mmhg"),
    **dict.fromkeys(("/min", "bpm", "次/分", "beats/min", "breaths/min", "{beats}/min", "次/分钟"), "/min"),
    **dict.fromkeys(("°c", "℃", "cel", "摄氏度", "degc", "度"), "cel"),
    **dict.fromkeys(("%", "percent"), "%"),
    **dict.fromkeys(("mg", "毫克"), "mg"),
    **dict.fromkeys(("g", "克"), "g"),
    **dict.fromkeys(("ug", "mcg", "微克"), "ug"),
    **dict.fromkeys(("kg", "公斤", "千克"), "kg"),
    **dict.fromkeys(("ml", "毫升"), "ml"),
    **dict.fromkeys(("岁", "years", "year", "-year-old", "year-old"), "a"),
    **dict.fromkeys(("天", "日", "days", "day"), "d"),
    **{
        unit: unit
        for unit in ("mmol/l", "umol/l", "g/l", "mg/l", "mg/dl", "g/dl", "u/l", "iu/l", "ng/ml", "pg/ml", "l/min")
    },
    **{unit: unit for unit in ("cm", "mm", "mol/l", "meq/l", "mosm/kg", "10*9/l", "10*3/ul", "cm h2o")},
}
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_NUMBER = re.compile(
    r"(?P<moment>\d{4}-\d\d-\d\d|\d{1,2}:\d\d)"
    rf"|(?<![a-z\d.])(?P<value>\d+(?:\.\d+)?(?:/\d+)?)(?:[ -]?(?P<unit>{_UNIT})(?![a-z]))?"
)
_LIST_NUMBER = re.compile(r"^\s*\d{1,2}[.)、](?:\s|$)")
_CLAUSE = re.compile(r"[,;.:()，；。：（）!?！？\n]|\bbut\b|\bhowever\b|\bexcept\b|但|而")
_DENIAL = re.compile(
    r"\b(?:no|not|denies|denied|denying|without|negative for|absence of|never)\b"
    r"|无|否认|未见|未闻及|未触及|没有|未|排除|阴性"
)


@dataclass(frozen=True)
class Number:
    """A number, a pair such as 120/80, a date or a time of day, with its unit where it is a known one."""

    value: str
    unit: str
    shown: str

    def agrees(self, other: "Number") -> bool:
        """Equal, and no unit that speaks against it."""
        return self.value == other.value and (not self.unit or not other.unit or self.unit == other.unit)


def clean(text: str) -> str:
    """Full width becomes half width, case is folded; the micro sign becomes u."""
    return unicodedata.normalize("NFKC", text).casefold().replace("μ", "u")


def content_words(text: str) -> frozenset[str]:
    """English words without the empty ones, Chinese pairs of characters."""
    folded = clean(text)
    latin = {_stem(word) for word in _LATIN.findall(folded)} - _STOP
    return frozenset(latin | _pairs(folded))


def medical_words(text: str) -> frozenset[str]:
    """Names of drugs and diseases by their endings."""
    folded = clean(text)
    wide = {*_DRUG_WIDE.findall(folded), *_DISEASE_WIDE.findall(folded)}
    return frozenset(_MEDICAL.findall(folded)) | frozenset(wide)


def numbers_in(text: str) -> frozenset[Number]:
    """All numbers but those that count the lines of a list."""
    folded = _LIST_NUMBER.sub("", clean(text))
    return frozenset(_number(match) for match in _NUMBER.finditer(folded))


def polarity(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Content words that the text affirms, and those that stand behind a denial in the same clause."""
    asserted: set[str] = set()
    denied: set[str] = set()
    for clause in _CLAUSE.split(clean(text)):
        cue = _DENIAL.search(clause)
        if cue is None:
            asserted |= content_words(clause)
            continue
        asserted |= content_words(clause[: cue.start()])
        denied |= content_words(clause[cue.end() :])
    return frozenset(asserted), frozenset(denied)


def _number(match: re.Match[str]) -> Number:
    shown = match.group().strip()
    if match["moment"]:
        return Number(match["moment"], "", shown)
    value = "/".join(_plain(part) for part in match["value"].split("/"))
    return Number(value, _UNITS.get(match["unit"] or "", ""), shown)


def _plain(digits: str) -> str:
    """38.50 and 38.5 are the same number."""
    return format(Decimal(digits).normalize(), "f")


def _stem(word: str) -> str:
    """Without the plural's s, which is all that this version takes off."""
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word  # noqa: PLR2004


def _pairs(folded: str) -> set[str]:
    runs = [part for run in _HAN_RUN.findall(folded) for part in _FUNCTION.split(run)]
    return {run[place : place + 2] for run in runs for place in range(len(run) - 1)} - _STOP_WIDE
