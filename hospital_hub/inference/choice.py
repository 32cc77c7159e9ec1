"""Which server of a tier gets a question: the least expected wait, and for the same patient the same server.

A server that holds the beginning of a patient's context in its cache answers sooner; that is worth a small wait.
Rendezvous hashing keeps a patient's server the same when others come and go. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from hospital_hub.inference.admission import Want
from hospital_hub.inference.servers import ModelServer
from hospital_hub.registry import ReplicaEntry

MARGIN: Final = 0.2  # of an answer's time that the same server may cost more than the best one
Place = tuple[ReplicaEntry, ModelServer]


@dataclass(frozen=True)
class Choice:
    """`limit` is how many answers may be under way on one server for this lane; `now` by the loop's clock.

    `clean`: a server that failed lately is not taken at all, where else it is the last choice.
    """

    limit: float
    kv_full_at: float
    stale_seconds: float
    now: float
    clean: bool = False


def choose(places: Iterable[Place], want: Want, *, choice: Choice) -> Place | None:
    free = [place for place in places if place[1].url not in want.tried and has_room(place[1], choice)]
    sound = [place for place in free if place[1].doubted_until <= choice.now]
    free = sound if choice.clean else sound or free
    if len(free) < 2:  # noqa: PLR2004 - nothing to choose between
        return free[0] if free else None
    waits = {place[0].name: _expected(place[1], choice) for place in free}
    best = min(free, key=lambda place: (waits[place[0].name], place[0].name))
    if want.affinity is None:
        return best
    own = max(free, key=lambda place: _weight(want.affinity or b"", place[0].name))
    longest = _seconds(own[1]) * MARGIN
    return own if waits[own[0].name] <= waits[best[0].name] + longest else best


def has_room(server: ModelServer, choice: Choice) -> bool:
    if server.takes_no_more(choice.now):
        return False
    known = server.state is not None and choice.now - server.at <= choice.stale_seconds
    if known and server.state is not None and (server.state.kv_use or 0.0) >= choice.kv_full_at:
        return False
    return (server.load if known else server.under_way) < choice.limit


def _expected(server: ModelServer, choice: Choice) -> float:
    """Seconds by which the work there will hold up one more answer; the unknown comes last."""
    stale = server.state is None or choice.now - server.at > choice.stale_seconds
    return float("inf") if stale else _seconds(server) * server.load / max(choice.limit, 1.0)


def _seconds(server: ModelServer) -> float:
    return server.seconds or 1.0


def _weight(subject: bytes, name: str) -> bytes:
    return blake2b(subject + name.encode(), digest_size=8).digest()
