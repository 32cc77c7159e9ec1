"""The pure rules of the nurses' board: what a level needs, order, clocks, alarms, marks, what may stay unsaid."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.clinical.levels import Level
from hospital_hub.errors import Refused
from hospital_hub.triage.alarms import LOUDER_AFTER, NOBODY_AFTER, Alarm, alarm
from hospital_hub.triage.final_level import Choice, Closing, Demand, check, check_closing, closing_demand, demand
from hospital_hub.triage.queue import LATEST_LOOK, SOONEST_LOOK, Standing, clock, limit, look_again_after, place
from hospital_hub.triage.rule_trace import Acuity, Piece, acuity_of, pieces, trace
from hospital_hub.triage.steps import standing_steps
from hospital_hub.triage.tables import Step, TriageDecision

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
    assert [(fired.rule.id, fired.words) for fired in trace({0: "胸痛，晕倒了"}, flags)] == [
        ("chest-pain", ("胸痛",)),
        ("collapse", ("晕倒",)),
    ]
    assert pieces("", []) == ()


def test_a_mark_belongs_to_its_turn_and_a_yes_is_marked_whole() -> None:
    flags = [{"rule": "chest-pain", "level": 2, "start": 5, "end": 15, "turn": 4}]
    assert pieces("chest pain", flags, turn=0) == (Piece("chest pain", marked=False),)
    assert pieces("Yes", flags, turn=4, exact=False) == (Piece("Yes", marked=True),)
    assert pieces("No", flags, turn=6, exact=False) == (Piece("No", marked=False),)
    assert trace({4: "Yes, chest pain"}, flags)[0].words == ("chest pain",)


def test_the_acuity_is_shown_as_far_as_it_goes() -> None:
    found = {
        "level": 3,
        "indicators": [
            {
                "kind": "complaint",
                "rule": "fever",
                "level": 3,
                "start": 0,
                "end": 5,
                "turn": 2,
                "zh": "发热",
                "en": "Fever",
            },
            {"kind": "vital", "rule": "spo2", "level": 2, "zh": "SpO2 91 % → II 级", "en": "SpO2 91 % → II"},
            {"kind": "red_flag", "rule": "chest-pain", "level": 2},
        ],
        "missing": ["spo2", {"zh": "血压", "en": "Blood pressure"}],
        "doubtful": [{"kind": "temperature", "words": "99 C", "zh": "体温 99", "en": "Temperature 99"}],
        "departments": [{"id": "x", "zh": "内科", "en": "Medicine", "reason_zh": "", "reason_en": "fever"}],
        "score": {"name": "NEWS2", "total": 5},
    }
    acuity = acuity_of(found, {2: "fever since noon"})
    assert [(one.names["en"], one.level, one.words) for one in acuity.indicators] == [
        ("SpO2 91 %", Level.II, ""),
        ("Fever", Level.III, "fever"),
    ]
    assert acuity.indicators[0].names["zh-CN"] == "SpO2 91 %"
    assert [one.names["en"] for one in acuity.missing] == ["SpO2", "Blood pressure"]
    assert acuity.doubtful[0].words == "99 C"
    assert acuity.departments[0].reasons["en"] == "fever"
    assert acuity_of({}, {}) == Acuity()
    assert acuity_of({"level": None, "indicators": [{}], "missing": None}, {}).indicators[0].level is None


@given(text=st.text(max_size=40), cuts=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=4))
def test_cutting_loses_no_character(text: str, cuts: list[tuple[int, int]]) -> None:
    flags = [{"rule": "x", "level": 1, "start": min(cut), "end": max(cut)} for cut in cuts]
    assert "".join(piece.text for piece in pieces(text, flags)) == text


@given(final=MAYBE, red_flag=MAYBE)
def test_a_red_flag_that_nobody_levelled_leaves_only_with_an_assessment(
    final: Level | None, red_flag: Level | None
) -> None:
    bare = red_flag is not None and final is None
    assert (closing_demand(final=final, red_flag=red_flag) is Demand.ASSESSMENT) == bare
    with pytest.raises(Refused):
        check_closing(Closing("because", "looked everywhere"), final=final, red_flag=red_flag)
    check_closing(Closing("gone", "looked everywhere"), final=final, red_flag=red_flag)
    if bare:
        with pytest.raises(Refused):
            check_closing(Closing("gone", " no "), final=final, red_flag=red_flag)
    else:
        check_closing(Closing("gone"), final=final, red_flag=red_flag)


STANDINGS = st.builds(
    Standing, MAYBE, MAYBE, st.integers(0, 600).map(lambda minutes: NOON + timedelta(minutes=minutes)), st.booleans()
)


@given(cases=st.lists(STANDINGS, max_size=12))
def test_the_order_is_total_and_nobody_calmer_stands_before_a_more_urgent_one(cases: list[Standing]) -> None:
    ordered = sorted(cases, key=place)
    for before, after in pairwise(ordered):
        assert (before.final is not None) <= (after.final is not None)
        if (before.final is None) == (after.final is None):
            known = [one.level for one in (before, after) if one.level is not None]
            assert known == sorted(known)
        if before.final is None and before.level == after.level and after.final is None:
            assert before.called >= after.called
            assert before.called > after.called or before.due <= after.due


@given(level=MAYBE, waited=st.timedeltas(min_value=timedelta(), max_value=timedelta(hours=9)))
def test_a_clock_says_overdue_exactly_when_no_minute_is_left(level: Level | None, waited: timedelta) -> None:
    shown = clock(Standing(level, None, NOON), now=NOON + waited)
    assert shown.limit == limit(level)
    assert shown.overdue == (waited > shown.limit)
    assert shown.left == 0 or not shown.overdue
    assert shown.over == 0 or shown.overdue
    assert shown.left > 0 or waited >= shown.limit  # no minute left is never said too early
    assert shown.minutes * timedelta(minutes=1) <= waited


def test_a_clock_never_runs_backwards() -> None:
    """The clocks of two machines may differ by a second."""
    assert clock(Standing(Level.II, None, NOON), now=NOON - timedelta(seconds=2)).minutes == 0


def test_the_limits_of_the_four_levels() -> None:
    assert [limit(level) // timedelta(minutes=1) for level in Level] == [0, 10, 30, 120]
    assert limit(None) <= limit(Level.III)  # unknown is not calm


@given(level=LEVELS)
def test_somebody_looks_again_within_the_limit_or_soon(level: Level) -> None:
    after = look_again_after(level)
    assert SOONEST_LOOK <= after <= LATEST_LOOK
    assert after <= max(limit(level), SOONEST_LOOK)


@given(
    first=st.timedeltas(min_value=timedelta(), max_value=timedelta(hours=2)),
    later=st.timedeltas(min_value=timedelta(), max_value=timedelta(hours=2)),
)
def test_an_alarm_only_gets_louder(first: timedelta, later: timedelta) -> None:
    stages = list(Alarm)
    assert stages.index(alarm(first)) <= stages.index(alarm(first + later))


def test_the_stages_of_an_alarm() -> None:
    second = timedelta(seconds=1)
    assert alarm(timedelta()) is Alarm.CALLING
    assert alarm(LOUDER_AFTER - second) is Alarm.CALLING
    assert alarm(LOUDER_AFTER) is Alarm.LOUDER
    assert alarm(NOBODY_AFTER) is Alarm.NOBODY


@given(steps=st.lists(st.sampled_from(list(Step)), max_size=12))
def test_taking_back_undoes_the_last_thing_that_stands(steps: list[Step]) -> None:
    taken = [
        TriageDecision(case_id=uuid.UUID(int=1), ordinal=at, step=step, who="", display_name="")
        for at, step in enumerate(steps)
    ]
    stands = standing_steps(taken)
    assert all(one.step in {Step.LEVEL, Step.CLOSED} for one in stands)
    assert [one.ordinal for one in stands] == sorted(one.ordinal for one in stands)
    back = TriageDecision(case_id=uuid.UUID(int=1), ordinal=99, step=Step.TAKEN_BACK, who="", display_name="")
    assert standing_steps([*taken, back]) == stands[:-1]
