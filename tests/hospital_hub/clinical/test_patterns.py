"""The search for words leaves nothing out: the flags are those of all patterns, tried on every text."""

import random
import re

import pytest

from hospital_hub.clinical.literals import needed
from hospital_hub.clinical.negation import Excuse, excuses
from hospital_hub.clinical.patterns import Group, Index, Vocabulary
from hospital_hub.clinical.person import person_in
from hospital_hub.clinical.red_flag_rules import Part
from hospital_hub.clinical.red_flags import Flag, find, load_rules
from hospital_hub.clinical.text import readable

RULES = load_rules()
EXAMPLES = [text for rule in RULES.rules for text in (*rule.examples, *rule.counter_examples)]
JOINTS = ("，", "。", " ", ". ", ", no ", "没有", "\u200b", "\u3000", "ﬁ", "Ｉ", "\t", "İ")


def found_by_every_pattern(text: str) -> tuple[Flag, ...]:
    read = readable(text)
    flags: list[Flag] = []
    for rule in RULES.rules:
        excepted = any(all(first_standing(part, read.clean) for part in way) for way in rule.unless)
        if not rule.together and not excepted and rule.who.holds(lambda: person_in(read.clean)):
            ways = ([first_standing(part, read.clean) for part in way] for way in rule.ways)
            standing = next(([m for m in way if m] for way in ways if None not in way), [])
            spans = [read.span(*match.span()) for match in standing]
            flags += [Flag(rule.id, rule.level, start, end, text[start:end]) for start, end in spans]
    return tuple(sorted(flags, key=lambda flag: (flag.level, flag.start, flag.rule)))


def first_standing(part: Part, clean: str) -> re.Match[str] | None:
    found = [match for one in part.group.alternatives for match in one.pattern.finditer(clean)]
    ordered = sorted(found, key=re.Match.start)
    return next((match for match in ordered if not part.excused_by & excuses_of(clean, match)), None)


def without_together(text: str) -> tuple[Flag, ...]:
    together = {rule.id for rule in RULES.rules if rule.together}
    return tuple(flag for flag in find(text) if flag.rule not in together)


def excuses_of(clean: str, match: re.Match[str]) -> frozenset[Excuse]:
    return excuses(clean, match.span(), scopes=RULES.scopes)


def test_examples_have_the_same_flags() -> None:
    for text in EXAMPLES[::4]:
        assert without_together(text) == found_by_every_pattern(text), text


def test_so_have_texts_put_together_from_pieces_of_them() -> None:
    draw = random.Random(20261124)  # noqa: S311 - the same texts every time
    for _ in range(60):
        pieces = (draw.choice(EXAMPLES)[: draw.randint(3, 60)] + draw.choice(JOINTS) for _ in range(draw.randint(1, 6)))
        text = "".join(pieces)
        assert without_together(text) == found_by_every_pattern(text), text


@pytest.mark.parametrize(
    ("pattern", "clauses"),
    [
        ("chest (?:pain|ache)", ({"chest "}, {"pain", "ache"})),
        ("胸[痛闷]", ({"胸"}, {"痛", "闷"})),
        ("(?:a|b)?", ()),
        ("(?:胸痛|心绞痛)了?", ({"胸痛", "心绞痛"},)),
        ("(?:胸痛|.{2})", ()),
        ("[^a]b{0,3}", ()),
        ("(?i:chest)", ()),
        (r"(?<!no )pain", ({"pain"},)),
        ("(?:ab){2,}", ({"ab"},)),
        (r"\b(?:si)(?!\w)", ({"\0si\0"},)),
        (r"(?<![\w.])(?:hr|pulse ?ox)\d", ({"\0hr", "\0pulse"},)),
        (r"\b(?:[fm]|m/o)\b", ({"\0f\0", "\0m\0", "\0m\0o\0"},)),
        (r"\b(?:ab){2,}\b", ({"\0ab"},)),
        (r"\b(?:a|)b\b", ({"b\0"},)),
        (r"\b-x(?![^\w])", ({"-x"},)),
        (r"a\Bb", ({"ab"},)),
    ],
)
def test_what_a_pattern_needs_is_told_or_left_open(pattern: str, clauses: tuple[set[str], ...]) -> None:
    assert needed(re.compile(pattern)) == clauses


def test_matches_are_those_of_every_alternative_from_left_to_right() -> None:
    group = Group.of("ab", "abc", "c", "b")
    held = Vocabulary([group]).held("abcb")
    found = [(match.group(), match.start()) for match in group.matches(held)]
    assert found == [("ab", 0), ("abc", 0), ("b", 1), ("c", 2), ("b", 3)]


def test_a_whole_word_is_tried_where_it_stands_alone_and_only_there() -> None:
    group = Group.of(r"\b(?:si|m/o)(?!\w)")
    vocabulary = Vocabulary([group])
    assert [match.group() for match in group.matches(vocabulary.held("si, (m/o) sir"))] == ["si", "m/o"]
    assert not group.possible(vocabulary.held("basis, m/open"))
    assert not group.possible(vocabulary.held(""))


def test_each_of_several_has_its_place() -> None:
    groups = [Group.of("ab", "x"), Group.of("c"), Group.of("x")]
    held = Vocabulary(groups).held("x ab")
    assert Index([group.alternatives for group in groups]).worth_trying(held) == [0, 2]
