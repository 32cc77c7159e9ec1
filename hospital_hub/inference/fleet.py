"""The picture of the fleet: what each server says of itself, polled, with what the hub has under way there.

Exactly one process of a hub polls and keeps it: the gate's. What is not known stays None.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field

import aiohttp
import structlog

from hospital_hub.errors import WrongSetup
from hospital_hub.inference.picture import Look, seen
from hospital_hub.inference.servers import ModelServer
from hospital_hub.registry import DEMONSTRATION_REPLICA, Registry, ReplicaEntry, TierEntry
from integrations.vllm.errors import UpstreamFault
from integrations.vllm.state import ServerState, read_state
from routing import Fleet, Replica

POLL_SECONDS = 1.0
POLL_TIMEOUT = 2.0
log = structlog.get_logger()
ReadDrains = Callable[[], Awaitable[frozenset[str] | None]]


async def _no_drains() -> frozenset[str] | None:
    return None


@dataclass
class FleetState:
    """`drained` are names of replicas that get no new work; None from `read_drains` means unknown: as before."""

    registry: Registry
    http: aiohttp.ClientSession
    polled_at: float | None = None
    drained: frozenset[str] = frozenset()
    read_drains: ReadDrains = _no_drains
    changed: Callable[[], None] = lambda: None
    _servers: dict[str, ModelServer] = field(default_factory=dict)

    def snapshot(self, now: float, *, patient: bool = False, idle: bool = False) -> Fleet:
        """See Picture."""
        look = Look(patient=patient, idle=idle)
        return seen(self.registry, lambda label, replica: self.replica(label, replica, now=now), look=look)

    def places(self, entry: TierEntry, *, patient: bool, now: float) -> Iterator[tuple[ReplicaEntry, ModelServer]]:
        """Replicas of a tier that may get work, whether they have room or not."""
        for replica in entry.replicas:
            server = self.server(replica.url)
            if (replica.patient_zone or not patient) and self.takes_work(entry, replica, now=now):
                yield replica, server

    def takes_work(self, entry: TierEntry, replica: ReplicaEntry, *, now: float) -> bool:
        name = "" if replica.name == DEMONSTRATION_REPLICA else entry.served_name
        return replica.name not in self.drained and self.server(replica.url).serves(name, now)

    def server(self, url: str) -> ModelServer:
        found = self._servers.get(url)
        if found is None:
            found = self._servers[url] = ModelServer(url)
        return found

    def adopt(self, registry: Registry) -> None:
        """Go on with another registry: replicas, clocks, limits and sampling may differ.

        Raises:
            WrongSetup: a model's weights or a tier would change under answers that are under way.
        """
        if registry.tiers.keys() != self.registry.tiers.keys():
            raise WrongSetup("models.toml has other tiers than this hub was started with: restart the hub")
        for label, entry in registry.tiers.items():
            if entry.model != self.registry.tiers[label].model:
                raise WrongSetup(f"models.toml gives {label} other weights, which answers must name: restart the hub")
        self.registry = registry
        log.info("models_file_reread", version=registry.version)

    async def poll_forever(self) -> None:
        while True:
            await self.poll()
            await asyncio.sleep(POLL_SECONDS)

    async def poll(self) -> None:
        """Ask each server once, however many tiers it plays."""
        urls = list({replica.url for entry in self.registry.tiers.values() for replica in entry.replicas})
        *_, drained = await asyncio.gather(*(self._ask(self.server(url)) for url in urls), self.read_drains())
        self.drained = self.drained if drained is None else drained
        self.polled_at = asyncio.get_running_loop().time()
        self.changed()

    async def _ask(self, server: ModelServer) -> None:
        before, was = server.under_way, (server.healthy, server.stuck)
        state: ServerState | None = None
        try:
            state = await read_state(self.http, server.url, timeout_seconds=POLL_TIMEOUT)
        except UpstreamFault as fault:
            log.debug("model_server_poll", url=server.url, fault=fault.fault.value)
        server.note(state, before=before, now=asyncio.get_running_loop().time())
        if was != (server.healthy, server.stuck):
            log.info("model_server_health", url=server.url, healthy=server.healthy, stuck=server.stuck)

    def replica(self, label: str, replica: ReplicaEntry, *, now: float) -> Replica:
        entry, server = self.registry.tiers[label], self.server(replica.url)
        healthy, state = self.takes_work(entry, replica, now=now), server.state
        if state is None:
            return Replica(replica.name, healthy=healthy)
        told = state.running is not None and state.waiting is not None
        load = max(server.load, entry.max_inflight) if server.takes_no_more(now) else server.load
        waiting = min(state.waiting or 0, load)
        return Replica(
            name=replica.name,
            healthy=healthy,
            running=load - waiting if told else None,
            waiting=waiting if told else None,
            kv_use=state.kv_use,
            tokens_per_second=server.tokens_per_second,
            age=now - server.at,
        )


def rows(fleet: FleetState, *, now: float) -> list[Mapping[str, object]]:
    """One row a replica for operators: its state in words and figures."""
    return [
        {
            "tier": label,
            "replica": replica.name,
            "state": _word(fleet, entry, replica=replica, now=now),
            "under_way": fleet.server(replica.url).under_way,
            "foreign": fleet.server(replica.url).foreign,
            "places": entry.max_inflight,
        }
        for label, entry in fleet.registry.tiers.items()
        for replica in entry.replicas
    ]


def _word(fleet: FleetState, entry: TierEntry, *, replica: ReplicaEntry, now: float) -> str:
    server = fleet.server(replica.url)
    words = (
        (replica.name in fleet.drained, "drained"),
        (server.state is None, "unknown"),
        (not server.healthy, "down"),
        (server.stuck, "stuck"),
        (server.breaker.is_open(now), "ejected"),
        (server.breaker.tripped, "on probation"),
        (not fleet.takes_work(entry, replica, now=now), "serves another model"),
        (server.takes_no_more(now), "asked for rest"),
    )
    return next((word for holds, word in words if holds), "in use")
