"""The figures as tables and as bars: sums, empty slices, round axes, harmless CSV. No database."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.inference.tables import Outcome
from hospital_hub.operations.csv_text import csv_text
from hospital_hub.operations.period import PERIODS, label, starts
from hospital_hub.operations.plots import HEIGHT, LEFT, TICKS, TOP, WIDTH, ceiling, draw
from hospital_hub.operations.sheets import Figures, Row, Sheet, Slice, all_sheets, cost
from hospital_hub.operations.usage import Cell, Speed

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)  # noon at the hospital
COSTS = {"r1-32b": 0.25, "r1-70b": 0.5, "r1-671b": 1.0}


def cell(tier: str, *, calls: int = 1, outcome: Outcome = Outcome.ANSWERED, start: datetime = NOON) -> Cell:
    return Cell(
        start=start,
        tier=tier,
        department="Emergency",
        task="triage",
        outcome=outcome,
        calls=calls,
        prompt_tokens=1000 * calls,
        completion_tokens=200 * calls,
    )


def figures(*cells: Cell) -> Figures:
    speed = Speed(tier="r1-32b", answers=2, first_median=0.5, first_slow=1.5, total_median=4.0, total_slow=9.0)
    slices = [Slice(NOON - timedelta(hours=2), "10:00"), Slice(NOON, "12:00")]
    return Figures(cells=cells, speeds=[speed], refusals=[("busy", 3)], slices=slices, costs=COSTS)


def sheet(key: str, *cells: Cell) -> Sheet:
    return next(one for one in all_sheets(figures(*cells)) if one.key == key)


def test_a_slice_without_questions_stays_in_the_table() -> None:
    found = sheet("tiers", cell("r1-32b", calls=3), cell("r1-671b"))
    assert found.columns == tuple(COSTS)
    assert found.rows == (Row("10:00", (0, 0, 0)), Row("12:00", (3, 0, 1)))


def test_cost_counts_tokens_at_the_price_of_their_tier() -> None:
    # (1000 + 200) tokens: 1.2 thousand, at 0.25 and at 1
    assert cost([cell("r1-32b")], COSTS) == pytest.approx(0.3)
    assert cost([cell("r1-671b"), cell("r1-32b")], COSTS) == pytest.approx(1.5)
    assert sheet("departments", cell("r1-671b", calls=2)).rows == (Row("Emergency", (2000, 400, 2, 2.4)),)


def test_a_refused_question_has_no_tier_and_costs_nothing() -> None:
    refused = cell("", outcome=Outcome.REFUSED)
    assert cost([refused], COSTS) == 0
    assert sheet("tiers", refused).empty
    assert Row("Refused", (1,)) in sheet("outcomes", refused).rows


def test_every_outcome_has_a_row() -> None:
    assert len(sheet("outcomes").rows) == len(Outcome)


def test_every_sheet_has_a_key_of_its_own() -> None:
    keys = [one.key for one in all_sheets(figures())]
    assert len(keys) == len(set(keys)) == 8


@pytest.mark.parametrize("period", PERIODS.values(), ids=lambda period: period.key)
def test_now_lies_in_the_last_slice(period) -> None:  # noqa: ANN001 - a parameter
    now = NOON + timedelta(minutes=37)
    found = starts(period, now)
    assert len(found) == period.slices
    assert found[-1] <= now < found[-1] + period.slice
    assert {later - earlier for earlier, later in pairwise(found)} == {period.slice}


def test_days_begin_at_the_hospitals_midnight() -> None:
    week = PERIODS["week"]
    just_after = datetime(2026, 3, 4, 16, 5, tzinfo=UTC)
    assert label(starts(week, just_after)[-1], week) == "03-05"
    assert label(starts(week, just_after - timedelta(minutes=10))[-1], week) == "03-04"
    assert label(NOON, PERIODS["hour"]) == "12:00"


@given(st.floats(min_value=0.001, max_value=1e9))
def test_the_axis_reaches_above_the_highest_bar(value: float) -> None:
    top = ceiling(value, whole=False)
    assert value <= top * 1.000001 <= value * 2.1


@given(st.integers(min_value=0, max_value=10**9))
def test_quarters_of_a_count_are_whole(value: int) -> None:
    top = ceiling(value, whole=True)
    assert top >= value
    assert top / TICKS == pytest.approx(round(top / TICKS))


@given(st.lists(st.lists(st.floats(min_value=0, max_value=1e6), min_size=3, max_size=3), max_size=40), st.booleans())
def test_bars_stay_inside_the_drawing(values: list[list[float]], stacked: bool) -> None:
    rows = tuple(Row(str(number), tuple(row)) for number, row in enumerate(values))
    shown = Sheet(
        key="k", title="", about="", first="", columns=("a", "b", "c"), rows=rows, plotted=2, stacked=stacked, digits=2
    )
    drawing = draw(shown)
    assert {bar.series for bar in drawing.bars} <= {0, 1}
    for bar in drawing.bars:
        assert bar.x >= LEFT
        assert bar.x + bar.width <= WIDTH
        assert bar.y >= TOP - 0.2
        assert bar.y + bar.height <= HEIGHT
    assert len(drawing.labels) <= 8


def test_stacked_bars_stand_on_each_other() -> None:
    found = draw(sheet("tiers", cell("r1-32b", calls=4), cell("r1-70b", calls=4)))
    lower, upper = found.bars
    assert lower.y == pytest.approx(upper.y + upper.height)
    assert (lower.x, lower.width, lower.height) == (upper.x, upper.width, upper.height)


def test_a_spreadsheet_takes_no_cell_for_a_formula() -> None:
    text = csv_text(("name", "number"), [("=cmd()", -1.5), ("@a", 2), ("a,b\n", 0)])
    assert text == "\ufeffname,number\r\n'=cmd(),-1.5\r\n'@a,2\r\n\"a,b\n\",0\r\n"
