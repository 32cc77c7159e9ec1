"""SMART scopes v2 as values: what was asked, what a client may have, what a request needs. Pure.

Source: SMART App Launch 2.2, "Scopes for requesting FHIR resources". Query filters in scopes are not granted.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

LETTERS = "cruds"
_RESOURCE = re.compile(r"^(patient|user|system)/([A-Z][A-Za-z]*|\*)\.(c?r?u?d?s?)$")


@dataclass(frozen=True)
class ResourceScope:
    context: str
    type: str
    letters: frozenset[str]

    def __str__(self) -> str:
        return f"{self.context}/{self.type}.{''.join(letter for letter in LETTERS if letter in self.letters)}"


def parsed(text: str) -> ResourceScope | None:
    match = _RESOURCE.match(text)
    return ResourceScope(match[1], match[2], frozenset(match[3])) if match and match[3] else None


def granted(asked: str, allowed: str) -> str:
    """The part of `asked` that lies within `allowed`: other scopes fall out, extra letters are cut off."""
    plain = set(allowed.split())
    within = [parsed(one) for one in allowed.split()]
    result: list[str] = []
    for one in dict.fromkeys(asked.split()):
        scope = parsed(one)
        if scope is None:
            result += [one] if one in plain else []
        else:
            result += [str(cut) for limit in within if limit and (cut := _cut(scope, limit))]
    return " ".join(dict.fromkeys(result))


def _cut(asked: ResourceScope, limit: ResourceScope) -> ResourceScope | None:
    letters = asked.letters & limit.letters
    same_type = limit.type in (asked.type, "*") or asked.type == "*"
    if asked.context != limit.context or not same_type or not letters:
        return None
    narrower = limit.type if asked.type == "*" else asked.type
    return ResourceScope(asked.context, narrower, letters)


def contexts_for(scope: str, kind: str, *, letter: str) -> frozenset[str]:
    """In which contexts (`patient`, `system`) the scope allows the interaction `letter` on the type `kind`."""
    return frozenset(
        one.context for one in _resources(scope.split()) if one.type in (kind, "*") and letter in one.letters
    )


def _resources(scopes: Iterable[str]) -> list[ResourceScope]:
    return [one for text in scopes if (one := parsed(text))]
