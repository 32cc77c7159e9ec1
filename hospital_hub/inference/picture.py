"""What deciding sees of the fleet: the same value from the gate's own state and from a mirror of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from hospital_hub.registry import Registry, ReplicaEntry, TierEntry
from routing import Fleet, Replica, Tier, TierView


class Picture(Protocol):
    """In the gate's process or mirrored from it. Times by the event loop's clock, in seconds."""

    @property
    def registry(self) -> Registry: ...
    @property
    def polled_at(self) -> float | None: ...
    def snapshot(self, now: float, *, patient: bool = False, idle: bool = False) -> Fleet:
        """The fleet as a value.

        `patient`: only servers that may see a patient's data. `idle`: as if no place were taken, which tells what is
        worth waiting for.
        """


Of = Callable[[str, ReplicaEntry], Replica]  # by the tier's label


@dataclass(frozen=True)
class Look:
    patient: bool = False
    idle: bool = False


def seen(registry: Registry, of: Of, *, look: Look) -> Fleet:
    """The fleet of this registry, each replica as `of` says."""
    return Fleet(tuple(_view(label, entry, of=of, look=look) for label, entry in registry.tiers.items()))


def _view(label: str, entry: TierEntry, *, of: Of, look: Look) -> TierView:
    shown = [of(label, replica) for replica in entry.replicas if replica.patient_zone or not look.patient]
    return TierView(
        tier=Tier.of(label),
        context_tokens=entry.context_tokens,
        max_inflight=entry.max_inflight,
        replicas=tuple(_idle(replica) for replica in shown) if look.idle else tuple(shown),
        patient_zone=any(replica.patient_zone for replica in entry.replicas),
        cost=entry.cost,
    )


def _idle(replica: Replica) -> Replica:
    """Without load; what is unknown stays so."""
    known = replica.running is not None
    return replace(replica, running=0 if known else None, waiting=0 if known else None, kv_use=0.0 if known else None)
