"""Things that work once and soon end: launch ids, codes, and the ids of client assertions. Kept in memory."""

import secrets
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Once(Generic[T]):
    """Opaque keys to values that can be taken a single time within `seconds`."""

    seconds: int
    _kept: dict[str, tuple[int, T]] = field(default_factory=dict)

    def put(self, value: T, *, now: int) -> str:
        self._forget(now)
        key = secrets.token_urlsafe(32)
        self._kept[key] = (now + self.seconds, value)
        return key

    def look(self, key: str, *, now: int) -> T | None:
        self._forget(now)
        found = self._kept.get(key)
        return found[1] if found else None

    def replace(self, key: str, value: T) -> None:
        """Another value until the same end."""
        if key in self._kept:
            self._kept[key] = (self._kept[key][0], value)

    def take(self, key: str, *, now: int) -> T | None:
        value = self.look(key, now=now)
        self._kept.pop(key, None)
        return value

    def _forget(self, now: int) -> None:
        self._kept = {key: kept for key, kept in self._kept.items() if kept[0] > now}


@dataclass
class Seen:
    """Names that must not come twice before their own end."""

    _until: dict[str, int] = field(default_factory=dict)

    def first_time(self, name: str, *, until: int, now: int) -> bool:
        self._until = {kept: end for kept, end in self._until.items() if end > now}
        new = name not in self._until
        self._until[name] = until
        return new
