"""JSON in and out: the same text comes back, and nothing that FHIR forbids goes out."""

import copy
import json
import pickle
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


@pytest.mark.parametrize(
    "digits",
    [
        "1.50",
        "100.00",
        "0.1000",
        "123456789.123456789012",
        "-0.0",
        "-0",
        "0",
        "1e2",
        "1E+2",
        "1.0e-7",
        "0.0000001",
        "-0.00",
        "7.000e+03",
        "1e999999",
        "12345678901234567890123456789",
        "0.1" + "0" * 60,
    ],
)
def test_precision_survives(digits: str) -> None:
    assert dumps(loads(f'{{"value":{digits}}}'.encode())) == f'{{"value":{digits}}}'.encode()


def test_a_number_keeps_its_text_through_copies_and_counts_as_its_value() -> None:
    number = loads(b'{"value":1e2}')["value"]
    for one in (number, copy.copy(number), copy.deepcopy(number), pickle.loads(pickle.dumps(number))):  # noqa: S301
        assert (str(one), one, one + 1) == ("1e2", 100, 101)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":1e99999999999999999999}',
        b'{"a":"\\ud800"}',
        b'{"\\ud800":1}',
        b'{"a":' + b"1" * 5000 + b"}",
        b'{"a":01}',
        b'{"a":1.}',
    ],
)
def test_what_two_readers_would_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(FhirFault):
        loads(body)


def test_nulls_that_keep_extensions_in_their_places_stay() -> None:
    """R4, 2.24.0.3: the arrays of a repeating primitive and of its extensions are as long as each other."""
    written = b'{"given":["A",null],"_given":[null,{"extension":[{"url":"u","valueCode":"unknown"}]}]}'
    assert dumps(loads(written)) == written
    for wrong in ({"given": ["A", None]}, {"given": ["A", None], "_given": [None, None]}, {"_given": [None]}):
        with pytest.raises(ValueError, match="do not belong"):
            dumps(dict(wrong))


@pytest.mark.parametrize("value", [None, 1.5, {}, [], {"a": None}, [[]], Decimal("NaN"), Decimal("Infinity")])
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
