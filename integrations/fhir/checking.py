"""What is wrong with an R4 resource, and where: the R4B models of fhir.resources, and checks for their blind spots.

The models know names, cardinalities and forms; required codes, targets of references, invariants, narrative, values in
the wrong JSON type, nulls and emptiness are checked here. Profiles and terminology beyond required codes are not.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from integrations.fhir import narrative, references
from integrations.fhir.bindings import CODES, NOT_R4, TARGETS, concept_is_bound
from integrations.fhir.invariants import broken
from integrations.fhir.lossless import DEEPEST
from integrations.fhir.peculiar import peculiarities

LONGEST_ID: Final = 64
_ADDRESS: Final = re.compile(r"\b(?:Uri|Url|Canonical|Oid)\(\)")
_ACTS: Final = re.compile(r"\s*(?:javascript|vbscript|data:text/html)", re.IGNORECASE)
_MIME: Final = re.compile(r"[\w.+-]+/[\w.+-]+(?:\s*;\s*[\w.-]+=(?:[^\s;\"]+|\"[^\"]*\"))*")


@dataclass(frozen=True)
class Problem:
    """`rule` is an invariant's key or a word of ours; `place` a path of names and nothing of the content."""

    rule: str
    place: str


def problems(resource: Mapping[str, Any]) -> list[Problem]:
    """All of them, unless the shape is wrong already; empty for a good resource."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or (model := _model(kind)) is None:
        return [Problem("kind", "resourceType")]
    if _deeper_than(resource, DEEPEST):
        return [Problem("depth", kind)]
    odd = [Problem(one.kind.value, one.place) for one in peculiarities(resource)]
    try:
        made = model.model_validate(resource)
    except ValidationError as wrong:
        return [*odd, *(Problem("shape", _place(kind, one["loc"])) for one in wrong.errors(include_input=False))]
    return [*odd, *_Walk(resource).element(made, resource, place=kind)]


@lru_cache
def _model(kind: str) -> type[BaseModel] | None:
    try:
        found = get_fhir_model_class(kind)
    except (LookupError, ImportError, ValueError):
        return None
    # What a resource has and a data type has not.
    is_resource = "implicitRules" in found.model_fields and kind not in NOT_R4
    return found if is_resource else None


def _place(kind: str, steps: tuple[str | int, ...]) -> str:
    return kind + "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in steps)


def _deeper_than(value: object, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [child for one in level for child in _children(one)]
        if not level:
            return False
    return True


def _children(value: object) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


@dataclass(frozen=True)
class _Field:
    """An element as the models describe it."""

    attribute: str
    codes: frozenset[str]
    targets: frozenset[str]
    address: bool
    identifier: bool


@lru_cache
def _fields(model: type[BaseModel]) -> Mapping[str, _Field]:
    """By their names in JSON."""
    found = {}
    for attribute, info in model.model_fields.items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        name = info.alias or attribute
        listed: Any = extra.get("enum_values") or ()
        codes = CODES.get((model.__name__, name), frozenset(listed) if "+" not in listed else frozenset())
        targets: Any = TARGETS.get((model.__name__, name)) or extra.get("enum_reference_types") or ()
        address = bool(_ADDRESS.search(str(info.annotation)))
        identifier = name == "id" and "implicitRules" in model.model_fields
        found[name] = _Field(attribute, codes, frozenset(targets), address, identifier)
    return found


class _Walk:
    """Model and JSON side by side: the one knows the types, the other what was really written."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._contained = references.contained_ids(root)
        self._root = root

    def element(self, made: BaseModel, raw: Mapping[str, Any], *, place: str) -> Iterator[Problem]:
        kind = type(made).__name__
        if raw is self._root:
            yield from (Problem(rule, f"{place}.{where}") for rule, where in references.contained_faults(raw))
        yield from (Problem(key, place) for key in broken(kind, raw))
        fields = _fields(type(made))
        for name, value in raw.items():
            if name in fields:
                yield from self._member(kind, (name, fields[name]), made=made, value=value, place=f"{place}.{name}")

    def _member(
        self, kind: str, named: tuple[str, _Field], *, made: BaseModel, value: object, place: str
    ) -> Iterator[Problem]:
        name, field = named
        read = getattr(made, field.attribute, None)
        if not concept_is_bound(value, kind=kind, name=name):
            yield Problem("code", place)
        pairs = [(read, value, place)]
        if isinstance(value, list) and isinstance(read, list):
            numbered = enumerate(zip(read, value, strict=False))
            pairs = [(one, own, f"{place}[{index}]") for index, (one, own) in numbered]
        for one, own, where in pairs:
            yield from _primitive(kind, named, read=one, value=own, place=where)
            if isinstance(one, BaseModel) and isinstance(own, Mapping):
                if type(one).__name__ == "Reference" and not references.fits(
                    own, targets=field.targets, contained=self._contained
                ):
                    yield Problem("reference", where)
                yield from self.element(one, own, place=where)


def _primitive(kind: str, named: tuple[str, _Field], *, read: object, value: object, place: str) -> Iterator[Problem]:
    name, field = named
    if isinstance(value, str):
        if field.codes and value not in field.codes:
            yield Problem("code", place)
        if read is not None and not isinstance(read, str | bytes) and not hasattr(read, "isoformat"):
            yield Problem("type", place)  # "true" and "5" in place of true and 5
        if field.identifier and len(value) > LONGEST_ID:
            yield Problem("id", place)
        if field.address and (value != value.strip() or " " in value):
            yield Problem("uri", place)
        if field.address and _ACTS.match(value):
            yield Problem("active", place)
        yield from (Problem(rule, place) for rule in _text_rules(kind, name, value=value, read=read))
    elif isinstance(value, bool) is not isinstance(read, bool):
        yield Problem("type", place)


def _text_rules(kind: str, name: str, *, value: str, read: object) -> Iterator[str]:
    if (kind, name) == ("Narrative", "div") and (rule := narrative.fault_of(value)):
        yield rule
    if (kind, name) == ("Attachment", "contentType") and not _MIME.fullmatch(value):
        yield "code"
    if isinstance(read, bytes) and not _is_base64(value):
        yield "base64"


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
