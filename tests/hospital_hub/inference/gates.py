"""A gate over servers that exist on paper: no network, states written by hand."""

import asyncio
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from hospital_hub.inference.admission import Want
from hospital_hub.inference.fleet import FleetState
from hospital_hub.inference.gate import LocalGate
from hospital_hub.registry import Registry, ReplicaEntry
from integrations.vllm.state import ServerState
from routing import Lane, Tier, load_policy

MODELS = Path(__file__).parents[3] / "deploy" / "models.toml"
SMALL, MIDDLE, LARGE = Tier


def registry(replicas: Mapping[str, Sequence[str]], *, places: int) -> Registry:
    """`replicas` by tier: names; the URL of each is http://<name>/v1."""
    found = Registry.parse(tomllib.loads(MODELS.read_text(encoding="utf-8")))
    tiers = {
        label: entry.model_copy(
            update={
                "max_inflight": places,
                "replicas": tuple(
                    ReplicaEntry(name=name, url=f"http://{name}/v1") for name in replicas.get(label, (label,))
                ),
            }
        )
        for label, entry in found.tiers.items()
    }
    return found.model_copy(update={"tiers": tiers})


def on_paper(replicas: Mapping[str, Sequence[str]] | None = None, *, places: int = 4) -> LocalGate:
    fleet = FleetState(registry(replicas or {}, places=places), http=None)  # type: ignore[arg-type]
    gate = LocalGate(fleet, load_policy())
    for entry in fleet.registry.tiers.values():
        for replica in entry.replicas:
            say(gate, replica.name)
            fleet.server(replica.url).seconds = 0.01
    return gate


IDLE = ServerState(0, 0, 0.0, 0.0)


def say(gate: LocalGate, name: str, state: ServerState | None = IDLE) -> None:
    """What the server says of itself now."""
    server = gate.fleet.server(f"http://{name}/v1")
    server.note(state, before=server.under_way, now=asyncio.get_running_loop().time())


def want(lane: Lane = Lane.STAFF, *tiers: Tier, wait: float = 0.0) -> Want:
    return Want(lane, tiers or (SMALL,), wait)
