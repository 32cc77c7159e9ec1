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

from hospital_hub.clinical.negation import Excuse, excuses
from hospital_hub.clinical.red_flags import load_rules
from hospital_hub.clinical.text import readable
from hospital_hub.triage.asked import COMPLAINT, History

LONGEST_ID: Final = 40
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
    department: Department
    words: re.Pattern[str] | None


def id_of(english: str) -> str:
    """How a department that only the rule pack names is kept."""
    return re.sub(r"[^a-z]+", "-", english.lower()).strip("-")[:LONGEST_ID]


def about(history: History) -> str:
    """The words that a department is chosen by."""
    named = (one.answer or "" for one in history.answers if one.form.topic == COMPLAINT)
    return "。".join([history.complaint, *named])


def suggest(acuity: Mapping[str, object], *, about: str, named: str = "") -> Department:
    """The rule pack's, else by words, else the one that a model named, if the table knows it; else "general"."""
    found_by_rules = acuity.get("departments")
    if isinstance(found_by_rules, list) and found_by_rules:
        first = found_by_rules[0]
        known = {name: str(first.get(name, "")) for name in ("id", "zh", "en", "reason_zh", "reason_en")}
        return Department(**{**known, "id": known["id"][:LONGEST_ID]})
    read, scopes = readable(about), load_rules().scopes
    for one in _load():
        if one.words is None:
            return _named(named) or one.department
        for found in one.words.finditer(read.clean):
            if not _NOT_THIS & excuses(read.clean, found.span(), scopes=scopes):
                start, end = read.span(*found.span())
                return _because(one.department, read.text[start:end])
    raise LookupError("the table of departments has no last line")


def _named(name: str) -> Department | None:
    wanted = name.strip().casefold()
    found = (
        one.department for one in _load() if wanted and wanted in {one.department.zh, one.department.en.casefold()}
    )
    department = next(found, None)
    reason = ("AI 建议", "Suggested by AI")
    return None if department is None else Department(department.id, department.zh, department.en, *reason)


def _because(department: Department, words: str) -> Department:
    reason_zh, reason_en = f"患者提到“{words}”", f"The patient mentions “{words}”"
    return Department(department.id, department.zh, department.en, reason_zh, reason_en)


@lru_cache(maxsize=1)
def _load() -> tuple[_Known, ...]:
    text = resources.files("hospital_hub.triage").joinpath("departments.toml").read_text("utf-8")
    return tuple(
        _Known(Department(block["id"], block["zh"], block["en"]), _words(block))
        for block in tomllib.loads(text)["department"]
    )


def _words(block: Mapping[str, list[str]]) -> re.Pattern[str] | None:
    """Chinese anywhere, English as whole words."""
    if not block["words_zh"]:
        return None
    english = "|".join(block["words_en"])
    return re.compile(rf"{'|'.join(block['words_zh'])}|\b(?:{english})(?!\w)")
