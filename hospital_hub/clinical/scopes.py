"""The word lists of scope.toml, compiled: what denies, is somebody else's, past, feared or only asked about. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_LIST_JOINT_ZH: Final = "[、/或和及与]"
# An item never holds what joins items: a text has one reading, so that no text can make the search slow.
_ITEM_ZH: Final = "[^、/或和及与,。;!?\n]{1,8}"
ITEM_EN: Final = r"(?:(?!/| or | nor )[a-z'\- ]){1,30}"
# A few words that do not go over to another fact: `had a fall and is unconscious` is no history.
_GAP_EN: Final = (
    r"(?:(?!\b(?:and|is|are|am|who|which|now|present\w*|p/w|c/o|com(?:es|ing)|came|complain\w*|develop\w*|brought|has|had|with|here|after|today)\b)"
    r"[^,.;]){0,25}"
)


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
    worried: re.Pattern[str]
    feared: re.Pattern[str]
    asked: re.Pattern[str]
    asked_after: re.Pattern[str]
    asked_surely: re.Pattern[str]
    asked_ends: re.Pattern[str]
    topic: re.Pattern[str]
    topic_asked_after: re.Pattern[str]
    somebody: re.Pattern[str]
    told: re.Pattern[str]
    diagnosed: re.Pattern[str]
    consult: re.Pattern[str]
    right_now: re.Pattern[str]

    @classmethod
    def parse(cls, lists: Mapping[str, list[str]]) -> "Scopes":
        """From the `[scope]` block: lists of regular expressions ending in `_zh` or `_en`."""
        return cls(**_denials(lists), **_histories(lists), **_questions(lists))


Lists = Mapping[str, list[str]]
Patterns = dict[str, re.Pattern[str]]


def _denials(lists: Lists) -> Patterns:
    """What is denied, by a word before it, behind it, or at the head of an enumeration."""
    filler_zh, filler_en = _any(lists["filler_zh"]), _any(lists["filler_en"])
    near_zh = f"(?:{filler_zh})*"
    near_en = rf"(?: (?:{filler_en}))* ?"
    list_zh = f"(?:{_ITEM_ZH}{_LIST_JOINT_ZH})+{near_zh}"
    list_en = rf"(?:{ITEM_EN}(?:/| or | nor ))+(?:(?:{filler_en}) )*"
    commas_en = rf" {ITEM_EN}(?:,{ITEM_EN})*, ?(?:or )?(?:{ITEM_EN} or )?(?:(?:{filler_en}) )*(?:[a-z'\-]+ )?"
    deny_zh, deny_en = _any(lists["deny_zh"]), _any(lists["deny_en"])
    listed = rf"(?:{_any(lists['deny_listed_zh'])})(?:{filler_zh})*(?:{_any(lists['listed_zh'])})+"
    return {
        "pseudo": _words(lists, "pseudo"),
        "deny": re.compile(
            rf"(?:(?:{deny_zh}|[没不无未]){near_zh}|(?:{deny_zh}){list_zh}|无{list_zh}|{listed}"
            rf"|\(-\) ?|\b(?:{deny_en})\b(?:{near_en}|{list_en}))$"
        ),
        "deny_list": re.compile(rf"\b(?:{deny_en})\b{commas_en}$"),
        "carry": _words(lists, "carry"),
        "affirm": _words(lists, "affirm"),
        "better": re.compile(f"(?:{_any([*lists['better_zh'], *lists['better_en']])})"),
        "denied_after": re.compile(_any([*lists["after_zh"], *lists["after_en"]])),
    }


def _histories(lists: Lists) -> Patterns:
    """What is somebody else's, past, or happens now."""
    return {
        "family": re.compile(
            f"(?:{_any(lists['family_zh'])})[^,。;]{{0,10}}(?:{_any(lists['family_form_zh'])})[^,。;]{{0,2}}$"
            rf"|\b(?:{_any(lists['family_en'])})\b[^,.;]{{0,40}}\b(?:{_any(lists['family_form_en'])})\b{_GAP_EN}$"
        ),
        "happening": _words(lists, "happening"),
        "family_named": re.compile(f"(?:{_any(lists['family_zh'])})[^,。;]{{0,10}}$"),
        "family_after": re.compile(_any(lists["family_after_zh"])),
        "family_history": _words(lists, "family_history"),
        "past": re.compile(rf"(?:{_any(lists['past_zh'])})[^,。;]{{0,8}}$|\b(?:{_any(lists['past_en'])})\b{_GAP_EN}$"),
        "past_after": re.compile(_any([*lists["past_after_zh"], *lists["past_after_en"]])),
        "past_list": _words(lists, "past_list"),
        "past_list_ends": _words(lists, "past_list_ends"),
        "now": _words(lists, "now"),
        "imagined": re.compile(
            rf"(?:{_any(lists['imagined_zh'])})[^,。;]{{0,6}}$|\b(?:{_any(lists['imagined_en'])})\b[^,.;]{{0,25}}$"
        ),
    }


def _questions(lists: Lists) -> Patterns:
    """What is feared or asked about, and who speaks of whom."""
    return {
        "worried": re.compile(
            rf"(?:{_any(lists['worried_zh'])})[^,。;!?\n]{{0,16}}$|\b(?:{_any(lists['worried_en'])})\b[^,.;!?\n]{{0,70}}$"
        ),
        "feared": _words(lists, "feared"),
        "asked": re.compile(
            rf"(?:{_any(lists['asked_zh'])})[^,。;]{{0,6}}$|\b(?:{_any(lists['asked_en'])})\b(?: [\w'-]+){{0,3}} ?$"
        ),
        "asked_after": re.compile(_any([*lists["asked_after_zh"], *lists["asked_after_en"]])),
        "asked_surely": re.compile(lists["asked_surely"][0]),
        "asked_ends": re.compile(lists["asked_ends"][0]),
        "topic": _words(lists, "topic"),
        "topic_asked_after": re.compile(_any([*lists["topic_asked_after_zh"], *lists["topic_asked_after_en"]])),
        "somebody": _words(lists, "somebody"),
        "told": _words(lists, "told"),
        "diagnosed": _words(lists, "diagnosed"),
        "consult": _words(lists, "consult"),
        "right_now": _words(lists, "right_now"),
    }


def _any(alternatives: Iterable[str]) -> str:
    return "|".join(f"(?:{alternative})" for alternative in alternatives)


def _words(lists: Mapping[str, list[str]], name: str) -> re.Pattern[str]:
    """Chinese anywhere, English as whole words."""
    return re.compile(rf"{_any(lists[name + '_zh'])}|\b(?:{_any(lists[name + '_en'])})\b")
