"""Figures of the evaluation, on examples small enough to check by hand."""

from dataclasses import replace

import numpy as np
import pytest

from routing import Decision, Fleet, Lane, Refusal, Request, Task, Tier, load_policy
from routing.evaluation.calibration import auc, calibration
from routing.evaluation.choices import BOTH, REFUSED, Choice, choice_of, ways, ways_by_task
from routing.evaluation.curve import FACTORS, Point, Sample, bar_curve, best_of, opinion_points, references
from routing.evaluation.drift import drift
from routing.evaluation.labelled import ONLY_LARGE, Label, Labelled, chosen_figures, evaluate_cases
from routing.evaluation.quality import Answered, quality
from routing.evaluation.tasks import Judged, task_figures
from routing.evaluation.traffic import LIVED, Lived, evaluate_traffic
from routing.replay import Case, case_of
from tests.routing.test_decide import fleet

POLICY = load_policy()
COST = {Tier.R1_32B: 1.0, Tier.R1_70B: 2.0, Tier.R1_671B: 5.0}
QUESTIONS = (
    "Which enzyme is absent in this disorder of the urea cycle?",
    "A 67-year-old man with a bladder tumour hears ringing. Which drug acts how?",
    "A 24-year-old woman has weight loss and a tremor. What is the most appropriate next step in management?",
    "Which vitamin is found in oranges?",
)


def answered(small: int, middle: int, large: int, *, agree: bool = False) -> Answered:
    return Answered({Tier.R1_32B: bool(small), Tier.R1_70B: bool(middle), Tier.R1_671B: bool(large)}, agree)


# The 32B is right on one of the four questions, the 671B on three.
ANSWERS = (answered(0, 0, 1), answered(0, 1, 1), answered(1, 1, 1, agree=True), answered(0, 0, 0, agree=True))


def chosen(*tiers: Tier | None, both: bool = False) -> list[Choice]:
    return [Choice(Task.OTHER, tier, both=both) for tier in tiers]


def case(text: str, picture: Fleet | None = None) -> Case:
    request = Request(
        text=text, lane=Lane.STAFF, context_tokens=50, answer_tokens=100, deadline=60, second_opinion=True
    )
    return case_of(request, picture or fleet())


def test_quality_counts_the_answer_that_the_chosen_tier_gave() -> None:
    found = quality(chosen(Tier.R1_671B, Tier.R1_70B, Tier.R1_32B, Tier.R1_32B), ANSWERS, cost=COST)
    assert (found.accuracy, found.always_small, found.always_large) == (0.75, 0.25, 0.75)
    assert found.gap == 1.0
    assert found.cost == (5 + 2 + 1 + 1) / 4
    assert found.share == {"r1-32b": 0.5, "r1-70b": 0.25, "r1-671b": 0.25}


def test_two_that_differ_cost_all_three_and_two_that_agree_cost_two() -> None:
    found = quality(chosen(*[Tier.R1_32B] * 4, both=True), ANSWERS, cost=COST)
    assert found.accuracy == 0.75
    assert found.share == {"r1-32b": 1.0, "r1-70b": 1.0, "r1-671b": 0.5}
    assert found.cost == 1 + 2 + 0.5 * 5
    assert found.second_opinions == 1


def test_a_refused_question_is_not_answered_and_costs_nothing() -> None:
    found = quality(chosen(Tier.R1_671B, None, Tier.R1_32B, None), ANSWERS, cost=COST)
    assert (found.accuracy, found.refused, found.cost) == (0.5, 0.5, 6 / 4)


def test_the_gap_has_an_interval_that_repeats_and_no_value_where_both_ends_are_alike() -> None:
    one = quality(chosen(*[Tier.R1_671B, Tier.R1_32B] * 50), ANSWERS * 25, cost=COST)
    assert one == quality(chosen(*[Tier.R1_671B, Tier.R1_32B] * 50), ANSWERS * 25, cost=COST)
    assert one.interval is not None
    assert one.gap is not None
    assert one.interval[0] < one.gap < one.interval[1]
    alike = quality(chosen(Tier.R1_32B), [answered(1, 1, 1)], cost=COST)
    assert (alike.gap, alike.interval) == (None, None)


def test_calibration_error_is_the_mean_distance_weighed_by_the_bins() -> None:
    """Bin 0.2: three cases, said 0.2, one came: 0.133; bin 1.0: one case, said 1, came: 0."""
    found = calibration([0.2, 0.2, 0.2, 1.0], [True, False, False, True])
    assert found.error == pytest.approx(0.75 * (1 / 3 - 0.2))
    assert [(one.low, one.count) for one in found.bins] == [(0.2, 3), (0.9, 1)]
    assert found.rate == 0.5


@pytest.mark.parametrize(
    ("said", "came", "expected"),
    [
        ([0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1], 1.0),
        ([0.4, 0.3, 0.2, 0.1], [0, 0, 1, 1], 0.0),
        ([0.5, 0.5, 0.5], [0, 1, 1], 0.5),
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),
        ([0.3, 0.6], [1, 1], None),
    ],
)
def test_auc(said: list[float], came: list[int], expected: float | None) -> None:
    assert auc(np.array(said), np.array(came, dtype=bool)) == expected


def test_drift_of_yes_and_no_is_the_index_of_the_two_shares() -> None:
    """10 % yes before, 40 % after: 0.3 ln 4 + 0.3 ln 1.5 = 0.5375."""
    found = drift([0.0] * 90 + [1.0] * 10, [0.0] * 60 + [1.0] * 40, name="feature")
    assert found.index == pytest.approx(0.3 * np.log(4) + 0.3 * np.log(1.5))
    assert found.mark == "shifted"


def test_the_same_traffic_is_steady_and_a_value_never_seen_before_is_not() -> None:
    values = list(np.linspace(0, 1, 1000))
    assert drift(values, values, name="score").index == pytest.approx(0)
    assert drift([0.0] * 100, [0.0] * 70 + [1.0] * 30, name="feature").mark == "shifted"


def test_what_small_windows_show_by_chance_is_no_drift() -> None:
    chance = np.random.default_rng(3)
    found = drift(list(chance.random(60)), list(chance.random(60)), name="score")
    assert found.by_chance == pytest.approx(9 * (1 / 60 + 1 / 60))
    assert found.mark == "steady"


def test_task_figures() -> None:
    """Note: 1 hit of 2 true and 1 said; triage: 2 hits of 2 true and 3 said."""
    judged = [
        Judged("a", Task.TRIAGE, Task.TRIAGE),
        Judged("a", Task.TRIAGE, Task.TRIAGE),
        Judged("b", Task.NOTE, Task.NOTE),
        Judged("b", Task.NOTE, Task.TRIAGE),
    ]
    found = task_figures(judged)
    assert found.f1 == {"triage": 4 / 5, "note": 2 / 3}
    assert found.macro_f1 == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found.recall == {"a": (2, 1.0), "b": (2, 0.5)}
    assert found.confusion == {"triage": {"triage": 2}, "note": {"triage": 1, "note": 1}}


def test_shares_over_the_ways_to_answer_are_whole() -> None:
    choices = [*chosen(Tier.R1_32B, None), Choice(Task.NOTE, Tier.R1_32B, both=True), Choice(Task.NOTE, Tier.R1_70B)]
    assert ways(choices) == {"r1-32b": 0.25, "r1-70b": 0.25, "r1-671b": 0, BOTH: 0.25, REFUSED: 0.25}
    count, own = ways_by_task(choices)["note"]
    assert (count, own[BOTH], sum(own.values())) == (2, 0.5, 1)


def test_the_references_need_no_router() -> None:
    found = references(Sample([case(text) for text in QUESTIONS], ANSWERS, COST))
    assert [(point.gap, point.cost, point.large) for point in found.values()] == [
        (0.0, 1.0, 0.0),
        (0.5, 2.0, 0.0),
        (1.0, 5.0, 1.0),
        (1.0, 5.5, 0.5),
    ]


def test_the_curves_hold_the_policy_itself_and_end_where_the_thresholds_end() -> None:
    sample = Sample([case(text) for text in QUESTIONS], ANSWERS, COST)
    curve = bar_curve(sample, POLICY)
    assert [point.setting["factor"] for point in curve] == list(FACTORS)
    (own,) = [point for point in curve if point.own]
    single = [
        choice_of(replace(one, facts=replace(one.facts, second_opinion=False)).decide(POLICY)) for one in sample.cases
    ]
    assert own.cost == quality(single, ANSWERS, cost=COST).cost
    assert curve[0].large > curve[-1].large
    assert all(point.second_opinions == 0 for point in curve)
    points = opinion_points(sample, POLICY)
    assert len([point for point in points if point.own]) == 1
    assert any(point.best for point in points)
    least, most = (pick(point.setting["skip_below"] for point in points) for pick in (min, max))
    asked = {
        skip: max(point.second_opinions for point in points if point.setting["skip_below"] == skip)
        for skip in (least, most)
    }
    assert asked[least] > asked[most]


def test_the_best_points_are_those_that_nothing_beats() -> None:
    points = [Point({}, 0, gap, 0, 0, 0) for gap in (0.5, 0.6, 0.55, 0.6)]
    assert best_of(points, [1, 2, 3, 3]) == [True, True, False, False]


def test_labelled_texts_are_decided_in_both_modes_and_judged_where_something_is_known() -> None:
    labels = [Label("tier_x", None, answer) for answer in ANSWERS]
    items = [Labelled(label, case(text)) for label, text in zip(labels, QUESTIONS, strict=True)]
    items.append(Labelled(Label("wards", Task.OPERATIONS, None), case("How many patients were admitted last month?")))
    found = evaluate_cases(items, {"p": POLICY}, cost=COST)
    (figures,) = found.policies
    assert found.requests == 5
    assert list(figures.quality) == ["single", "second opinions"]
    assert figures.quality["single"].questions == 4
    assert figures.tasks is not None
    assert figures.tasks.recall == {"wards": (1, 1.0)}
    assert found.need[ONLY_LARGE].count == 4
    assert found.need[ONLY_LARGE].rate == 0.5


def test_without_any_answers_there_is_no_quality() -> None:
    label = Label("wards", Task.OPERATIONS, None)
    found = chosen_figures("p", [label], choices={"as decided": [Choice(Task.NOTE, Tier.R1_32B)]}, cost=COST)
    assert found.quality == {}
    assert found.tasks is not None
    assert found.tasks.macro_f1 == 0


def lived(text: str, *, value: float, tier: str = "r1-32b") -> Lived:
    one = case(text)
    return Lived(one, one.decide(POLICY), answered_by=tier, first_token_ms=100, total_ms=900, outcomes={"thumb": value})


def test_stored_traffic_under_its_own_policy_comes_out_as_it_was() -> None:
    traffic = [lived(text, value=1.0) for text in QUESTIONS]
    found = evaluate_traffic(traffic, {POLICY.version: POLICY}, cost=COST)
    was, now = found.policies
    assert was.name == LIVED
    assert (was.ways, was.cost, was.outcomes) == (now.ways, now.cost, now.outcomes)
    assert now.same == 1
    assert found.drift == ()


def test_outcomes_count_only_where_a_policy_would_have_answered_the_same_way() -> None:
    wards, enzyme = "How many patients were admitted last month?", QUESTIONS[0]
    traffic = [lived(wards, value=1.0), lived(enzyme, value=0.0)]
    nobody = replace(POLICY, second_opinion=replace(POLICY.second_opinion, tasks=frozenset()))
    _, now = evaluate_traffic(traffic, {"none asked twice": nobody}, cost=COST).policies
    (thumb,) = now.outcomes
    assert (thumb.count, thumb.mean, thumb.same_count, thumb.same_mean) == (2, 0.5, 1, 1.0)
    assert now.same == 0.5


def test_refusals_latency_and_drift_of_stored_traffic() -> None:
    dead = case(QUESTIONS[0], fleet(healthy=frozenset()))
    refused = Lived(dead, dead.decide(POLICY))
    assert isinstance(refused.outcome, Refusal)
    older = [lived("How many beds are free on the ward?", value=1.0)] * 60
    newer = [lived(QUESTIONS[2], value=1.0, tier="r1-671b")] * 59
    found = evaluate_traffic([*older, *newer, refused], {POLICY.version: POLICY}, cost=COST)
    assert found.policies[0].refusals == {"down": 1}
    assert [(one.tier, one.answers, one.total) for one in found.latency] == [
        ("r1-32b", 60, (900.0, 900.0)),
        ("r1-671b", 59, (900.0, 900.0)),
    ]
    marks = {one.name: one.mark for one in found.drift}
    assert marks["task operations"] == marks["feature next_step"] == "shifted"
    assert marks["feature dose"] == "steady"


def test_a_decision_that_was_stored_is_one_that_can_be_made() -> None:
    assert isinstance(case(QUESTIONS[0]).decide(POLICY), Decision)
