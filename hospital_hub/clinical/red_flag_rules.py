"""The rules of red flags as values, and how they are read from TOML: classes of words, groups, ways, and for whom.

A pattern may name a class of words, `{fever}`, and a group may be one, `"fever"`: both languages then mean the same.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.negation import Excuse
from hospital_hub.clinical.patterns import Group, Held, Index, Vocabulary
from hospital_hub.clinical.person import Person
from hospital_hub.clinical.scopes import Scopes
from hospital_hub.clinical.text import Language

Manner = Literal["stay", "company"]
_FEW_ZH: Final = r"[^,。;!?、:\n不没无未]{0,8}"
_FEW_EN: Final = r"(?:[ \t/-]+(?!(?:no|not|without|never|but|denies)\b)[\w']+){0,4}[ \t/-]+"
_CLASS: Final = re.compile(r"\{([a-z][a-z_]+)\}")
_DEEPEST: Final = 6  # classes within classes
_HISTORY: Final = frozenset({Excuse.PAST})


class RulesError(ValueError):
    """The rule files are not usable; the message names the rule."""


@dataclass(frozen=True)
class Who:
    """The patients a rule is for; what is not said in the text is not assumed."""

    at_least: float = 0
    below: float = 200
    not_below: float = 0  # not known to be younger
    pregnant: bool | None = None
    postpartum: bool | None = None
    weak_immunity: bool | None = None
    thin_blood: bool | None = None

    def holds(self, read: Callable[[], Person]) -> bool:
        """Reads who it is only for a rule that asks."""
        return self == _ANYBODY or self._is(read())

    def _is(self, person: Person) -> bool:
        asked = (self.pregnant, self.postpartum, self.weak_immunity, self.thin_blood)
        said = (person.pregnant, person.postpartum, person.weak_immunity, person.thin_blood)
        of_age = (self.at_least, self.below) == (0, 200) or person.aged(self.at_least, self.below)
        too_young = person.age_years is not None and person.age_years < self.not_below
        return (
            of_age
            and not too_young
            and all(want is None or want is is_so for want, is_so in zip(asked, said, strict=True))
        )


_ANYBODY: Final = Who()


@dataclass(frozen=True)
class Part:
    """A group of words, and what excuses them: a disease of long ago still counts, a pain of long ago does not."""

    group: Group
    excused_by: frozenset[Excuse]


Way = tuple[Part, ...]


@dataclass(frozen=True)
class Rule:
    """One kind of danger: all parts of one of its `ways`, none of `unless`. `manner` is how the kiosk speaks."""

    id: str
    scope: str
    level: Level
    title: Mapping[Language, str]
    source: str
    ways: tuple[Way, ...]
    unless: tuple[Way, ...]
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]
    who: Who = field(default_factory=Who)
    together: bool = False
    manner: Manner = "stay"


@dataclass(frozen=True)
class RuleSet:
    version: str
    rules: tuple[Rule, ...]
    scopes: Scopes
    words: Vocabulary

    def worth_trying(self, held: Held) -> tuple[Rule, ...]:
        """Those of whose first parts something may match, in their order."""
        return tuple(self.rules[place] for place in self._index.worth_trying(held))

    @cached_property
    def _index(self) -> Index:
        return Index([[one for way in rule.ways for one in way[0].group.alternatives] for rule in self.rules])

    def named(self, rule_ids: Iterable[str]) -> tuple[Rule, ...]:
        """Each once, in the order of the ids; ids of rules that no longer exist are passed over."""
        known = {rule.id: rule for rule in self.rules}
        return tuple(known[rule_id] for rule_id in dict.fromkeys(rule_ids) if rule_id in known)


@dataclass(frozen=True)
class _Classes:
    """The named classes of words, written out on demand."""

    blocks: Mapping[str, Mapping[str, Any]]
    groups: dict[str, Group] = field(default_factory=dict)

    def part(self, group: str | Mapping[str, Any], excused_by: frozenset[Excuse]) -> Part:
        block = self.blocks[group] if isinstance(group, str) else group
        return Part(self._group(group), excused_by - _HISTORY if block.get("history") else excused_by)

    def _group(self, group: str | Mapping[str, Any]) -> Group:
        if not isinstance(group, str):
            return self._compiled(group)
        if group not in self.groups:
            self.groups[group] = self._compiled(self.blocks[group])
        return self.groups[group]

    def _compiled(self, block: Mapping[str, Any]) -> Group:
        """Chinese patterns anywhere, English ones as whole words; `~` is a few words of the same clause."""
        chinese = [self._written_out(pattern, "zh").replace("~", _FEW_ZH) for pattern in self._single(block, "zh")]
        english = [_english(self._written_out(pattern, "en")) for pattern in self._single(block, "en")]
        return Group.of(*dict.fromkeys([*chinese, *english]))

    def _single(self, block: Mapping[str, Any], language: str) -> Iterator[str]:
        """A class standing alone becomes its own patterns, which other groups share."""
        for pattern in block[language]:
            alone = _CLASS.fullmatch(pattern)
            yield from self._single(self.blocks[alone[1]], language) if alone else (pattern,)

    def _written_out(self, pattern: str, language: str, *, depth: int = 0) -> str:
        if depth > _DEEPEST:
            raise ValueError(f"classes name each other in a circle: {pattern}")

        def written(found: re.Match[str]) -> str:
            words = self.blocks[found[1]][language]
            return f"(?:{'|'.join(self._written_out(word, language, depth=depth + 1) for word in words)})"

        return _CLASS.sub(written, pattern)


def parse_rules(*sources: str) -> RuleSet:
    """Rules from the TOML texts of one or several files; one of them holds the version, one the scope.

    Raises:
        RulesError: naming the rule that cannot be read.
    """
    documents = [tomllib.loads(source) for source in sources]
    classes = _Classes(dict(entry for document in documents for entry in document.get("words", {}).items()))
    rules = tuple(_rule(block, classes) for document in documents for block in document.get("rule", ()))
    if len({rule.id for rule in rules}) < len(rules):
        raise RulesError("two rules have the same id")
    words = Vocabulary(part.group for rule in rules for way in (*rule.ways, *rule.unless) for part in way)
    scope, version = (_only(documents, name) for name in ("scope", "version"))
    return RuleSet(version, rules, Scopes.parse(scope), words)


def _only(documents: Iterable[Mapping[str, Any]], name: str) -> Any:  # noqa: ANN401 - as TOML holds it
    found = [document[name] for document in documents if name in document]
    if len(found) != 1:
        raise RulesError(f"there must be one {name}, not {len(found)}")
    return found[0]


def _rule(block: Mapping[str, Any], classes: _Classes) -> Rule:
    try:
        excused_by = frozenset(map(Excuse, block.get("excused_by", tuple(Excuse))))
        ways = block["ways"] if "ways" in block else [block["when"]]
        return Rule(
            id=block["id"],
            scope=block["scope"],
            level=Level(block["level"]),
            title={"zh-CN": block["title_zh"], "en": block["title_en"]},
            source=block["source"],
            ways=tuple(tuple(classes.part(group, excused_by) for group in way) for way in ways),
            unless=tuple(
                tuple(classes.part(group, frozenset(Excuse)) for group in way) for way in block.get("unless", ())
            ),
            examples=tuple(block["examples"]),
            counter_examples=tuple(block["counter_examples"]),
            who=Who(**block.get("who", {})),
            together=block.get("together", False),
            manner=block.get("manner", "stay"),
        )
    except (KeyError, TypeError, ValueError, re.error) as wrong:
        raise RulesError(f"rule {block.get('id', '?')}: {wrong}") from wrong


def _english(pattern: str) -> str:
    """` ~` before a word and `~` glued to it mean the same; `~?` may stand for a single blank."""
    few = re.sub(r" ?~\?? ?", lambda _found: _FEW_EN, pattern)
    return rf"\b(?:{few})(?!\w)"
