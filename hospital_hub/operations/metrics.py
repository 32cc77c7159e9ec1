"""The figures for a monitor (Prometheus text format): counts and seconds, nothing of a patient or a person.

What concerns the models and the queue comes from PostgreSQL, so that it is the same from every process.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hospital_hub.inference.admission import Gate
from hospital_hub.inference.shadow_report import Pair, pairs
from hospital_hub.operations.overview import Server
from hospital_hub.operations.queue import QueueState, queue_state
from hospital_hub.operations.usage import Cell, Speed, cells, speeds
from hospital_hub.resources import Resources

WINDOW: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Counted:
    cells: Sequence[Cell]
    speeds: Sequence[Speed]
    queue: QueueState
    shadows: Sequence[Pair] = ()


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


async def count(resources: Resources, *, now: datetime) -> Counted:
    async with resources.database.work() as session:
        return Counted(
            await cells(session, since=now - WINDOW, slice_=WINDOW),
            await speeds(session, since=now - WINDOW),
            await queue_state(session),
            await pairs(session, since=now - WINDOW),
        )


def as_text(counted: Counted, servers: Sequence[Server], *, gate: Gate) -> bytes:
    registry = CollectorRegistry()
    of_calls = (*_calls(counted), *_queue(counted.queue), _shadows(counted.shadows))
    registry.register(_Families((*of_calls, *_fleet(servers), *_gate(gate))))
    return generate_latest(registry)


def _calls(counted: Counted) -> Iterable[Metric]:
    calls = GaugeMetricFamily(
        "hub_model_calls", "Questions to the models in the last five minutes.", labels=("tier", "outcome")
    )
    sums: dict[tuple[str, str], int] = {}
    for cell in counted.cells:
        key = (cell.tier, cell.outcome.value)
        sums[key] = sums.get(key, 0) + cell.calls
    for labels, number in sorted(sums.items()):
        calls.add_metric(labels, number)
    first = GaugeMetricFamily(
        "hub_first_token_seconds", "Until the first token, in the last five minutes.", labels=("tier", "quantile")
    )
    for speed in counted.speeds:
        first.add_metric((speed.tier, "0.5"), speed.first_median)
        first.add_metric((speed.tier, "0.95"), speed.first_slow)
    return calls, first


def _queue(state: QueueState) -> Iterable[Metric]:
    return (
        GaugeMetricFamily("hub_outbox_lag_seconds", "Age of the oldest unpublished task.", value=state.lag_seconds),
        GaugeMetricFamily("hub_outbox_unpublished", "Tasks that are due and not published.", value=state.unpublished),
        GaugeMetricFamily("hub_queue_depth", "Tasks that are published and not done.", value=state.under_way),
    )


def _shadows(found: Sequence[Pair]) -> Metric:
    """Empty without HUB_SHADOW_POLICY."""
    decided = GaugeMetricFamily(
        "hub_shadow_decisions",
        "Decisions of the last five minutes by what was decided and what the shadow policy would have.",
        labels=("live", "shadow", "shadow_policy"),
    )
    for pair in found:
        decided.add_metric((pair.live.label, pair.shadow.label, pair.policies[1]), pair.calls)
    return decided


def _fleet(servers: Sequence[Server]) -> Iterable[Metric]:
    labels = ("tier", "replica")
    up = GaugeMetricFamily("hub_replica_up", "1 if the model server answers its health check.", labels=labels)
    running = GaugeMetricFamily("hub_replica_running", "Answers under way on a model server.", labels=labels)
    for server in servers:
        key = (server.tier, server.replica.name)
        up.add_metric(key, float(server.replica.healthy))
        if server.replica.running is not None:
            running.add_metric(key, server.replica.running)
    return up, running


def _gate(gate: Gate) -> Iterable[Metric]:
    """The same from every process of a hub: there is one gate."""
    states = GaugeMetricFamily(
        "hub_replica_state",
        "1 for the state in which the gate has the model server.",
        labels=("tier", "replica", "state"),
    )
    for row in gate.rows():
        states.add_metric((str(row["tier"]), str(row["replica"]), str(row["state"])), 1)
    queues = GaugeMetricFamily("hub_gate_waiting", "Questions that wait for a place.", labels=("lane",))
    for lane, waiting in gate.waiting().items():
        queues.add_metric((lane.value,), waiting)
    return states, queues
