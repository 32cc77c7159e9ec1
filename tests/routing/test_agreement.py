"""When two answers agree, for each kind of answer."""

import pytest

from routing.agreement import same_choice, same_claims, same_fields


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("B", "The answer is (b).", True),
        ("Answer: C", "D", False),
        ("Ｂ", "B", True),
        ("阿司匹林", "阿司匹林", True),
        ("", "", False),
    ],
)
def test_choices(one: str, other: str, agree: bool) -> None:
    assert same_choice(one, other) is agree


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ({"dose": 5, "drug": "Warfarin"}, {"dose": 5.0, "drug": "warfarin "}, True),
        ({"dose": 5, "drug": "warfarin"}, {"dose": 50, "drug": "warfarin"}, False),
        ({"dose": 5}, {"dose": 5, "drug": "warfarin"}, False),
        ({"dose": [1, 2], "drug": None}, {"dose": [2, 1], "drug": None}, True),
        ({"dose": 0.1, "drug": ""}, {"dose": 0.10000000000001, "drug": ""}, True),
        ({"dose": True, "drug": ""}, {"dose": False, "drug": ""}, False),
    ],
)
def test_structured_fields(one: dict[str, object], other: dict[str, object], agree: bool) -> None:
    assert same_fields(one, other, fields=("dose", "drug")) is agree


def test_free_text_agrees_by_its_claims() -> None:
    assert same_claims(["takes aspirin"], ["on aspirin"], unsupported=[])
    assert not same_claims(["takes aspirin"], ["takes warfarin"], unsupported=["takes warfarin"])
    assert not same_claims([], ["takes aspirin"], unsupported=[])
