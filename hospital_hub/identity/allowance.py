"""Limits a minute that all processes share: one bucket a key and kind in PostgreSQL, from which a process draws ahead.

A bucket holds one minute's worth and fills evenly by the database's clock. A process draws about a second's worth at
once and uses it within two, so that several processes never multiply a limit and the database is asked seldom. What a
process drew and did not use is forgotten: the limit is met from below.
"""

import asyncio
import math
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sqlalchemy import text
from sqlmodel import Field, SQLModel

from hospital_hub.errors import BadInput, Busy
from hospital_hub.storage.database import Database

SECONDS_A_MINUTE: Final = 60
DRAWN_FOR_SECONDS: Final = 2.0
MOST_KEYS: Final = 2048


class Kind(StrEnum):
    REQUESTS = "requests"
    TOKENS = "tokens"


class Bucket(SQLModel, table=True):
    """`level` as it was `at`; what has come in since is reckoned when it is drawn from."""

    __tablename__ = "key_bucket"

    key_id: uuid.UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True, max_length=20)
    level: float
    at: float = Field(description="seconds since 1970 by the database's clock")


_MAKE: Final = text("""
INSERT INTO key_bucket (key_id, kind, level, at) VALUES (:key, :kind, :limit, extract(epoch FROM clock_timestamp()))
ON CONFLICT DO NOTHING
""")
_DRAW: Final = text("""
WITH b AS (
    SELECT least(:limit, level + :credit + :limit / 60.0 * greatest(0, extract(epoch FROM clock_timestamp()) - at)) AS l
    FROM key_bucket WHERE key_id = :key AND kind = :kind FOR UPDATE)
UPDATE key_bucket SET at = extract(epoch FROM clock_timestamp()),
    level = b.l - CASE WHEN b.l >= :need THEN least(b.l, greatest(:need, :ahead)) ELSE 0 END
FROM b WHERE key_id = :key AND kind = :kind
RETURNING b.l, CASE WHEN b.l >= :need THEN least(b.l, greatest(:need, :ahead)) ELSE 0 END
""")


@dataclass
class _Drawn:
    """What this process holds of one bucket; `credit` goes back with the next draw."""

    left: float = 0.0
    until: float = 0.0
    credit: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class Allowances:
    """One a process."""

    database: Database
    _drawn: dict[tuple[uuid.UUID, Kind], _Drawn] = field(default_factory=dict)

    async def take(self, key: uuid.UUID, kind: Kind, *, need: float, limit: int) -> None:
        """Use `need` of the key's minute.

        Raises:
            Busy: with the seconds after which there is enough. BadInput: more than a whole minute's worth.
            Unavailable: the database does not answer.
        """
        if need > limit:
            raise BadInput(
                "The request needs more tokens than its key may use in a minute.",
                "Shorten it, ask for a shorter answer, or ask your administrator for more.",
                code="above_token_limit",
            )
        drawn = self._of(key, kind)
        clock = asyncio.get_running_loop().time
        if drawn.left >= need and drawn.until > clock():
            drawn.left -= need
            return
        async with drawn.lock:
            if drawn.left < need or drawn.until <= clock():
                drawn.until = clock() + DRAWN_FOR_SECONDS
                drawn.left = await self._draw((key, kind), drawn, need=need, limit=limit)
            drawn.left -= need

    def give_back(self, key: uuid.UUID, kind: Kind, *, unused: float) -> None:
        """What was taken on an estimate and not needed; less than nothing if it was more."""
        self._of(key, kind).credit += unused

    def _of(self, key: uuid.UUID, kind: Kind) -> _Drawn:
        drawn = self._drawn.get((key, kind))
        if drawn is None:
            if len(self._drawn) >= MOST_KEYS:
                self._drawn.pop(next(iter(self._drawn)))
            drawn = self._drawn[key, kind] = _Drawn()
        return drawn

    async def _draw(self, bucket: tuple[uuid.UUID, Kind], drawn: _Drawn, *, need: float, limit: int) -> float:
        credit, drawn.credit = drawn.credit, 0.0
        named = {"key": bucket[0], "kind": bucket[1].value, "limit": float(limit)}
        ahead = max(1.0, limit // SECONDS_A_MINUTE)
        async with self.database.work() as session:
            await session.exec(_MAKE, params=named)  # type: ignore[call-overload]
            drawing = {**named, "need": float(need), "ahead": ahead, "credit": credit}
            level, granted = (await session.exec(_DRAW, params=drawing)).one()  # type: ignore[call-overload]
        if granted >= need:
            return float(granted)
        drawn.left = 0.0
        raise Busy(
            "This key's requests or tokens of the minute are used up.",
            "Wait for as long as Retry-After says.",
            retry_after=max(1, math.ceil((need - level) * SECONDS_A_MINUTE / limit)),
            code="rate_limit_exceeded",
        )
