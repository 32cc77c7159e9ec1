"""The search for words leaves nothing out: the flags are those of the whole alternations, tried on every text."""

import random
import re

import pytest

from hospital_hub.clinical.literals import needed
from hospital_hub.clinical.negation import excuses
from hospital_hub.clinical.patterns import Group, Vocabulary
from hospital_hub.clinical.red_flags import Flag, find, load_rules
from hospital_hub.clinical.text import readable

RULES = load_rules()
EXAMPLES = [text for rule in RULES.rules for text in (*rule.examples, *rule.counter_examples)]
JOINTS = ("，", "。", " ", ". ", ", no ", "没有", "\u200b", "\u3000", "ﬁ", "Ｉ", "\t", "İ")
WHOLE = {
    rule.id: [re.compile("|".join(f"(?:{one.pattern.pattern})" for one in group.alternatives)) for group in rule.groups]
    for rule in RULES.rules
}


def found_by_whole_alternations(text: str) -> tuple[Flag, ...]:
    read = readable(text)
    flags: list[Flag] = []
    for rule in RULES.rules:
        standing = [
            next((m for m in group.finditer(read.clean) if not rule.excused_by & excuses_of(read.clean, m)), None)
            for group in WHOLE[rule.id]
        ]
        if None not in standing:
            spans = [read.span(*match.span()) for match in standing if match]
            flags += [Flag(rule.id, rule.level, start, end, text[start:end]) for start, end in spans]
    return tuple(sorted(flags, key=lambda flag: (flag.level, flag.start, flag.rule)))


def excuses_of(clean: str, match: re.Match[str]) -> frozenset[object]:
    return excuses(clean, match.span(), scopes=RULES.scopes)


def test_every_example_has_the_same_flags() -> None:
    for text in EXAMPLES:
        assert find(text) == found_by_whole_alternations(text), text


def test_so_have_texts_put_together_from_pieces_of_them() -> None:
    draw = random.Random(20261124)  # noqa: S311 - the same texts every time
    for _ in range(400):
        pieces = (draw.choice(EXAMPLES)[: draw.randint(3, 60)] + draw.choice(JOINTS) for _ in range(draw.randint(1, 6)))
        text = "".join(pieces)
        assert find(text) == found_by_whole_alternations(text), text


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("chest (?:pain|ache)", {"chest "}),
        ("胸[痛闷]", {"胸"}),
        ("(?:a|b)?", None),
        ("(?:胸痛|心绞痛)了?", {"胸痛", "心绞痛"}),
        ("(?:胸痛|.{2})", None),
        ("[^a]b{0,3}", None),
        ("(?i:chest)", None),
        (r"(?<!no )pain", {"pain"}),
        ("(?:ab){2,}", {"ab"}),
    ],
)
def test_what_a_pattern_needs_is_told_or_left_open(pattern: str, words: set[str] | None) -> None:
    assert needed(re.compile(pattern)) == words


def test_matches_are_those_of_one_alternation_from_left_to_right() -> None:
    group = Group.of("ab", "abc", "c", "b")
    held = Vocabulary([group]).held("abcabxcb")
    found = [(match.group(), match.start()) for match in group.matches(held)]
    assert found == [(m.group(), m.start()) for m in re.finditer("ab|abc|c|b", "abcabxcb")]
