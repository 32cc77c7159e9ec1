"""Whether this process can serve: the database, its schema, and a fresh picture of the fleet.

Models may all be down: the rules of the hospital work without them, so they do not make the hub unready.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import text

from hospital_hub.errors import Unavailable, WrongSetup
from hospital_hub.inference.picture import Picture
from hospital_hub.resources import Resources
from hospital_hub.storage.schema import check

STALE_SECONDS = 15.0


class State(StrEnum):
    OK = "ok"
    DOWN = "down"  # does not answer
    WRONG = "wrong"  # answers, but not what this version needs
    STALE = "stale"  # nobody has looked for too long


@dataclass(frozen=True)
class Readiness:
    parts: Mapping[str, State]

    @property
    def ready(self) -> bool:
        return all(state is State.OK for state in self.parts.values())


async def readiness(resources: Resources, fleet: Picture, *, now: float) -> Readiness:
    """`now` by the event loop's clock."""
    database = await _database(resources)
    schema = await _schema(resources) if database is State.OK else State.DOWN
    return Readiness({"database": database, "schema": schema, "fleet": fleet_freshness(fleet, now=now)})


def fleet_freshness(fleet: Picture, *, now: float) -> State:
    fresh = fleet.polled_at is not None and now - fleet.polled_at < STALE_SECONDS
    return State.OK if fresh else State.STALE


async def _database(resources: Resources) -> State:
    try:
        async with resources.database.work() as session:
            await session.connection(execution_options={"postgresql_readonly": True})
            await session.exec(text("SELECT 1"))  # type: ignore[call-overload]
    except Unavailable:
        return State.DOWN
    return State.OK


async def _schema(resources: Resources) -> State:
    try:
        await check(resources.database)
    except WrongSetup:
        return State.WRONG
    return State.OK
