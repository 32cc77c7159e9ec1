"""The picture of the fleet: what each replica says of itself, polled, with what this process has under way added.

A replica that does not answer its health check is out until it does. What is not known stays None.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import aiohttp
import structlog

from hospital_hub.registry import Registry, ReplicaEntry, TierEntry
from integrations.vllm.errors import UpstreamFault
from integrations.vllm.state import ServerState, read_state
from routing import Fleet, Replica, Tier, TierView

POLL_SECONDS = 1.0
POLL_TIMEOUT = 2.0
log = structlog.get_logger()


@dataclass
class _Seen:
    """Last word of one server, which may play several tiers; `at` by the loop's clock."""

    state: ServerState | None = None
    at: float = 0.0
    healthy: bool = False
    under_way: int = 0


@dataclass
class FleetState:
    """Owned by the hub's process; `snapshot` is a plain value for routing. `polled_at` by the loop's clock."""

    registry: Registry
    http: aiohttp.ClientSession
    polled_at: float | None = None
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def snapshot(self, now: float) -> Fleet:
        """The fleet as a value; `now` by the event loop's clock, in seconds."""
        return Fleet(tuple(self._view(label, entry, now=now) for label, entry in self.registry.tiers.items()))

    @contextmanager
    def occupy(self, url: str) -> Iterator[None]:
        """Count one answer under way on the server at `url`."""
        seen = self._of(url)
        seen.under_way += 1
        try:
            yield
        finally:
            seen.under_way -= 1

    def distrust(self, url: str) -> None:
        """Take a server that just failed out until its next good health check."""
        self._of(url).healthy = False

    async def poll_forever(self) -> None:
        while True:
            await self.poll()
            await asyncio.sleep(POLL_SECONDS)

    async def poll(self) -> None:
        """Ask each server once, however many tiers it plays."""
        urls = {replica.url for entry in self.registry.tiers.values() for replica in entry.replicas}
        for url, state in zip(urls, await asyncio.gather(*(self._ask(url) for url in urls)), strict=True):
            self._note(url, state, now=asyncio.get_running_loop().time())
        self.polled_at = asyncio.get_running_loop().time()

    async def _ask(self, url: str) -> ServerState | None:
        try:
            return await read_state(self.http, url, timeout_seconds=POLL_TIMEOUT)
        except UpstreamFault:
            return None

    def _note(self, url: str, state: ServerState | None, *, now: float) -> None:
        seen = self._of(url)
        if seen.healthy != (state is not None):
            log.info("model_server_health", url=url, healthy=state is not None)
        seen.healthy = state is not None
        if state is not None:
            seen.state, seen.at = state, now

    def _of(self, url: str) -> _Seen:
        return self._seen.setdefault(url, _Seen())

    def _view(self, label: str, entry: TierEntry, *, now: float) -> TierView:
        return TierView(
            tier=Tier.of(label),
            context_tokens=entry.context_tokens,
            max_inflight=entry.max_inflight,
            replicas=tuple(self._replica(replica, now=now) for replica in entry.replicas),
            patient_zone=any(replica.patient_zone for replica in entry.replicas),
            cost=entry.cost,
        )

    def _replica(self, replica: ReplicaEntry, *, now: float) -> Replica:
        seen = self._of(replica.url)
        state = seen.state
        running = None if state is None or state.running is None else max(state.running, seen.under_way)
        return Replica(
            name=replica.name,
            healthy=seen.healthy,
            running=running,
            waiting=None if state is None else state.waiting,
            kv_use=None if state is None else state.kv_use,
            age=None if state is None else now - seen.at,
        )
