"""Refresh tokens: each good for one use; one that comes twice was stolen and ends its line (RFC 9700, 4.14.2)."""

import secrets
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from hospital_hub.embedded.emr.once import Once

# As long as a doctor's own log-in to the EMR: online_access ends with it.
RENEWAL_SECONDS = 8 * 3600
T = TypeVar("T")


@dataclass
class Renewals(Generic[T]):
    """`line` names the launch that a refresh token goes back to."""

    _kept: Once[tuple[str, T]] = field(default_factory=lambda: Once(RENEWAL_SECONDS))
    _spent: dict[str, str] = field(default_factory=dict)
    _over: set[str] = field(default_factory=set)

    def put(self, value: T, *, now: int, line: str = "") -> str:
        return self._kept.put((line or secrets.token_urlsafe(16), value), now=now)

    def take(self, token: str, *, now: int) -> tuple[str, T] | None:
        found = self._kept.take(token, now=now)
        if found is None:
            self._over.update({self._spent[token]} if token in self._spent else ())
            return None
        self._spent[token] = found[0]
        return None if found[0] in self._over else found
