"""What a hub does for its ledger beside answering: closes lost rows, and forgets what has been kept long enough.

Run by the publisher's process. A database that is away is tried again; nothing here is urgent.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import delete, update
from sqlmodel import col

from hospital_hub.errors import Unavailable
from hospital_hub.identity.keys import MonthUse, month_of
from hospital_hub.inference import stored_answers
from hospital_hub.inference.sweep import sweep
from hospital_hub.inference.tables import ModelCall, Outcome
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.database import Database

SWEEP_SECONDS: Final = 10.0
PURGE_EVERY: Final = timedelta(days=1)
log = structlog.get_logger()


@dataclass(frozen=True)
class Retention:
    """Prompts are not kept at all; `decisions` is how long the reasons of a decision stay in its row."""

    answers: timedelta
    decisions: timedelta
    ledger: timedelta

    @classmethod
    def of(cls, settings: Settings) -> "Retention":
        return cls(
            answers=timedelta(hours=settings.keep_answers_hours),
            decisions=timedelta(days=settings.keep_decisions_days),
            ledger=timedelta(days=settings.keep_ledger_days),
        )


async def upkeep(database: Database, retention: Retention, *, stop: asyncio.Event) -> None:
    """Until `stop`: a sweep every ten seconds, a purge at the start and then every day."""
    due = utc_now()
    while not stop.is_set():
        try:
            if lost := await sweep(database):
                log.warning("answers_lost", messages=lost)
            if utc_now() >= due:
                log.info("purged", messages=await purge(database, retention, now=utc_now()))
                due = utc_now() + PURGE_EVERY
        except Unavailable as down:
            log.warning("upkeep_waits", error=type(down).__name__)
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                await stop.wait()
        except TimeoutError:
            pass


async def purge(database: Database, retention: Retention, *, now: datetime) -> int:
    """Forget what is older than it may be; how many rows were touched. Rows of answers under way stay."""
    over = col(ModelCall.outcome) != Outcome.OPEN
    async with database.work() as session:
        answers = await stored_answers.purge(session, before=now - retention.answers)
        bare = await session.exec(
            update(ModelCall)
            .where(over, col(ModelCall.at) < now - retention.decisions, col(ModelCall.decision) != {})
            .values(decision={})
        )
        calls = await session.exec(delete(ModelCall).where(over, col(ModelCall.at) < now - retention.ledger))
        months = await session.exec(delete(MonthUse).where(col(MonthUse.month) < month_of(now - retention.ledger)))
    return answers + sum(int(found.rowcount) for found in (bare, calls, months))
