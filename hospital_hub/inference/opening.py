"""Opens what asking needs, for the life of a hub process: its own gate, or the connection to the shared one."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress

from hospital_hub.inference.admission import Gate
from hospital_hub.inference.drains import reader
from hospital_hub.inference.fleet import FleetState
from hospital_hub.inference.gate import LocalGate
from hospital_hub.inference.gate_client import GateClient
from hospital_hub.inference.gate_wire import PURPOSE
from hospital_hub.inference.ledger import Ledger
from hospital_hub.inference.models import Models
from hospital_hub.inference.tracing import tracer_of
from hospital_hub.registry import Registry
from hospital_hub.resources import Resources
from routing import Policy


@asynccontextmanager
async def open_models(resources: Resources, policy: Policy, *, shadow: Policy | None = None) -> AsyncIterator[Models]:
    async with _gate(resources, policy) as gate:
        ledger = Ledger(resources.database, resources.registry, tracer=tracer_of(resources.settings.otlp_endpoint))
        try:
            yield Models(gate, policy, ledger, resources.http, shadow, resources.vault.secret("cache-salt"))
        finally:
            await ledger.stop()


@asynccontextmanager
async def _gate(resources: Resources, policy: Policy) -> AsyncIterator[Gate]:
    address = resources.settings.gate
    if not address:
        async with local_gate(resources, policy) as gate:
            yield gate
        return
    client = GateClient(address, gate_token(resources), resources.registry)
    async with _running(client.run()):
        yield client


@asynccontextmanager
async def local_gate(resources: Resources, policy: Policy) -> AsyncIterator[LocalGate]:
    """A gate of this process's own, with its poller."""
    fleet = FleetState(resources.registry, resources.http, read_drains=reader(resources.database))
    settings = resources.settings

    def reread() -> Registry:
        return Registry.parse(settings.models_document(), model_url=settings.model_url)

    async with _running(fleet.poll_forever()):
        yield LocalGate(fleet, policy, reread)


def gate_token(resources: Resources) -> str:
    return resources.vault.secret(PURPOSE).hex()


@asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
