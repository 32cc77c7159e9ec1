"""References: their form, the kind they may point to, and contained resources (R4, 2.3.0, 2.27.0)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from integrations.fhir.paths import items, word

_RELATIVE: Final = re.compile(r"([A-Z][A-Za-z]{2,40})/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_ABSOLUTE: Final = re.compile(r"https?://[^\s/]+/(?:[^\s#]*/)?" + _RELATIVE.pattern)
_URN: Final = re.compile(
    r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+"
)
_OTHER: Final = re.compile(r"https?://[^\s]+")


def fits(reference: Mapping[str, Any], *, targets: frozenset[str], contained: frozenset[str]) -> bool:
    """Whether a Reference says something, in a form that R4 has, and of a kind that may stand here."""
    text = reference.get("reference")
    if text is None:
        named = word(reference, "type")
        says = bool(reference.keys() & {"identifier", "display", "extension", "_reference"})
        return says and (not named or _may(named, targets))
    if not isinstance(text, str):
        return False
    if text.startswith("#"):
        return text == "#" or text[1:] in contained
    typed = _RELATIVE.fullmatch(text) or _ABSOLUTE.fullmatch(text)
    if typed is None:
        return bool(_URN.fullmatch(text) or _OTHER.fullmatch(text))
    return _may(typed[1], targets) and reference.get("type", typed[1]) == typed[1]


def _may(kind: str, targets: frozenset[str]) -> bool:
    return not targets or kind in targets or "Resource" in targets


def contained_ids(resource: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(word(one, "id") for one in items(resource, "contained"))


def contained_faults(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Rule and place; dom-2 to dom-5."""
    used = frozenset(_local(resource))
    for index, one in enumerate(items(resource, "contained")):
        place = f"contained[{index}]"
        if "contained" in one:
            yield "dom-2", place
        if f"#{word(one, 'id')}" not in used and "#" not in _local(one):
            yield "dom-3", place
        if word(one, "meta", "versionId") or word(one, "meta", "lastUpdated"):
            yield "dom-4", place
        if items(one, "meta", "security"):
            yield "dom-5", place


def _local(value: object) -> Iterator[str]:
    """References to a place inside the resource."""
    if isinstance(value, Mapping):
        own = value.get("reference")
        if isinstance(own, str) and own.startswith("#"):
            yield own
        for one in value.values():
            yield from _local(one)
    elif isinstance(value, list):
        for one in value:
            yield from _local(one)
