"""What some programs write as FHIR JSON and FHIR is not, by name and place: `Encounter.class_fhir`, `Patient.id`.

Nothing is repaired: a reader that silently took `class_fhir` for `class` would one day take a wrong value for a right
one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

# Attribute names of fhir.resources, where R4's own name is a word of Python; its `dict()` lets them out.
PYTHON_NAMES: Final[Mapping[str, str]] = {
    f"{word}_fhir": word for word in ("assert", "class", "for", "global", "import")
} | {"resource_type": "resourceType", "fhir_comments": ""}


class Kind(StrEnum):
    PYTHON_NAME = "python_name"  # the value is lost for everybody who reads FHIR
    NULL = "null"  # a null where FHIR has none, as FastAPI writes models of fhir.resources
    EMPTY = "empty"  # an object, array or string with nothing in it


@dataclass(frozen=True)
class Peculiarity:
    """`place` is a path of names and nothing of the content."""

    kind: Kind
    place: str


def peculiarities(resource: Mapping[str, Any]) -> Iterator[Peculiarity]:
    """In the order of the document; the resource must have passed the limit of depth."""
    kind = resource.get("resourceType")
    yield from _members(resource, kind if isinstance(kind, str) else "?")


def _members(value: Mapping[str, Any], place: str) -> Iterator[Peculiarity]:
    for name, one in value.items():
        here = f"{place}.{name}"
        if name in PYTHON_NAMES:
            yield Peculiarity(Kind.PYTHON_NAME, here)
        twin = value.get(name[1:] if name.startswith("_") else f"_{name}")
        yield from _array(one, here, twin=twin) if isinstance(one, list) else _one(one, here)


def _array(values: list[Any], place: str, *, twin: object) -> Iterator[Peculiarity]:
    if not values:
        yield Peculiarity(Kind.EMPTY, place)
    twins = twin if isinstance(twin, list) else []
    for index, one in enumerate(values):
        if one is not None or len(twins) <= index or twins[index] is None:
            yield from _one(one, f"{place}[{index}]")


def _one(value: object, place: str) -> Iterator[Peculiarity]:
    if value is None:
        yield Peculiarity(Kind.NULL, place)
    elif value in ({}, [], ""):
        yield Peculiarity(Kind.EMPTY, place)
    elif isinstance(value, dict):
        yield from _members(value, place)
    elif isinstance(value, list):
        yield from _array(value, place, twin=None)
