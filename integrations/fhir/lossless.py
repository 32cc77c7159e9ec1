"""FHIR JSON in and out without loss: numbers keep their text, no forbidden null is ever written, nesting is limited.

R4, 2.24.0.1: the precision of a decimal must be kept; null stands in arrays of primitives alone, where the element's
extensions (or its value) stand in the twin array.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self

from integrations.fhir.errors import Fault, FhirFault

DEEPEST = 64
EMPTY: tuple[object, ...] = ({}, [])


class Number(Decimal):
    """A number whose text is not how Decimal would write it: `1e2`, `0.0000001`, `-0`."""

    text: str

    def __new__(cls, text: str) -> Self:
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: Any, /) -> Self:  # noqa: ANN401 - as the base class has it
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.text,)


def loads(body: bytes) -> dict[str, Any]:
    """One resource as received; a number with a point or exponent becomes a Decimal whose str() is its text.

    Raises:
        FhirFault: MALFORMED, also for two members of one name, of which each reader would see another.
    """
    try:
        document = json.loads(
            body, parse_float=_decimal, parse_int=_integer, parse_constant=_no_constant, object_pairs_hook=_members
        )
    except (ValueError, ArithmeticError, RecursionError) as wrong:
        raise FhirFault(Fault.MALFORMED, "not JSON") from wrong
    if not isinstance(document, dict):
        raise FhirFault(Fault.MALFORMED, "not an object")
    _measure(document)
    return document


def dumps(resource: dict[str, Any]) -> bytes:
    """The resource as FHIR JSON.

    Raises:
        ValueError: it holds a null where FHIR has none, a float, NaN or an empty object or array, none of which
            belongs into what the hub sends.
    """
    return _object(resource, 0).encode()


def _decimal(text: str) -> Decimal:
    plain = Decimal(text)
    return plain if str(plain) == text else Number(text)


def _integer(text: str) -> int | Decimal:
    return Number(text) if text == "-0" else int(text)


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("two members of one name")
    for name, value in pairs:
        # Half a surrogate pair is no character and cannot be written again.
        name.encode()
        if isinstance(value, str):
            value.encode()
    return found


def _measure(document: dict[str, Any]) -> None:
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise FhirFault(Fault.MALFORMED, "nested too deeply")


def _children(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _object(value: dict[str, Any], depth: int) -> str:
    members = []
    for name, one in value.items():
        twin = value.get(name[1:] if name.startswith("_") else f"_{name}")
        text = _array(one, depth + 1, twin=twin) if isinstance(one, list) else _text(one, depth + 1)
        members.append(f"{json.dumps(name)}:{text}")
    return "{" + ",".join(members) + "}"


def _array(values: Sequence[object], depth: int, *, twin: object) -> str:
    twins = twin if isinstance(twin, list) else []
    padded = [value is None and len(twins) > index and twins[index] is not None for index, value in enumerate(values)]
    if not values:
        return _text(values, depth)
    written = ("null" if pads else _text(value, depth + 1) for value, pads in zip(values, padded, strict=True))
    return "[" + ",".join(written) + "]"


def _text(value: object, depth: int) -> str:
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if value is None or isinstance(value, float | Decimal) or value in EMPTY:
        raise ValueError("null, float and empty values do not belong into FHIR JSON")
    if isinstance(value, dict):
        return _object(value, depth)
    if isinstance(value, list):
        return _array(value, depth, twin=None)
    return json.dumps(value, ensure_ascii=False)
