"""The pure rules of triage: what a level needs, the order of the queue, marks, prompts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.text import Language
from hospital_hub.errors import Refused
from hospital_hub.triage.case_view import pieces, trace
from hospital_hub.triage.final_level import Choice, Demand, check, demand
from hospital_hub.triage.prompting import Name, prompt_for
from hospital_hub.triage.queue import Standing, place
from hospital_hub.triage.safe_text import Fitness, judge

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
LEVELS = st.sampled_from(list(Level))
MAYBE = st.none() | LEVELS


def standing(
    automatic: Level | None, *, final: Level | None = None, minutes: int = 0, called: bool = False
) -> Standing:
    return Standing(automatic, final, NOON + timedelta(minutes=minutes), called)


@given(level=LEVELS, automatic=MAYBE, red_flag=MAYBE)
def test_only_what_is_calmer_needs_something(level: Level, automatic: Level | None, red_flag: Level | None) -> None:
    needed = demand(level, automatic=automatic, red_flag=red_flag)
    calmer_than_flag = red_flag is not None and level > red_flag
    calmer_than_automatic = automatic is not None and level > automatic
    assert (needed is Demand.ASSESSMENT) == calmer_than_flag
    assert (needed is Demand.NOTHING) == (not calmer_than_flag and not calmer_than_automatic)


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (Choice(Level.III), "reason_needed"),
        (Choice(Level.III, "because"), "reason_needed"),
        (Choice(Level.III, "seen"), "assessment_needed"),
        (Choice(Level.IV, "seen", "  ok  "), "assessment_needed"),
    ],
)
def test_below_a_red_flag_nothing_less_than_an_assessment(choice: Choice, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check(choice, automatic=Level.II, red_flag=Level.II)
    assert refused.value.code == code


def test_at_or_above_the_automatic_level_nothing_is_asked() -> None:
    check(Choice(Level.II), automatic=Level.II, red_flag=Level.II)
    check(Choice(Level.I), automatic=Level.II, red_flag=Level.II)
    check(Choice(Level.IV), automatic=None, red_flag=None)
    check(Choice(Level.III, "misread"), automatic=Level.II, red_flag=None)


def test_the_queue_is_by_level_then_by_time_and_the_unknown_is_not_calm() -> None:
    expected = [
        standing(Level.I, minutes=30),
        standing(Level.II, minutes=5),
        standing(Level.II, minutes=20),
        standing(None, minutes=25, called=True),
        standing(None, minutes=1),
        standing(Level.III, minutes=0),
        standing(Level.IV, minutes=0),
        standing(Level.I, final=Level.I, minutes=2),
        standing(Level.I, final=Level.IV, minutes=0),
    ]
    mixed = expected[4:] + expected[:4]
    assert sorted(mixed, key=place) == expected


def test_marks_stand_where_the_rule_matched() -> None:
    flags = [
        {"rule": "chest-pain", "level": 2, "start": 0, "end": 2},
        {"rule": "collapse", "level": 2, "start": 3, "end": 5},
    ]
    assert [(piece.text, piece.marked) for piece in pieces("胸痛，晕倒了", flags)] == [
        ("胸痛", True),
        ("，", False),
        ("晕倒", True),
        ("了", False),
    ]
    assert [(fired.rule.id, fired.words) for fired in trace("胸痛，晕倒了", flags)] == [
        ("chest-pain", ("胸痛",)),
        ("collapse", ("晕倒",)),
    ]
    assert pieces("", []) == ()


@given(text=st.text(max_size=40), cuts=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=4))
def test_cutting_loses_no_character(text: str, cuts: list[tuple[int, int]]) -> None:
    flags = [{"rule": "x", "level": 1, "start": min(cut), "end": max(cut)} for cut in cuts]
    assert "".join(piece.text for piece in pieces(text, flags)) == text


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("name", ["opening", "handover"])
def test_a_prompt_is_whole_and_its_own_example_may_be_shown(name: Name, language: Language) -> None:
    """Otherwise a broken file would be noticed by the first patient."""
    prompt = prompt_for(name, words="<b>{words}</b>", language=language)
    assert [message.role for message in prompt.messages] == ["system", "user", "assistant", "user"]
    assert "‹b›{words}‹/b›" in prompt.messages[-1].content
    wanted = Fitness.QUESTION if name == "opening" else Fitness.HANDOVER
    assert judge(prompt.messages[2].content, language=language).fitness is wanted
