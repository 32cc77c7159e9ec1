"""Whether a sentence of a note or of a talk affirms or denies what it names, read from the words around it. Pure.

For comparing texts: nothing is excused and no danger is judged here (negation.py does that for red flags). A denial
reaches through an enumeration to the end of its clause, or to the next word that affirms.
"""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from hospital_hub.clinical.lexicon import IMPROVED, Term


class Polarity(StrEnum):
    AFFIRMED = "affirmed"
    DENIED = "denied"
    OPEN = "open"  # asked without an answer that could be read, or only imagined (`if it hurts`)


# Where a denial begins. Of two at one place the longer one counts.
_DENY: Final = re.compile(
    r"\b(?:no evidence of|no sign of|no signs of|negative for|absence of|free of|free from|ruled out"
    r"|(?:do|does|did) ?(?:n't|not) (?:even |really )?(?:think|believe) (?:that )?(?:i|he|she|they|it|there)"
    r"(?: (?:have|had|has|is|was|are|were))?"
    r"|denies|denied|denying|deny|without|absent|no longer|no more|never|none|neither|nor|cannot|no|not|\w+n't|n't"
    r"|has yet to|fails to|lack of|lacks|lacking|resolution of|negative)\b"
    r"|否认|未见|未闻及|未触及|未及|未诉|未发现|未出现|未做|未|没有|没|不伴有?|不|无|(?:已|可|基本)排除|排除了|阴性"
)
# Denial words that deny nothing here.
_NO_DENIAL: Final = re.compile(
    r"\b(?:not only|no doubt|no change|no changes|no problem|not sure|not certain|not know|no increase|don't know"
    r"|didn't help|doesn't help|not help|no relief|no improvement|can't remember|don't remember|why not"
    r"|if not|not really sure|not limited to|not (?:been )?(?:treated|evaluated|tested|seen) for"
    r"|(?:is|are|was|were|do|does|did|has|have) ?n't (?:you|it|that|this|there|he|she|they|we|i))\b"
    r"|无明显诱因下?|无诱因下?|无明显原因|不明原因|不明显|不知道?|不清楚|不好意思|不客气|不久|不断|不过|不易|不容易"
    r"|不管|不仅|不少|不同|不止|不能"
    r"|不舒服|不适|没事|没关系|没问题|不好|不佳|不详|不规律|要不要|是不是|有没有|有没|有无|会不会|能不能"
    r"|可不可以|不行|没好(?!转)|不退|不消化|消化不良|不一样|不要|不用|不得|不可|不安|不通|不透"
    r"|不振|不断|不停|不住|不了"
)
# Where a denial ends though the sentence goes on.
_END_EN: Final = re.compile(
    r"[.;:!?]|\b(?:but|however|although|though|except|apart from|other than|because|which|who|reports|reported|admits"
    r"|states|stated|complains|endorses|notes|noted|positive for|positive|has|have had|had|is|are|was|were"
    r"|will|does|did"
    r"|and (?:he|she|they|i|it|has|is|was|continues|reports)|and (?:the|his|her|there|now)|he|she|they|i"
    r"|so|then|since|until|when|if|presents|with (?:a|an|his|her))\b"
)
# `Denies he landed on it` denies all of it.
_DENIES: Final = re.compile(r"den(?:y|ies|ied|ying)$")
_END_DENIES: Final = re.compile(
    r"[.;:!?]|\b(?:but|however|although|except|apart from|other than|reports|reported|admits|complains"
    r"|endorses|positive for"
    r"|and (?:he|she|they|i|it|has|is|was|continues|reports|states))\b"
)
_END_ZH: Final = re.compile(
    r"(?<=好转)|(?<=缓解)|(?<=改善)|(?<=见好)"
    r"|[。;!?]|但|不过|可是|然而|却|[,，] ?(?!亦|也|或|及)|出现|伴有?(?!无)|有(?!无|没有|明显)|后|考虑|予|给予|建议"
)
# `Denies A, B and C` and `no A, B or C` go on through commas; `not` does not.
_SHORT_REACH: Final = re.compile(r"\b(?:not|\w+n't|n't|cannot|never|no longer|absent|negative)$")
_LIST: Final = re.compile(r"[^.;:!?]*?,[^.;:!?]*?,? (?:or|nor) ")  # `is not having A, B, or C`
_SHORT_ZH: Final = frozenset({"没", "未", "不"})
_NEAR_ZH: Final = 5  # characters; 没, 未 and 不 deny the next word
_AFTER: Final = re.compile(
    r"^[ -]?free\b|^ ?(?:\w+ )?(?:is|are|was|were)? ?(?:negative|absent|denied|not present|none"
    r"|has resolved|not noted|not seen|: ?no(?:ne)?\b|- ?no\b|no\b)"
    r"|^ ?(?:look|looks|looked|appear|appears) (?:fine|good|normal|okay|ok|clear|unremarkable)\b"
    r"|^(?:\(-\)|\(—\)|阴性|: ?无(?![\u3400-\u9fff])|(?:都?没有|没了|也没有?|未见|未做)(?=[,。;!?、 ]|$))"
)
_IMAGINED: Final = re.compile(
    r"\b(?:if|in case|risks?|might|may|could|would|should|watch for|watch out|look out for|such as|prevent"
    r"|prevents|avoid|unless"
    r"|whether|concern for|concerning for|signs of|worried about|suspicious for|suspect|rule out|rules out"
    r"|possible|possibly|probable|likely)\b"
    r"|如果|假如|假使|一旦|要是|若|万一|可能|容易|引起|导致|预防|防止|以免|避免|除外|会不会|是否|比如|例如|怕|担心|考虑|疑|的话|(?<![已可])排除(?!了)"
)
# What is denied of the rest, or any more, may well have been there: `no other pain`, `不发烧了`.
_REST: Final = re.compile(
    r"\b(?:other|others|another|additional|further|more)(?: \w+){0,2} $|(?:其他|其它|别的)[^,，。;]{0,6}$"
)
_ELSEWHERE: Final = re.compile(r"^(?: \w+){0,2} (?:elsewhere|anywhere else|other than)\b|^(?:的?症状|的?情况)?了")
_NO_LONGER: Final = re.compile(r"\b(?:no longer|no more|any ?more)\b")
# `Does this pain wake you? No` does not deny the pain.
_KNOWN: Final = re.compile(
    r"\b(?:this|that|these|those|your|the|his|her|still|because of|result of)(?: \w+){0,1} $|还[^,，。;]{0,4}$"
)
_HOW_MUCH: Final = re.compile(r"^[^,。;]{0,2}(?:频繁|厉害|严重|重|多|勤|明显|剧烈)")  # `咳嗽厉害吗`
_NEAR: Final = 30
_SPIT_REACH: Final = 8
_EFFECT: Final = frozenset({"效果", "疗效"})  # good or bad, as the words after them say
_GOOD: Final = re.compile(r"(?:很|还|挺|较|比较|非常)?(?:好|可|不错|显著|明显|满意|佳)(?!的?话|不|吗)")
_POOR: Final = re.compile(r"(?:也|还是|都|很|并)?(?:不佳|不好|不明显|不大|不理想|差|欠佳|一般)(?=[,。;!?、 ]|$)")
_SPAT: Final = re.compile(r"痰[^,。;!?]{0,6}$")  # 吐出一块痰 is no vomiting
_IMAGINED_REACH: Final = 60
_FARTHEST: Final = 240  # characters; no denial reaches farther, and long texts stay fast
_DENYING_WORDS: Final = {
    "afebrile": "fever", "nontender": "pain", "non-tender": "pain", "anicteric": "jaundice", "painless": "pain",
    "atraumatic": "injury", "normotensive": "hypertension", "nondistended": "distend", "asymptomatic": "symptom",
    "normal": "abnormal", "unremarkable": "abnormal", "正常": "异常", "无殊": "异常", "没问题": "异常",
    "问题不大": "异常", "没事": "异常", "没什么事": "异常", "没啥事": "异常",
    "无效": "好转", "没用": "好转", "没什么用": "好转", "没啥用": "好转", "不管用": "好转", "没效": "好转",
    "nonsmoker": "tobacco", "non-smoker": "tobacco", "nondrinker": "alcohol", "nkda": "allergy", "nka": "allergy",
}  # fmt: skip


_LATIN_FORMS: Final = "|".join(word for word in _DENYING_WORDS if word.isascii())
_WIDE_FORMS: Final = "|".join(word for word in _DENYING_WORDS if not word.isascii())
_BY_FORM: Final = re.compile(rf"\b(?:{_LATIN_FORMS})\b|(?<!不)(?:{_WIDE_FORMS})(?!果)")


def polarities(clean: str, terms: Sequence[Term]) -> tuple[Polarity, ...]:
    """One for each term of a sentence."""
    reaches = tuple(_reaches(clean))
    return tuple(_of(clean, term, reaches=reaches) for term in terms)


def denied_by_form(clean: str) -> Iterable[tuple[str, int, int]]:
    """`afebrile` denies a fever: meaning and place of words that deny by their form."""
    for found in _BY_FORM.finditer(clean):
        yield _DENYING_WORDS[found[0]], *found.span()


def _of(clean: str, term: Term, *, reaches: Sequence[tuple[int, int]]) -> Polarity:
    if _IMAGINED.search(clean, max(0, term.start - _IMAGINED_REACH), term.start):
        return Polarity.OPEN
    inside = any(start <= term.start and term.end <= end for start, end in reaches)
    denied = inside or bool(_AFTER.match(clean[term.end : term.end + 24]))
    if term.name in IMPROVED and _POOR.match(clean, term.end):
        return Polarity.DENIED
    if clean.startswith("吐", term.start) and _is_spit(clean, term):
        return Polarity.OPEN
    if denied and _of_the_rest(clean, term):
        return Polarity.OPEN
    if not denied and clean[term.start : term.end] in _EFFECT and not _GOOD.match(clean, term.end):
        return Polarity.OPEN
    return Polarity.DENIED if denied else Polarity.AFFIRMED


def _is_spit(clean: str, term: Term) -> bool:
    behind = clean[term.end : term.end + _SPIT_REACH].partition(",")[0].partition("。")[0]
    return "痰" in behind or bool(_SPAT.search(clean[max(0, term.start - _SPIT_REACH) : term.start]))


def _of_the_rest(clean: str, term: Term) -> bool:
    before = clean[max(0, term.start - _NEAR) : term.start]
    return bool(
        _REST.search(before) or _NO_LONGER.search(before) or _ELSEWHERE.match(clean[term.end : term.end + _NEAR])
    )


def taken_for_granted(clean: str, term: Term) -> bool:
    """A question that supposes what it names, or asks for more of it, is not denied by a no."""
    before = clean[max(0, term.start - _NEAR) : term.start]
    behind = clean[term.end : term.end + _NEAR]
    return bool(_KNOWN.search(before) or _HOW_MUCH.match(behind)) or _of_the_rest(clean, term)


def _reaches(clean: str) -> Iterable[tuple[int, int]]:
    """Stretches of the sentence that a denial covers."""
    masked = _NO_DENIAL.sub(lambda found: "·" * len(found[0]), clean)
    for cue in _DENY.finditer(masked):
        yield cue.end(), _end(masked, cue)


def _end(masked: str, cue: re.Match[str]) -> int:
    wide = not cue[0].isascii()
    rest = masked[cue.end() : cue.end() + _FARTHEST]
    if wide and cue[0] in _SHORT_ZH:
        rest = rest[:_NEAR_ZH]
    english = _END_DENIES if _DENIES.search(cue[0]) else _END_EN
    stop = (_END_ZH if wide else english).search(rest)
    if not wide and _SHORT_REACH.search(cue[0]):
        comma = -1 if _LIST.match(rest[: stop.start() if stop else None]) else rest.find(",")
        rest = rest if comma < 0 else rest[:comma]
        stop = english.search(rest)
    return cue.end() + (stop.start() if stop else len(rest))
