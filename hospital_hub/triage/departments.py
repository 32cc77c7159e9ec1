"""Which department a case is for: what the rule pack names, else by the words of the complaint. Pure.

A suggestion with its reason for the nurse; it names no illness.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from hospital_hub.clinical.departments import GENERAL, department_names
from hospital_hub.clinical.negation import Excuse, excuses
from hospital_hub.clinical.red_flags import load_rules
from hospital_hub.clinical.text import readable
from hospital_hub.triage.asked import COMPLAINT, History

_NOT_THIS: Final = frozenset({Excuse.DENIED, Excuse.FAMILY})


@dataclass(frozen=True)
class Department:
    """`reason` names words of the complaint, or what the rules found."""

    id: str
    zh: str
    en: str
    reason_zh: str = ""
    reason_en: str = ""


@dataclass(frozen=True)
class _Known:
    id: str
    words: re.Pattern[str]


def named(department: str, *, reason_zh: str = "", reason_en: str = "") -> Department:
    """By its id."""
    names = department_names()[department]
    return Department(department, names["zh-CN"], names["en"], reason_zh, reason_en)


def about(history: History) -> str:
    """The words that a department is chosen by."""
    named = (one.answer or "" for one in history.answers if one.form.topic == COMPLAINT)
    return "。".join([history.complaint, *named])


def suggest(acuity: Mapping[str, object], *, about: str, by_model: str = "") -> Department:
    """The rule pack's, else by words, else the one that a model named, if the table knows it; else "general"."""
    found_by_rules = acuity.get("departments")
    if isinstance(found_by_rules, list) and found_by_rules:
        first = found_by_rules[0]
        return Department(**{name: str(first.get(name, "")) for name in ("id", "zh", "en", "reason_zh", "reason_en")})
    read, scopes = readable(about), load_rules().scopes
    for one in _load():
        for found in one.words.finditer(read.clean):
            if not _NOT_THIS & excuses(read.clean, found.span(), scopes=scopes):
                return because(one.id, read.text[slice(*read.span(*found.span()))])
    return _of_model(by_model) or named(GENERAL)


def because(department: str, words: str) -> Department:
    """The one that the person's words are for."""
    return named(department, reason_zh=f"患者提到“{words}”", reason_en=f"The patient mentions “{words}”")


def _of_model(name: str) -> Department | None:
    wanted = name.strip().casefold()
    found = (one for one, names in department_names().items() if wanted in {each.casefold() for each in names.values()})
    known = next(found, None)
    return None if known is None else named(known, reason_zh="AI 建议", reason_en="Suggested by AI")


@lru_cache(maxsize=1)
def _load() -> tuple[_Known, ...]:
    text = resources.files("hospital_hub.triage").joinpath("departments.toml").read_text("utf-8")
    return tuple(_Known(block["id"], _words(block)) for block in tomllib.loads(text)["department"])


def _words(block: Mapping[str, list[str]]) -> re.Pattern[str]:
    """Chinese anywhere, English as whole words."""
    english = "|".join(block["words_en"])
    return re.compile(rf"{'|'.join(block['words_zh'])}|\b(?:{english})(?!\w)")
