"""Finds rows that nobody will close: of a process that no longer answers, or older than any answer may take.

Such an answer is LOST: its tokens are not known here. Run by the publisher; safe to run in several processes at once.
"""

import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert

from hospital_hub.inference.tables import HubProcess
from hospital_hub.storage.database import Database

BEAT_SECONDS: Final = 5.0
DEAD_AFTER_SECONDS: Final = 30.0
LONGEST_ANSWER_SECONDS: Final = 3600.0
_LOST: Final = text("""
WITH alive AS (SELECT id FROM hub_process WHERE seen_at > now() - make_interval(secs => :dead)),
lost AS (
    UPDATE model_call SET outcome = 'LOST'
    WHERE outcome = 'OPEN' AND (at < now() - make_interval(secs => :longest)
        OR (at < now() - make_interval(secs => :dead) AND process NOT IN (SELECT id FROM alive)))
    RETURNING id),
attempts AS (
    UPDATE model_attempt a SET outcome = 'LOST' FROM lost WHERE a.call_id = lost.id AND a.outcome = 'OPEN'),
buried AS (DELETE FROM hub_process WHERE seen_at < now() - make_interval(secs => 10 * CAST(:dead AS float8)))
SELECT count(*) FROM lost
""")


@dataclass(frozen=True)
class Patience:
    """Seconds without a sign of life, and seconds that no answer takes."""

    dead: float = DEAD_AFTER_SECONDS
    longest: float = LONGEST_ANSWER_SECONDS


async def beat(database: Database, process: uuid.UUID) -> None:
    """Say that this process lives."""
    async with database.work() as session:
        made = insert(HubProcess).values(id=process)
        await session.exec(made.on_conflict_do_update(index_elements=["id"], set_={"seen_at": func.now()}))


async def sweep(database: Database, patience: Patience = Patience()) -> int:
    """Close what is lost; how many questions that were."""
    async with database.work() as session:
        found = await session.exec(_LOST, params={"dead": patience.dead, "longest": patience.longest})  # type: ignore[call-overload]
        return int(found.scalar_one())
