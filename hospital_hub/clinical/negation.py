"""Whether words are denied, somebody else's, past, imagined or only asked about, read from what stands around them.

Errs on the side of danger: what is not clearly excused is taken as said. The words are data (red_flags/scope.toml).
Shape after ConText (Harkema et al., J Biomed Inform 2009;42:839-851), with Chinese lists and enumerations.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SENTENCE_END: Final = re.compile(r"[。;!?\n]|\.(?!\d)")
CLAUSE_END: Final = re.compile(r"[。;!?,\n]|\.(?!\d)|\b(?:but|however|although|though)\b|但是?|不过|可是|然而|却")
_LIST_JOINT_ZH: Final = "[、/或和及与]"
# An item never holds what joins items: a text has one reading, so that no text can make the search slow.
_ITEM_ZH: Final = "[^、/或和及与,。;!?\n]{1,8}"
_ITEM_EN: Final = r"(?:(?!/| or | nor )[a-z'\- ]){1,30}"
# A few words that do not go over to another fact: `had a fall and is unconscious` is no history.
_GAP_EN: Final = (
    r"(?:(?!\b(?:and|is|are|am|who|which|now|present\w*|p/w|c/o|com(?:es|ing)|came|complain\w*|develop\w*|brought|has|had|with|here|after|today)\b)"
    r"[^,.;]){0,25}"
)
_LONGEST_CARRY: Final = 200
_FAR: Final = 200  # characters; nothing farther away excuses, and long texts stay fast
_SOMEBODY_ELSE: Final = re.compile(r"我|本人|患者|\b(?:i|i'm|i've|me|we)\b")
_JUST_HAD: Final = re.compile(r"^(?!.*\b(?:died|history|diagnosed|used|lost|passed)\b).*\b(?:had|suffered)\b")


class Excuse(StrEnum):
    DENIED = "denied"
    FAMILY = "family"  # somebody else's, and long ago
    PAST = "past"
    IMAGINED = "imagined"
    ASKED = "asked"  # a question about a topic, nobody's complaint


@dataclass(frozen=True)
class Scopes:
    """The word lists, compiled. A denial reaches words directly behind it and through an enumeration."""

    pseudo: re.Pattern[str]
    deny: re.Pattern[str]
    deny_list: re.Pattern[str]
    carry: re.Pattern[str]
    affirm: re.Pattern[str]
    better: re.Pattern[str]
    denied_after: re.Pattern[str]
    family: re.Pattern[str]
    happening: re.Pattern[str]
    family_named: re.Pattern[str]
    family_after: re.Pattern[str]
    family_history: re.Pattern[str]
    past: re.Pattern[str]
    past_after: re.Pattern[str]
    past_list: re.Pattern[str]
    past_list_ends: re.Pattern[str]
    now: re.Pattern[str]
    imagined: re.Pattern[str]
    asked: re.Pattern[str]
    asked_after: re.Pattern[str]
    asked_surely: re.Pattern[str]
    asked_ends: re.Pattern[str]
    topic: re.Pattern[str]
    topic_asked_after: re.Pattern[str]
    somebody: re.Pattern[str]

    @classmethod
    def parse(cls, lists: Mapping[str, list[str]]) -> "Scopes":
        """From the `[scope]` block: lists of regular expressions ending in `_zh` or `_en`."""
        filler_zh, filler_en = _any(lists["filler_zh"]), _any(lists["filler_en"])
        near_zh = f"(?:{filler_zh})*"
        near_en = rf"(?: (?:{filler_en}))* ?"
        list_zh = f"(?:{_ITEM_ZH}{_LIST_JOINT_ZH})+{near_zh}"
        list_en = rf"(?:{_ITEM_EN}(?:/| or | nor ))+(?:(?:{filler_en}) )*"
        commas_en = rf" {_ITEM_EN}(?:,{_ITEM_EN})*, ?(?:or )?(?:{_ITEM_EN} or )?(?:(?:{filler_en}) )*(?:[a-z'\-]+ )?"
        deny_zh, deny_en = _any(lists["deny_zh"]), _any(lists["deny_en"])
        listed = rf"(?:{_any(lists['deny_listed_zh'])})(?:{filler_zh})*(?:{_any(lists['listed_zh'])})+"
        return cls(
            pseudo=_words(lists, "pseudo"),
            deny=re.compile(
                rf"(?:(?:{deny_zh}|[没不无未]){near_zh}|(?:{deny_zh}){list_zh}|无{list_zh}|{listed}"
                rf"|\(-\) ?|\b(?:{deny_en})\b(?:{near_en}|{list_en}))$"
            ),
            deny_list=re.compile(rf"\b(?:{deny_en})\b{commas_en}$"),
            carry=_words(lists, "carry"),
            affirm=_words(lists, "affirm"),
            better=re.compile(f"(?:{_any([*lists['better_zh'], *lists['better_en']])})"),
            denied_after=re.compile(_any([*lists["after_zh"], *lists["after_en"]])),
            family=re.compile(
                f"(?:{_any(lists['family_zh'])})[^,。;]{{0,10}}(?:{_any(lists['family_form_zh'])})[^,。;]{{0,2}}$"
                rf"|\b(?:{_any(lists['family_en'])})\b[^,.;]{{0,40}}\b(?:{_any(lists['family_form_en'])})\b{_GAP_EN}$"
            ),
            happening=_words(lists, "happening"),
            family_named=re.compile(f"(?:{_any(lists['family_zh'])})[^,。;]{{0,10}}$"),
            family_after=re.compile(_any(lists["family_after_zh"])),
            family_history=_words(lists, "family_history"),
            past=re.compile(rf"(?:{_any(lists['past_zh'])})[^,。;]{{0,8}}$|\b(?:{_any(lists['past_en'])})\b{_GAP_EN}$"),
            past_after=re.compile(_any([*lists["past_after_zh"], *lists["past_after_en"]])),
            past_list=_words(lists, "past_list"),
            past_list_ends=_words(lists, "past_list_ends"),
            now=_words(lists, "now"),
            imagined=re.compile(
                rf"(?:{_any(lists['imagined_zh'])})[^,。;]{{0,6}}$|\b(?:{_any(lists['imagined_en'])})\b[^,.;]{{0,25}}$"
            ),
            asked=re.compile(
                rf"(?:{_any(lists['asked_zh'])})[^,。;]{{0,6}}$|\b(?:{_any(lists['asked_en'])})\b(?: [\w'-]+){{0,3}} ?$"
            ),
            asked_after=re.compile(_any([*lists["asked_after_zh"], *lists["asked_after_en"]])),
            asked_surely=re.compile(lists["asked_surely"][0]),
            asked_ends=re.compile(lists["asked_ends"][0]),
            topic=_words(lists, "topic"),
            topic_asked_after=re.compile(_any([*lists["topic_asked_after_zh"], *lists["topic_asked_after_en"]])),
            somebody=_words(lists, "somebody"),
        )


@dataclass(frozen=True)
class Around:
    """What stands around some words: in their clause before and after them, in their sentence before them."""

    before: str
    after: str
    sentence_before: str
    rest: str

    @classmethod
    def of(cls, clean: str, place: tuple[int, int], *, scopes: Scopes) -> "Around":
        start, end = place
        masked = scopes.pseudo.sub(lambda found: "·" * len(found[0]), clean[max(0, start - _FAR) : start])
        behind = clean[end : end + _FAR]
        sentence = max((found.end() for found in SENTENCE_END.finditer(masked)), default=0)
        clause = max((found.end() for found in CLAUSE_END.finditer(masked)), default=0)
        clause_ends = CLAUSE_END.search(behind)
        sentence_ends = SENTENCE_END.search(behind)
        return cls(
            before=masked[clause:],
            after=behind[: clause_ends.start() if clause_ends else None],
            sentence_before=masked[sentence:],
            rest=behind[: sentence_ends.start() if sentence_ends else None],
        )


def excuses(clean: str, place: tuple[int, int], *, scopes: Scopes) -> frozenset[Excuse]:
    """Everything that excuses the words at `place` (start, end) of a clean text (clinical/text.py)."""
    around = Around.of(clean, place, scopes=scopes)
    found = {
        Excuse.DENIED: _denied(around, scopes),
        Excuse.FAMILY: _family(around, scopes, words=clean[slice(*place)]),
        Excuse.PAST: _past(around, scopes, words=clean[slice(*place)]),
        Excuse.IMAGINED: bool(scopes.imagined.search(around.before)),
        Excuse.ASKED: _asked(around, scopes, words=clean[slice(*place)]),
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
    """`No A, B, or C`: commas carry a plain denial only where the list ends in `or`."""
    found = scopes.deny_list.search(around.sentence_before)
    if found is None or scopes.affirm.search(found[0].partition(" ")[2]):
        return False
    ends = re.match(rf"(?:,{_ITEM_EN})*,? (?:or|nor) ", around.rest)
    return bool(ends) or bool(re.search(r"\b(?:or|nor) (?:\w+ )?$", found[0]))


def _family(around: Around, scopes: Scopes, *, words: str) -> bool:
    if scopes.now.search(around.before) or scopes.now.search(around.after):
        return False
    if scopes.family_history.search(around.before) or scopes.family_history.search(around.after):
        return True
    by_form = scopes.family.search(around.before)
    named = scopes.family_named.search(around.before)
    by_after = named if scopes.family_after.match(around.after) else None
    found = by_form or by_after
    if found is None or _SOMEBODY_ELSE.search(found[0]):
        return False
    return not (_JUST_HAD.search(found[0]) and (scopes.happening.search(words) or not scopes.topic.fullmatch(words)))


def _past(around: Around, scopes: Scopes, *, words: str) -> bool:
    if scopes.now.search(around.before) or scopes.now.search(around.after):
        return False
    if scopes.past.search(around.before) or scopes.past_after.match(around.after):
        return True
    if not scopes.topic.fullmatch(words):
        return False
    lists = list(scopes.past_list.finditer(around.sentence_before))
    return bool(lists) and not scopes.past_list_ends.search(around.sentence_before[lists[-1].end() :])


def _asked(around: Around, scopes: Scopes, *, words: str) -> bool:
    """`What is a stroke?` and `心梗的症状有哪些`; never where somebody is spoken of, or something happens now."""
    if scopes.now.search(around.before):
        return False
    if scopes.asked_surely.search(around.before) and scopes.asked_ends.match(around.rest):
        return True
    if scopes.somebody.search(around.sentence_before):
        return False
    if scopes.asked.search(around.before) or scopes.asked_after.match(around.rest):
        return not scopes.somebody.search(around.rest)
    return bool(scopes.topic.fullmatch(words)) and bool(scopes.topic_asked_after.match(around.rest))


def _any(alternatives: Iterable[str]) -> str:
    return "|".join(f"(?:{alternative})" for alternative in alternatives)


def _words(lists: Mapping[str, list[str]], name: str) -> re.Pattern[str]:
    """Chinese anywhere, English as whole words."""
    return re.compile(rf"{_any(lists[name + '_zh'])}|\b(?:{_any(lists[name + '_en'])})\b")
