"""Left, right and both, bound to the part of the body that each stands with. Pure.

`right` is often no side at all (`all right`, `right now`): only one that stands with a part of the body counts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hospital_hub.clinical.lexicon import Kind, Term

LEFT, RIGHT, BOTH = "left", "right", "both"
_SIDE: Final = re.compile(
    r"\b(?P<left>left|lt|l(?= (?:knee|hip|shoulder|ankle|arm|leg|foot|hand|ear|eye|lung|wrist|elbow"
    r"|side)))\b(?!-handed)"
    r"|\b(?P<right>right|rt|r(?= (?:knee|hip|shoulder|ankle|arm|leg|foot|hand|ear|eye|lung|wrist|elbow"
    r"|side)))\b(?!-handed)"
    r"|\b(?P<both>bilateral|bilaterally|both|either side|each)\b"
    r"|(?P<zuo>左(?!氧|旋|甲|西))|(?P<you>右(?!旋|美))|(?P<shuang>双|两侧|左右)"
)
_NO_SIDE: Final = re.compile(
    r"\b(?:left or (?:the )?right|right or (?:the )?left)\b"
    r"|\b(?:all right|alright|right now|right away|right,? \?|right\?|that's right|is right|you're right"
    r"|right here|right there"
    r"|right after|right before|right when|have left|has left|had left|i left|he left|she left"
    r"|left (?:over|out|alone|home|work|the)"
    r"|was left|were left|right at|right (?:back|up|down|on|off|in)(?! \w+ (?:side|knee|arm|leg))"
    r"|both (?:of (?:them|those|us|you)|parents)|right-handed|left-handed"
    r"|turn (?:right|left)|right (?:thing|way|track|time|amount|dose|direction))\b|左右(?!侧|肺|眼|耳|手"
    r"|腿|脚)|双氯|双黄连|双歧"
)
_SIDED: Final = re.compile(r"\b(?:side|sided|lateral|hand|one)\b|[侧边]")
_STOP: Final = re.compile(r"[.;?!。；？！]|\bleft\b|\bright\b|左|右")
# `My right hurts more than my left` and `it started on the left`: the part was named before.
_ALONE: Final = re.compile(r"\b(?:my|your|his|her|the|on|in) $")
# Of `your left, your right shoulder` the second was meant.
_CORRECTED: Final = re.compile(
    r"\b(?P<first>left|right)\b"
    r"(?=(?:,| \.\.\.| -| or| i mean| sorry| no| uh| um| at| some| your| my| the| his| her){1,4} "
    r"(?!(?P=first))(?:left|right)\b(?! or\b))"
)
_ITSELF: Final = re.compile(
    r"\b(?P<side>left|right)\b[^.;?!]{0,40}\b(?:than|versus|vs|not like|nearly like) (?:on |in |the )*(?P=side)\b"
)
_REACH_EN, _REACH_ZH = 40, 5
_BACK_EN, _BACK_ZH = 30, 3
_WORDS: Final = 3


@dataclass(frozen=True)
class Side:
    """`part` is the meaning of the body part, empty where none is near; `beside` are the words that follow the side."""

    side: str
    part: str
    beside: frozenset[str]
    start: int
    end: int

    def same_place(self, other: "Side") -> bool:
        """About the same part of the body, as far as the words tell."""
        if self.part and other.part:
            return self.part == other.part
        return bool(self.beside & other.beside)

    @property
    def of_nothing(self) -> bool:
        """Said of what was named before."""
        return not self.part and not self.beside


def sides(clean: str, terms: Sequence[Term]) -> Iterator[Side]:
    masked = _CORRECTED.sub(_covered, _NO_SIDE.sub(_covered, clean))
    known = [term for term in terms if term.kind is not Kind.ROUTINE]
    for found in _SIDE.finditer(masked):
        side = _name(found)
        behind = _behind(clean, found, terms=known)
        part = next((term.name for term in behind if term.kind is Kind.BODY), "") or _before(clean, found, terms=known)
        sided = _SIDED.search(clean[found.start() : found.end() + 8])
        alone = found[0].isascii() and _ALONE.search(masked[: found.start()])
        if part or sided or side == BOTH or alone or (behind and found[0].isascii()):
            yield Side(side, part, frozenset(term.name for term in behind[:_WORDS]), *found.span())


def _covered(found: re.Match[str]) -> str:
    return "·" * len(found[0])


def against_itself(clean: str) -> str:
    """The side that is compared with itself (`right greater than right`), if there is one."""
    found = _ITSELF.search(clean)
    return found["side"] if found else ""


def _name(found: re.Match[str]) -> str:
    if found["left"] or found["zuo"]:
        return LEFT
    return RIGHT if found["right"] or found["you"] else BOTH


def _behind(clean: str, found: re.Match[str], *, terms: Sequence[Term]) -> list[Term]:
    """What follows the side in its clause."""
    reach = _REACH_EN if found[0].isascii() else _REACH_ZH
    near = [term for term in terms if 0 <= term.start - found.end() <= reach]
    return [term for term in near if not _STOP.search(clean[found.end() : term.start])]


def _before(clean: str, found: re.Match[str], *, terms: Sequence[Term]) -> str:
    """`Knee pain on the left`: the last part of the body before the side."""
    reach = _BACK_EN if found[0].isascii() else _BACK_ZH
    parts = [term for term in terms if term.kind is Kind.BODY and 0 <= found.start() - term.end <= reach]
    near = [term.name for term in parts if not _STOP.search(clean[term.end : found.start()])]
    return near[-1] if near else ""
