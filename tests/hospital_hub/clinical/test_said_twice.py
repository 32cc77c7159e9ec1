"""Everyday words in both languages: danger is found, ordinary complaints stay calm, and a comparison is no injury."""

import tomllib
from pathlib import Path

import pytest

from hospital_hub.clinical.acuity import assess
from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.packs import load_pack

CN = load_pack("cn-2018")
SAID = tomllib.loads(Path(__file__).with_name("said_twice.toml").read_text("utf-8"))
LEVELS = {"emergent": {Level.I, Level.II}, "urgent": {Level.III}, "calm": {Level.IV}}
CASES = [(kind, text) for kind, pairs in SAID.items() for pair in pairs for text in pair]


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_it_is_heard_in_both_languages(kind: str, text: str) -> None:
    assert assess(text, pack=CN).level in LEVELS[kind]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("胸口像被人踢了一脚一样疼", "torso-injury"),
        ("胸口像压着石头一样疼", "torso-injury"),
        ("My chest hurts like I was kicked in the chest", "torso-injury"),
        ("A stabbing pain in the chest", "injury-penetrating"),
    ],
)
def test_a_comparison_is_no_injury(text: str, rule: str) -> None:
    found = assess(text, pack=CN)
    assert found.level is Level.II
    assert rule not in {flag.rule for flag in found.red_flags}


@pytest.mark.parametrize("text", ["胸口像压着石头一样疼", "骨头疼", "手指头痛", "舌头痛"])
def test_the_head_is_a_word_of_its_own(text: str) -> None:
    assert "headache" not in {one.rule for one in assess(text, pack=CN).indicators}
