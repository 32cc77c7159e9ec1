"""Room in a tier right now: which replicas to try, or how long until one is free.

A stale or missing snapshot is unknown: such a replica is tried last and never counted as idle.
"""

from dataclasses import dataclass
from enum import Enum

from routing.policy import Room
from routing.values import Lane, Replica, Request, Tier, TierView


class Place(Enum):
    FREE = "free"
    FULL = "full"


@dataclass(frozen=True)
class Found:
    """`wait` in seconds until a place is expected; 0 when free."""

    place: Place
    word: str
    detail: str
    replicas: tuple[str, ...] = ()
    wait: float = 0.0


def look(view: TierView, request: Request, *, room: Room, from_below: bool) -> Found:
    """Room of one tier for one request; `from_below` when the request would be passed up into it."""
    limit = view.max_inflight * _share(view, request, room=room, from_below=from_below)
    healthy = [replica for replica in view.replicas if replica.healthy]
    known = [replica for replica in healthy if _known(replica, room)]
    unknown = [replica for replica in healthy if not _known(replica, room)]
    free = sorted(
        (replica for replica in known if _load(replica) < limit), key=lambda replica: (_load(replica), replica.name)
    )
    names = tuple(replica.name for replica in (*free, *unknown))
    if free:
        return Found(Place.FREE, "free", f"{_load(free[0])} of {limit:.0f} places taken on {free[0].name}", names)
    if unknown:
        return Found(Place.FREE, "unknown", "no fresh picture of the load; tried, not assumed idle", names)
    over = min(_load(replica) for replica in known) - limit + 1
    wait = room.answer_seconds * max(over, 1) / max(view.max_inflight, 1)
    return Found(Place.FULL, "full", f"no place for about {wait:.0f} s", (), wait)


def _share(view: TierView, request: Request, *, room: Room, from_below: bool) -> float:
    share = room.full_at
    if request.lane is Lane.BATCH:
        share = min(share, room.batch_full_at)
    if from_below and view.tier is Tier.R1_671B:
        share = min(share, room.large_cap)
    return share


def _known(replica: Replica, room: Room) -> bool:
    return (
        replica.running is not None
        and replica.waiting is not None
        and replica.age is not None
        and replica.age <= room.stale_seconds
    )


def _load(replica: Replica) -> int:
    return (replica.running or 0) + (replica.waiting or 0)
