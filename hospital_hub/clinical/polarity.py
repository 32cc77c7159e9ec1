"""Whether a sentence of a note or of a talk affirms or denies what it names, read from the words around it. Pure.

For comparing texts: nothing is excused and no danger is judged here (negation.py does that for red flags). A denial
reaches through an enumeration to the end of its clause, or to the next word that affirms.
"""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from hospital_hub.clinical.lexicon import Term


class Polarity(StrEnum):
    AFFIRMED = "affirmed"
    DENIED = "denied"
    OPEN = "open"  # asked without an answer that could be read, or only imagined (`if it hurts`)


# Where a denial begins. Of two at one place the longer one counts.
_DENY: Final = re.compile(
    r"\b(?:no evidence of|no sign of|no signs of|negative for|absence of|free of|free from|ruled out|rule out|rules out"
    r"|denies|denied|denying|deny|without|absent|no longer|no more|never|none|neither|nor|cannot|no|not|\w+n't|n't"
    r"|has yet to|fails to|lack of|lacks|lacking|resolution of)\b"
    r"|否认|未见|未闻及|未触及|未及|未诉|未发现|未出现|未做|未|没有|没|不伴有?|不|无|排除|阴性"
)
# Denial words that deny nothing here.
_NO_DENIAL: Final = re.compile(
    r"\b(?:not only|no doubt|no change|no changes|no problem|not sure|not certain|not know|no increase|don't know"
    r"|didn't help|doesn't help|not help|no relief|no improvement|can't remember|don't remember|why not"
    r"|if not|not really sure)\b"
    r"|无明显诱因下?|无诱因下?|无明显原因|不明原因|不明显|不知道?|不清楚|不好意思|不客气|不久|不断|不过"
    r"|不管|不仅|不少|不同|不止|不能"
    r"|不舒服|不适|没事|没关系|没问题|不好|不佳|不详|不规律|要不要|是不是|有没有|有没|有无|会不会|能不能"
    r"|可不可以|不行|无效|无好转"
    r"|未缓解|未好转|不缓解|不见好转?|没好|不退|不消化|消化不良|不一样|不要|不用|不得|不可|不安|不通|不透"
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
    r"[。;!?]|但|不过|可是|然而|却|[,，] ?(?!亦|也|或|及)|出现|伴有?(?!无)|有(?!无|没有|明显)|后|考虑|予|给予|建议"
)
# `Denies A, B and C` and `no A, B or C` go on through commas; `not` does not.
_SHORT_REACH: Final = re.compile(r"\b(?:not|\w+n't|n't|cannot|never|no longer|absent)$")
_SHORT_ZH: Final = frozenset({"没", "未", "不"})
_NEAR_ZH: Final = 5  # characters; 没, 未 and 不 deny the next word
_AFTER: Final = re.compile(
    r"^[ -]?free\b|^ ?(?:\w+ )?(?:is|are|was|were)? ?(?:negative|absent|denied|not present|none"
    r"|has resolved|not noted|not seen|: ?no(?:ne)?\b|- ?no\b|no\b)"
    r"|^(?:\(-\)|\(—\)|阴性|: ?无(?![\u3400-\u9fff])|(?:都?没有|没了|也没有?|未见|未做)(?=[,。;!?、 ]|$))"
)
_IMAGINED: Final = re.compile(
    r"\b(?:if|in case|risks?|might|may|could|would|should|watch for|watch out|look out for|such as|prevent"
    r"|prevents|avoid|unless"
    r"|whether|concern for|concerning for|signs of|worried about|suspicious for|suspect|possible|possibly"
    r"|probable|likely)\b"
    r"|如果|要是|若|万一|可能|容易|引起|导致|预防|防止|以免|避免|除外|会不会|是否|比如|例如|怕|担心|考虑|疑|的话"
)
_IMAGINED_REACH: Final = 60
_FARTHEST: Final = 240  # characters; no denial reaches farther, and long texts stay fast
_DENYING_WORDS: Final = {
    "afebrile": "fever", "nontender": "pain", "non-tender": "pain", "anicteric": "jaundice", "painless": "pain",
    "atraumatic": "injury", "normotensive": "hypertension", "nondistended": "distend", "asymptomatic": "symptom",
    "normal": "abnormal", "unremarkable": "abnormal", "正常": "异常", "无殊": "异常", "没问题": "异常",
    "问题不大": "异常",
    "nonsmoker": "tobacco", "non-smoker": "tobacco", "nondrinker": "alcohol", "nkda": "allergy", "nka": "allergy",
}  # fmt: skip


_LATIN_FORMS: Final = "|".join(word for word in _DENYING_WORDS if word.isascii())
_BY_FORM: Final = re.compile(rf"\b(?:{_LATIN_FORMS})\b|(?<!不)(?:正常|无殊|没问题|问题不大)")


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
    return Polarity.DENIED if denied else Polarity.AFFIRMED


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
        comma = rest.find(",")
        rest = rest if comma < 0 else rest[:comma]
        stop = english.search(rest)
    return cue.end() + (stop.start() if stop else len(rest))
