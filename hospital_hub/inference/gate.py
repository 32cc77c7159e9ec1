"""The gate: one object that gives out all places on all servers, lane by lane, with bounded queues.

Kiosk before clinician before staff before batch, and each lane only up to its share of a server's places. Who cannot
be served within its time is told so at once. All state is this object's; exactly one exists for a hub.
"""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from hospital_hub.inference.admission import QUEUES, Full, Grant, Want
from hospital_hub.inference.choice import Choice, choose
from hospital_hub.inference.fleet import FleetState, rows
from hospital_hub.inference.retry_budget import RetryBudget
from hospital_hub.inference.servers import Verdict
from hospital_hub.registry import Registry
from routing import Lane, Policy, Tier

LONGEST_RETRY_AFTER = 600


@dataclass(eq=False)
class _Waiting:
    want: Want
    since: float
    place: asyncio.Future[Grant | Full]


@dataclass
class LocalGate:
    """In the process that asks, or in the broker. Not for more than one event loop. `reread` reads models.toml."""

    fleet: FleetState
    policy: Policy
    reread: Callable[[], Registry] | None = None
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _queues: dict[Lane, list[_Waiting]] = field(default_factory=lambda: {lane: [] for lane in Lane})
    _budgets: dict[Tier, RetryBudget] = field(default_factory=lambda: {tier: RetryBudget() for tier in Tier})

    def __post_init__(self) -> None:
        self.fleet.changed = self.serve_waiting

    async def enter(self, want: Want) -> Grant | Full:
        found = self.take(want)
        return await self.wait(want) if found is None else found

    def take(self, want: Want) -> Grant | Full | None:
        """A place or a refusal at once; None where waiting is allowed and worth it."""
        now = _now()
        further = self._failover(want, now=now) if want.failed else None
        return further or self._grant(want, since=now) or self._full(want, now=now)

    async def wait(self, want: Want) -> Grant | Full:
        """In the lane's queue until there is a place or the time is over."""
        waiting = _Waiting(want, _now(), asyncio.get_running_loop().create_future())
        self._queues[want.lane].append(waiting)
        if want.lane is not Lane.BATCH:
            self._shed_batch(want.tiers)
        try:
            async with asyncio.timeout(want.wait):
                return await waiting.place
        except TimeoutError:
            return self._too_late(waiting)
        except asyncio.CancelledError:
            self._give_up(waiting)
            raise

    def leave(self, grant: Grant, verdict: Verdict, *, rest: float | None = None) -> None:
        server, now = self.fleet.server(grant.url), _now()
        server.leave(verdict, probe=grant.probe, seconds=now - grant.at, now=now)
        if verdict is Verdict.BUSY:
            server.rest(rest, now=now)
        self.serve_waiting()

    def spoke(self, grant: Grant) -> None:
        if grant.probe:
            self.fleet.server(grant.url).breaker.close()

    def claim(self, grant: Grant) -> None:
        """Count a place that was given out before this gate began."""
        self.fleet.server(grant.url).under_way += 1

    def worth_waiting(self, lane: Lane) -> bool:
        if lane is Lane.BATCH and any(self._queues[other] for other in Lane if other is not Lane.BATCH):
            return False
        return len(self._queues[lane]) < QUEUES[lane].places

    def rows(self) -> Sequence[Mapping[str, object]]:
        return rows(self.fleet, now=_now())

    async def reload(self) -> None:
        if self.reread is not None:
            self.fleet.adopt(self.reread())
            self.serve_waiting()

    def waiting(self) -> Mapping[Lane, int]:
        return {lane: len(queue) for lane, queue in self._queues.items()}

    def serve_waiting(self) -> None:
        """Give free places to those who wait, the most urgent lane first, in the order in which they came."""
        for queue in self._queues.values():
            if queue:
                # Whose time has just run out still stands in the queue until its task has heard of it.
                for waiting in [one for one in queue if not one.place.done()]:
                    grant = self._grant(waiting.want, since=waiting.since)
                    if grant is not None:
                        queue.remove(waiting)
                        waiting.place.set_result(grant)

    def _grant(self, want: Want, *, since: float, clean: bool = False) -> Grant | None:
        """`clean`: only on a server that has not failed lately."""
        now, room = _now(), self.policy.room
        for position, tier in enumerate(want.tiers):
            entry = self.fleet.registry.tiers[tier.label]
            limit = entry.max_inflight * self._share(want.lane, tier, from_below=position > 0)
            places = self.fleet.places(entry, patient=want.patient, now=now)
            choice = Choice(limit, room.kv_full_at, room.stale_seconds, now=now, clean=clean)
            found = choose(places, want, choice=choice)
            if found is not None:
                replica, server = found
                if not want.failed:
                    self._budgets[tier].asked(now)
                probe, number = server.take(), next(self._numbers)
                return Grant(
                    number,
                    want.lane,
                    tier.label,
                    replica.name,
                    server.url,
                    probe=probe,
                    at=now,
                    waited=now - since,
                    pulse=server.pulse,
                )
        return None

    def _full(self, want: Want, *, now: float) -> Full | None:
        """Why there is no place; None where its turn may come in time."""
        wait = self._expected_wait(want, now=now)
        if wait is None:
            return Full("down", 5)
        if want.wait > 0 and wait <= want.wait and self.worth_waiting(want.lane):
            return None
        return Full("busy", min(max(1, math.ceil(wait)), LONGEST_RETRY_AFTER))

    def _expected_wait(self, want: Want, *, now: float) -> float | None:
        """Seconds until its turn, by what answers have taken; None without any server that could take it."""
        slots, seconds = 0.0, 0.0
        for position, tier in enumerate(want.tiers):
            entry = self.fleet.registry.tiers[tier.label]
            share = self._share(want.lane, tier, from_below=position > 0)
            for _, server in self.fleet.places(entry, patient=want.patient, now=now):
                if server.url not in want.tried:
                    slots += max(1.0, entry.max_inflight * share)
                    seconds = max(seconds, server.seconds or self.policy.room.answer_seconds)
        if not slots:
            return None
        lanes = tuple(Lane)
        ahead = sum(len(self._queues[lane]) for lane in lanes[: lanes.index(want.lane) + 1])
        return seconds * (ahead + 1) / slots

    def _share(self, lane: Lane, tier: Tier, *, from_below: bool) -> float:
        share = self.policy.lane[lane]
        return min(share, self.policy.room.large_cap) if from_below and tier is Tier.R1_671B else share

    def _failover(self, want: Want, *, now: float) -> Grant | Full | None:
        """A place for a further attempt; None where it may be had like any other. It counts in its tier's budget.

        Whatever the budget says, the first failover may go to a server that has not failed lately, or come from one
        that is ejected: when everything fails, neither exists for long.
        """
        budget, first = self._budgets[want.tiers[0]], len(want.tried) == 1
        clean = self._grant(want, since=now, clean=True) if first else None
        if clean is not None or (first and self.fleet.server(want.failed).ejected):
            budget.spend(now)
            return clean
        return None if budget.take(now) else Full("no_retry", 1)

    def _shed_batch(self, tiers: tuple[Tier, ...]) -> None:
        queue = self._queues[Lane.BATCH]
        for waiting in [one for one in queue if set(one.want.tiers) & set(tiers)]:
            self._give_up(waiting, told=self._busy(waiting.want))

    def _too_late(self, waiting: _Waiting) -> Grant | Full:
        if waiting.place.done() and not waiting.place.cancelled():
            return waiting.place.result()
        self._queues[waiting.want.lane].remove(waiting)
        return self._busy(waiting.want)

    def _busy(self, want: Want) -> Full:
        wait = self._expected_wait(want, now=_now())
        return Full("down", 5) if wait is None else Full("busy", max(1, math.ceil(wait)))

    def _give_up(self, waiting: _Waiting, *, told: Full | None = None) -> None:
        """Out of the queue; a place that came in the same moment goes to the next."""
        queue = self._queues[waiting.want.lane]
        if waiting in queue:
            queue.remove(waiting)
            if told is not None and not waiting.place.done():
                waiting.place.set_result(told)
        elif waiting.place.done() and not waiting.place.cancelled():
            grant = waiting.place.result()
            if isinstance(grant, Grant):
                self.leave(grant, Verdict.NEITHER)


def _now() -> float:
    return asyncio.get_running_loop().time()
