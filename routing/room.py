"""Room in a tier right now: which replicas to try, or how long until one is free.

A stale or missing snapshot is unknown: such a replica is tried last and never counted as idle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from routing.policy import Policy, Room
from routing.values import Facts, Replica, Tier, TierView


class Place(Enum):
    FREE = "free"
    FULL = "full"


@dataclass(frozen=True)
class Found:
    """`wait` in seconds until a place is expected; 0 when free. `replicas_said` is each replica's state in words."""

    place: Place
    word: str
    detail: str
    replicas: tuple[str, ...] = ()
    wait: float = 0.0
    replicas_said: Mapping[str, str] = field(default_factory=dict)


def look(view: TierView, facts: Facts, *, policy: Policy, from_below: bool) -> Found:
    """Room of one tier for one request; `from_below` when the request would be passed up into it."""
    limit = view.max_inflight * _share(view, facts, policy=policy, from_below=from_below)
    healthy = [replica for replica in view.replicas if replica.healthy]
    known = [replica for replica in healthy if _known(replica, policy.room)]
    unknown = [replica for replica in healthy if not _known(replica, policy.room)]
    free = sorted(
        (replica for replica in known if _load(replica) < limit and not _cache_full(replica, policy.room)),
        key=lambda replica: (_load(replica), replica.name),
    )
    said = {replica.name: _said(replica, policy.room) for replica in view.replicas}
    names = tuple(replica.name for replica in (*free, *unknown))
    if free:
        detail = f"{_load(free[0])} of {limit:.0f} places taken on {free[0].name}"
        return Found(Place.FREE, "free", detail, names, replicas_said=said)
    if unknown:
        detail = "no fresh picture of the load; tried, not assumed idle"
        return Found(Place.FREE, "unknown", detail, names, replicas_said=said)
    wait = _wait(known, facts, limit=limit, room=policy.room)
    return Found(Place.FULL, "full", f"no place for about {wait:.0f} s", (), wait, said)


def _share(view: TierView, facts: Facts, *, policy: Policy, from_below: bool) -> float:
    share = policy.lane[facts.lane]
    return min(share, policy.room.large_cap) if from_below and view.tier is Tier.R1_671B else share


def _wait(known: Sequence[Replica], facts: Facts, *, limit: float, room: Room) -> float:
    """Until the first replica has worked off what is over the limit, by its token rate where that is known."""
    waits = []
    for replica in known:
        over = max(_load(replica) - limit + 1, 1)
        rate = replica.tokens_per_second or 0
        each = facts.answer_tokens / rate if rate > 0 else room.answer_seconds / max(replica.running or 1, 1)
        waits.append(over * each)
    return min([room.longest_wait_seconds, *waits])


def _known(replica: Replica, room: Room) -> bool:
    return (
        replica.running is not None
        and replica.waiting is not None
        and replica.age is not None
        and replica.age <= room.stale_seconds
    )


def _cache_full(replica: Replica, room: Room) -> bool:
    return replica.kv_use is not None and replica.kv_use >= room.kv_full_at


def _load(replica: Replica) -> int:
    return (replica.running or 0) + (replica.waiting or 0)


def _said(replica: Replica, room: Room) -> str:
    if not replica.healthy:
        return "not healthy"
    if not _known(replica, room):
        return "unknown" if replica.age is None else f"unknown, picture {replica.age:.0f} s old"
    cache = "" if replica.kv_use is None else f", cache {100 * replica.kv_use:.0f} %"
    return f"{replica.running} running, {replica.waiting} waiting{cache}, picture {replica.age or 0:.1f} s old"
