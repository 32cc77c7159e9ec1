"""Danger in a person's own words, found by rules that clinicians can read (red_flags.toml), before and without a model.

A flag only raises the level. Finding none means "not enough information", never "calm". No I/O but its own data file.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final, Literal

from hospital_hub.clinical.levels import Level, most_urgent
from hospital_hub.clinical.negation import Excuse, Scopes, excuses
from hospital_hub.clinical.patterns import Group, Held, Vocabulary
from hospital_hub.clinical.text import Language, Readable, readable

Manner = Literal["stay", "company"]
_FEW_ZH: Final = r"[^,。;!?、:\n不没无未]{0,8}"
_FEW_EN: Final = r"(?:[\s-]+(?!(?:no|not|without|never|but)\b)[\w']+){0,4}[\s-]+"


class RulesError(ValueError):
    """The rule file is not usable; the message names the rule."""


@dataclass(frozen=True)
class Rule:
    """One kind of danger. `groups` must each be found; `manner` is how the kiosk speaks to the person."""

    id: str
    scope: str
    level: Level
    title: Mapping[Language, str]
    source: str
    groups: tuple[Group, ...]
    excused_by: frozenset[Excuse]
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]
    manner: Manner = "stay"


@dataclass(frozen=True)
class RuleSet:
    version: str
    rules: tuple[Rule, ...]
    scopes: Scopes
    words: Vocabulary

    def named(self, rule_ids: Iterable[str]) -> tuple[Rule, ...]:
        """Each once, in the order of the ids; ids of rules that no longer exist are passed over."""
        known = {rule.id: rule for rule in self.rules}
        return tuple(known[rule_id] for rule_id in dict.fromkeys(rule_ids) if rule_id in known)


@dataclass(frozen=True)
class Flag:
    """`start` and `end` are places in the text as it was typed, `words` what stands there."""

    rule: str
    level: Level
    start: int
    end: int
    words: str


def find(text: str, rule_set: RuleSet | None = None) -> tuple[Flag, ...]:
    """Every flag that the text raises, most urgent first; one for each group of words of its rule."""
    rules = rule_set or load_rules()
    read = readable(text)
    held = rules.words.held(read.clean)
    possible = [rule for rule in rules.rules if all(group.possible(held) for group in rule.groups)]
    flags = [flag for rule in possible for flag in _flags(rule, read, held=held, scopes=rules.scopes)]
    return tuple(sorted(flags, key=lambda flag: (flag.level, flag.start, flag.rule)))


def level_of(flags: Iterable[Flag]) -> Level | None:
    """The level that the flags demand at least; None when there is none."""
    return most_urgent(*(flag.level for flag in flags))


def _flags(rule: Rule, read: Readable, *, held: Held, scopes: Scopes) -> list[Flag]:
    flags = []
    for group in rule.groups:
        found = next(_standing(rule, group, held=held, scopes=scopes), None)
        if found is None:
            return []
        start, end = read.span(found.start(), found.end())
        flags.append(Flag(rule.id, rule.level, start, end, read.text[start:end]))
    return flags


def _standing(rule: Rule, group: Group, *, held: Held, scopes: Scopes) -> Iterator[re.Match[str]]:
    """Matches that nothing excuses."""
    for found in group.matches(held):
        if not rule.excused_by & excuses(held.clean, found.span(), scopes=scopes):
            yield found


@lru_cache(maxsize=1)
def load_rules() -> RuleSet:
    """The packaged rules.

    Raises:
        RulesError: the file was changed into something unusable.
    """
    return parse_rules(resources.files("hospital_hub.clinical").joinpath("red_flags.toml").read_text("utf-8"))


def parse_rules(source: str) -> RuleSet:
    """Rules from TOML text.

    Raises:
        RulesError: naming the rule that cannot be read.
    """
    document = tomllib.loads(source)
    rules = tuple(_rule(block) for block in document["rule"])
    if len({rule.id for rule in rules}) < len(rules):
        raise RulesError("two rules have the same id")
    words = Vocabulary(group for rule in rules for group in rule.groups)
    return RuleSet(document["version"], rules, Scopes.parse(document["scope"]), words)


def _rule(block: Mapping[str, Any]) -> Rule:
    try:
        return Rule(
            id=block["id"],
            scope=block["scope"],
            level=Level(block["level"]),
            title={"zh-CN": block["title_zh"], "en": block["title_en"]},
            source=block["source"],
            groups=tuple(_group(group) for group in block["when"]),
            excused_by=frozenset(map(Excuse, block.get("excused_by", tuple(Excuse)))),
            examples=tuple(block["examples"]),
            counter_examples=tuple(block["counter_examples"]),
            manner=block.get("manner", "stay"),
        )
    except (KeyError, ValueError, re.error) as wrong:
        raise RulesError(f"rule {block.get('id', '?')}: {wrong}") from wrong


def _group(group: Mapping[str, list[str]]) -> Group:
    """Chinese patterns anywhere, English ones as whole words; `~` is a few words of the same clause."""
    chinese = [pattern.replace("~", _FEW_ZH) for pattern in group["zh"]]
    english = [_english(pattern) for pattern in group["en"]]
    return Group.of(*chinese, *english)


def _english(pattern: str) -> str:
    """` ~` before a word and `~` glued to it mean the same; `~?` may stand for a single blank."""
    few = re.sub(r" ?~\?? ?", lambda _found: _FEW_EN, pattern)
    return rf"\b{few}(?!\w)"
