"""A fleet of breakable servers with the hub's own way of asking before it: what `ask` needs, and questions to ask."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.ask import Models
from hospital_hub.inference.opening import open_models
from hospital_hub.inference.question import Message, Prompt, Question
from hospital_hub.registry import Registry, ReplicaEntry, TierClocks
from hospital_hub.resources import Resources
from routing import Lane, Task, load_policy
from tests.fakes.breakable import Breakable

QUICK = TierClocks(connect=0.5, first_token=1.0, between=0.5, total=3.0)
WHO = Principal(id="emr|doctor", role=Role.CLINICIAN, display_name="Doctor")
Servers = Mapping[str, Sequence[Breakable]]
_numbers = count(1)


def registry_of(
    resources: Resources, servers: Servers, *, clocks: TierClocks = QUICK, max_inflight: int = 1000
) -> Registry:
    registry = Registry.parse(resources.settings.models_document())
    tiers = {
        label: entry.model_copy(
            update={
                "clocks": clocks,
                "max_inflight": max_inflight,
                "replicas": tuple(
                    ReplicaEntry(name=f"{label}-{number}", url=server.url)
                    for number, server in enumerate(servers[label])
                ),
            }
        )
        for label, entry in registry.tiers.items()
    }
    return registry.model_copy(update={"tiers": tiers})


@asynccontextmanager
async def asking(
    resources: Resources, servers: Servers, *, clocks: TierClocks = QUICK, max_inflight: int = 1000
) -> AsyncIterator[Models]:
    """`servers` by the tier's label, already listening."""
    registry = registry_of(resources, servers, clocks=clocks, max_inflight=max_inflight)
    async with open_models(replace(resources, registry=registry), load_policy()) as models:
        await models.fleet.poll()
        yield models


def question(*, task: Task = Task.TRIAGE, lane: Lane = Lane.CLINICIAN, deadline: float = 30.0) -> Question:
    """A question unlike all others, which goes to the 32B for triage and to the 70B for a note."""
    text = f"Where is the ward, number {next(_numbers)}?"
    return Question(
        who=WHO,
        prompt=Prompt("test/plain@1", (Message("user", text),)),
        text=text,
        lane=lane,
        entity="test/1",
        answer_tokens=64,
        deadline=deadline,
        surface=task,
        subject=b"\x01" * 32,
    )
