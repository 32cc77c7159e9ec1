"""NEWS2 against its published table at every edge; children's limits; what is missing is named."""

import pytest

from hospital_hub.clinical.early_warning import load_tables, news2, outside
from hospital_hub.clinical.vital_signs import Sign, VitalSigns

# The chart of the Royal College of Physicians (2017): value and points, at each edge.
CHART = {
    Sign.RESPIRATORY_RATE: [(8, 3), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2), (24, 2), (25, 3)],
    Sign.SPO2: [(91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0)],
    Sign.SYSTOLIC: [(90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0), (219, 0), (220, 3)],
    Sign.HEART_RATE: [(40, 3), (41, 1), (50, 1), (51, 0), (90, 0), (91, 1), (110, 1), (111, 2), (130, 2), (131, 3)],
    Sign.TEMPERATURE: [(35.0, 3), (35.1, 1), (36.0, 1), (36.1, 0), (38.0, 0), (38.1, 1), (39.0, 1), (39.1, 2)],
}
EDGES = [(sign, value, points) for sign, rows in CHART.items() for value, points in rows]


@pytest.mark.parametrize(("sign", "value", "points"), EDGES)
def test_each_edge_of_the_chart(sign: Sign, value: float, points: int) -> None:
    score = news2(VitalSigns.of({sign: value}))
    assert (score.points, score.highest) == (points, points)
    assert sign not in score.missing
    assert not score.complete


def test_a_complete_score_misses_nothing() -> None:
    signs = VitalSigns.of(
        {
            Sign.RESPIRATORY_RATE: 22,
            Sign.SPO2: 95,
            Sign.SYSTOLIC: 105,
            Sign.HEART_RATE: 112,
            Sign.TEMPERATURE: 38.5,
        },
        consciousness="C",
        on_oxygen=True,
    )
    score = news2(signs)
    assert (score.points, score.highest, score.missing) == (2 + 1 + 1 + 2 + 1 + 3 + 2, 3, ())


def test_without_any_sign_all_is_missing_and_nothing_is_scored() -> None:
    score = news2(VitalSigns())
    assert score.points == 0
    assert len(score.missing) == 7


def test_the_worst_of_several_values_counts() -> None:
    worse = VitalSigns.of({Sign.HEART_RATE: 80}).together(VitalSigns.of({Sign.HEART_RATE: 135}))
    assert news2(worse).points == 3


@pytest.mark.parametrize(("gcs", "points"), [(15, 0), (14, 3), (8, 3)])
def test_coma_scale_counts_as_consciousness(gcs: int, points: int) -> None:
    assert news2(VitalSigns.of({Sign.GCS: gcs})).points == points


def child_edges() -> list[tuple[float, Sign, str, float]]:
    return [
        (band["age_from"], sign, name, edge)
        for band in load_tables().child
        for sign in (Sign.HEART_RATE, Sign.RESPIRATORY_RATE, Sign.SYSTOLIC)
        for name, edge in band[sign.value].items()
    ]


@pytest.mark.parametrize(("age", "sign", "name", "edge"), child_edges())
def test_each_edge_of_a_childs_limits(age: float, sign: Sign, name: str, edge: float) -> None:
    side, zone = name.split("_")
    beyond = edge + 1 if side == "above" else edge - 1
    (found,) = outside(VitalSigns.of({sign: beyond}), age_years=age)
    assert (found.zone, found.limit) == (zone, edge)
    at = outside(VitalSigns.of({sign: edge}), age_years=age)
    assert all(one.limit != edge for one in at)


def test_adults_have_no_childs_limits() -> None:
    assert outside(VitalSigns.of({Sign.HEART_RATE: 200}), age_years=16) == ()
