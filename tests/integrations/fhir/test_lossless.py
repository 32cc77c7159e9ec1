"""JSON in and out: the same text comes back, and nothing that FHIR forbids goes out."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.fhir.errors import FhirFault
from integrations.fhir.lossless import DEEPEST, dumps, loads
from integrations.fhir.paths import at, codes, concept, items, word

LEAVES = st.one_of(
    st.text(max_size=8), st.integers(), st.booleans(), st.decimals(allow_nan=False, allow_infinity=False, places=4)
)
TREES = st.recursive(
    LEAVES,
    lambda children: st.one_of(
        st.lists(children, min_size=1, max_size=3),
        st.dictionaries(st.text(max_size=4), children, min_size=1, max_size=3),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=4), TREES, min_size=1, max_size=4))
def test_what_was_read_is_written_as_it_was(resource: dict[str, Any]) -> None:
    written = dumps(resource)
    assert dumps(loads(written)) == written
    assert json.loads(written, parse_float=Decimal) == resource


@pytest.mark.parametrize("digits", ["1.50", "100.00", "0.1000", "123456789.123456789012", "-0.0"])
def test_precision_survives(digits: str) -> None:
    assert dumps(loads(f'{{"value":{digits}}}'.encode())) == f'{{"value":{digits}}}'.encode()


@pytest.mark.parametrize("value", [None, 1.5, {}, [], {"a": None}, [[]]])
def test_what_fhir_forbids_is_never_written(value: object) -> None:
    with pytest.raises(ValueError, match="do not belong"):
        dumps({"x": value})


def test_nesting_has_a_limit() -> None:
    loads(b'{"a":' * (DEEPEST - 1) + b"1" + b"}" * (DEEPEST - 1))
    for depth in (DEEPEST + 1, 100_000):
        with pytest.raises(FhirFault):
            loads(b'{"a":' * depth + b"1" + b"}" * depth)


def test_places_that_are_missing_or_of_another_shape_are_empty() -> None:
    resource: dict[str, Any] = {
        "code": {"coding": [{"code": "a", "display": "A"}, "x"]},
        "value": Decimal("1.50"),
        "n": [1],
    }
    assert concept(resource, "code") == "A"
    assert codes(resource, "code") == {"a"}
    assert word(resource, "value") == "1.50"
    for nothing in (at(resource, "n", 5), at(resource, "code", 0), at(None, "x"), at("text", "x")):
        assert nothing is None
    assert items(resource, "n") == []
    assert concept("wrong") == ""
