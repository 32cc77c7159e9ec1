"""FHIR JSON in and out without loss: decimals keep their digits, no null is ever written, nesting is limited.

R4, 2.24.0.1: the precision of a decimal must be kept, and null is allowed in arrays of primitives alone (which the
hub never writes).
"""

import json
from decimal import Decimal
from typing import Any

from integrations.fhir.errors import Fault, FhirFault

DEEPEST = 64


def loads(body: bytes) -> dict[str, Any]:
    """One resource as received; a number with a point or exponent becomes a Decimal.

    Raises:
        FhirFault: MALFORMED.
    """
    try:
        document = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as wrong:
        raise FhirFault(Fault.MALFORMED, "not JSON") from wrong
    if not isinstance(document, dict):
        raise FhirFault(Fault.MALFORMED, "not an object")
    _measure(document)
    return document


def dumps(resource: dict[str, Any]) -> bytes:
    """The resource as FHIR JSON.

    Raises:
        ValueError: it holds a null, a float or an empty object or array, none of which belongs into what the hub sends.
    """
    return _text(resource, 0).encode()


def _no_constant(word: str) -> None:
    raise ValueError(word)


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


def _text(value: object, depth: int) -> str:
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, Decimal):
        return str(value)
    if value is None or isinstance(value, float) or value in ({}, []):
        raise ValueError("null, float and empty values do not belong into FHIR JSON")
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_text(one, depth + 1)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_text(one, depth + 1) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
