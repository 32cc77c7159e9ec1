"""Whether words are denied, somebody else's, past, imagined or only asked about, read from what stands around them.

Errs on the side of danger: what is not clearly excused is taken as said. The words are data (red_flags/scope.toml).
Shape after ConText (Harkema et al., J Biomed Inform 2009;42:839-851), with Chinese lists and enumerations.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from hospital_hub.clinical.scopes import ITEM_EN, Scopes

SENTENCE_END: Final = re.compile(r"[。;!?\n]|\.(?!\d)")
CLAUSE_END: Final = re.compile(r"[。;!?,\n]|\.(?!\d)|\b(?:but|however|although|though)\b|但是?|不过|可是|然而|却")
_LONGEST_CARRY: Final = 200
_FAR: Final = 200  # characters; nothing farther away excuses, and long texts stay fast
_BARE_LIST: Final = 3  # names in `no fever, chills, vomiting`; of two the second may be said
_BARE_NAME: Final = re.compile(r" ?(?!(?:and|but|then|now|x) )(?:[a-z'\-·]+ ?){1,3}")
_HAVING: Final = re.compile(r"\bhaving (?:an? )?$")
_SOMEBODY_ELSE: Final = re.compile(r"我|本人|患者|\b(?:i|i'm|i've|me|we)\b")
_JUST_HAD: Final = re.compile(r"^(?!.*\b(?:died|history|diagnosed|used|lost|passed)\b).*\b(?:had|suffered)\b")


class Excuse(StrEnum):
    DENIED = "denied"
    FAMILY = "family"  # somebody else's, and long ago
    PAST = "past"
    IMAGINED = "imagined"
    ASKED = "asked"  # a question about a topic, nobody's complaint


@dataclass(frozen=True)
class Around:
    """What stands around some words: in their clause before and after them, in their sentence before them."""

    before: str
    after: str
    sentence_before: str
    rest: str
    words: str
    scopes: Scopes

    @cached_property
    def now_before(self) -> bool:
        return bool(self.scopes.now.search(self.before))

    @cached_property
    def now(self) -> bool:
        return self.now_before or bool(self.scopes.now.search(self.after))

    @cached_property
    def topic(self) -> bool:
        """Whether the words name a disease or the like."""
        return bool(self.scopes.topic.fullmatch(self.words))

    @classmethod
    def of(cls, clean: str, place: tuple[int, int], *, scopes: Scopes) -> "Around":
        start, end = place
        masked, behind = (
            scopes.pseudo.sub(lambda found: "·" * len(found[0]), piece)
            for piece in (clean[max(0, start - _FAR) : start], clean[end : end + _FAR])
        )
        sentence = max((found.end() for found in SENTENCE_END.finditer(masked)), default=0)
        clause = max((found.end() for found in CLAUSE_END.finditer(masked)), default=0)
        clause_ends = CLAUSE_END.search(behind)
        sentence_ends = SENTENCE_END.search(behind)
        return cls(
            before=masked[clause:],
            after=behind[: clause_ends.start() if clause_ends else None],
            sentence_before=masked[sentence:],
            rest=behind[: sentence_ends.start() if sentence_ends else None],
            words=clean[start:end],
            scopes=scopes,
        )


def excuses(clean: str, place: tuple[int, int], *, scopes: Scopes) -> frozenset[Excuse]:
    """Everything that excuses the words at `place` (start, end) of a clean text (clinical/text.py)."""
    around = Around.of(clean, place, scopes=scopes)
    found = {
        Excuse.DENIED: _denied(around, scopes),
        Excuse.FAMILY: _family(around, scopes),
        Excuse.PAST: _past(around, scopes),
        Excuse.IMAGINED: _imagined(around, scopes),
        Excuse.ASKED: _asked(around, scopes) or _told(clean, place, scopes=scopes),
    }
    return frozenset(excuse for excuse, holds in found.items() if holds)


def _denied(around: Around, scopes: Scopes) -> bool:
    if scopes.denied_after.match(around.rest):
        return True
    if scopes.better.match(around.after.lstrip()):
        return False
    return bool(scopes.deny.search(around.before)) or _carried(around, scopes) or _in_list(around, scopes)


def _carried(around: Around, scopes: Scopes) -> bool:
    """`Denies A, B and C` and `否认甲，乙` reach to the end of the sentence, or to the next affirmation."""
    found = list(scopes.carry.finditer(around.sentence_before))
    if not found:
        return False
    between = around.sentence_before[found[-1].end() :]
    return len(between) <= _LONGEST_CARRY and not scopes.affirm.search(between)


def _in_list(around: Around, scopes: Scopes) -> bool:
    """`No A, B, or C`: commas carry a plain denial to an `or`, or over three or more bare names."""
    found = scopes.deny_list.search(around.sentence_before)
    if found is None or scopes.affirm.search(found[0].partition(" ")[2]):
        return False
    ends = re.match(rf"(?:,{ITEM_EN})*,? (?:or|nor) ", around.rest)
    if ends or re.search(r"\b(?:or|nor) (?:\w+ )?$", found[0]):
        return True
    items = (found[0].partition(" ")[2] + "·" + around.rest).split(",")
    return len(items) >= _BARE_LIST and all(_BARE_NAME.fullmatch(item) for item in items)


def _family(around: Around, scopes: Scopes) -> bool:
    if around.now:
        return False
    if scopes.family_history.search(around.before) or scopes.family_history.search(around.after):
        return True
    by_form = scopes.family.search(around.before)
    named = scopes.family_named.search(around.before)
    by_after = named if scopes.family_after.match(around.after) else None
    found = by_form or by_after
    if found is None or _SOMEBODY_ELSE.search(found[0]):
        return False
    return not (_JUST_HAD.search(found[0]) and (scopes.happening.search(around.words) or not around.topic))


def _past(around: Around, scopes: Scopes) -> bool:
    if around.now:
        return False
    if scopes.past.search(around.before) or scopes.past_after.match(around.after):
        return True
    if not around.topic:
        return False
    lists = list(scopes.past_list.finditer(around.sentence_before))
    return bool(lists) and not scopes.past_list_ends.search(around.sentence_before[lists[-1].end() :])


def _imagined(around: Around, scopes: Scopes) -> bool:
    """`If I get`; and `I'm worried that this is a stroke`, which is a fear and tells of no sign of one."""
    if scopes.imagined.search(around.before):
        return True
    if not scopes.feared.fullmatch(around.words) or _HAVING.search(around.before):
        return False
    return bool(scopes.worried.search(around.sentence_before))


def _asked(around: Around, scopes: Scopes) -> bool:
    """`What is a stroke?` and `心梗的症状有哪些`; never where somebody is spoken of, or something happens now."""
    if around.now_before:
        return False
    if scopes.asked_surely.search(around.before) and scopes.asked_ends.match(around.rest):
        return True
    if scopes.somebody.search(around.sentence_before):
        return False
    if scopes.asked.search(around.before) or scopes.asked_after.match(around.rest):
        return not scopes.somebody.search(around.rest)
    return around.topic and bool(scopes.topic_asked_after.match(around.rest))


def _told(clean: str, place: tuple[int, int], *, scopes: Scopes) -> bool:
    """`He fainted in March, the doctors say it is epilepsy. How is that treated?`: told for a question about care."""
    start, end = place
    if not scopes.told.fullmatch(clean, start, end):
        return False
    near = clean[max(0, start - _FAR) : end + _FAR]
    return bool(scopes.consult.search(near) and scopes.diagnosed.search(near)) and not scopes.right_now.search(near)
