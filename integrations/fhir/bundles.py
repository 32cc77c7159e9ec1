"""What stands in a page of search results: matches, what came along, and what the server says of the search itself."""

from dataclasses import dataclass
from typing import Any, Final

from integrations.fhir.errors import Fault, FhirFault
from integrations.fhir.paths import items, word

OUTCOME: Final = "OperationOutcome"
Resource = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """`included` came along by _include or _revinclude, each once."""

    matches: list[Resource]
    included: list[Resource]


def entries_of(page: Resource) -> list[Resource]:
    if not isinstance(page.get("entry", []), list):
        raise FhirFault(Fault.MALFORMED, "entries")
    return [one for one in items(page, "entry") if isinstance(one.get("resource"), dict)]


def is_match(entry: Resource, kind: str) -> bool:
    return entry["resource"].get("resourceType") == kind and _mode(entry) in {"", "match"}


def comes_along(entry: Resource, kind: str) -> bool:
    return not is_match(entry, kind) and _mode(entry) != "outcome" and entry["resource"].get("resourceType") != OUTCOME


def _mode(entry: Resource) -> str:
    return word(entry, "search", "mode")
