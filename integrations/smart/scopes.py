"""SMART scopes as values: what an EMR granted beside what was asked. Pure.

Source: SMART App Launch 2.2, "Scopes and Launch Context"; version 1's `read`, `write` and `*` stand for letters.
"""

import re
from dataclasses import dataclass

LETTERS_OF_V1 = {"read": "rs", "write": "cud", "*": "cruds"}
_RESOURCE = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]*|\*)\.(c?r?u?d?s?|read|write|\*)(\?\S+)?")


@dataclass(frozen=True)
class ResourceScope:
    """`query` narrows the scope (`?category=laboratory`); an empty one does not."""

    context: str
    kind: str
    letters: frozenset[str]
    query: str = ""

    def covers(self, other: "ResourceScope", letter: str) -> bool:
        return (
            self.context == other.context
            and self.kind in (other.kind, "*")
            and letter in self.letters
            and self.query in ("", other.query)
        )


def parsed(word: str) -> ResourceScope | None:
    """None for what is no resource scope: `openid`, `launch/patient`, an empty set of letters."""
    match = _RESOURCE.fullmatch(word)
    if match is None or not match[3]:
        return None
    return ResourceScope(match[1], match[2], frozenset(LETTERS_OF_V1.get(match[3], match[3])), match[4] or "")


def widened(*, asked: str, granted: str) -> tuple[str, ...]:
    """The granted resource scopes that reach further than what was asked."""
    limits = _resources(asked)
    return tuple(
        word
        for word in granted.split()
        if (scope := parsed(word)) is not None
        and not all(any(limit.covers(scope, letter) for limit in limits) for letter in scope.letters)
    )


def _resources(scope: str) -> list[ResourceScope]:
    return [one for word in scope.split() if (one := parsed(word)) is not None]
