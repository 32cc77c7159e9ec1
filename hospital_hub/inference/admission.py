"""What is asked of the gate and what it says, as values that pass between processes; how long each lane may wait."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from hospital_hub.inference.picture import Picture
from hospital_hub.inference.servers import Pulse, Verdict
from routing import Lane, Tier

FullCode = Literal["busy", "down", "no_retry", "no_gate"]


@dataclass(frozen=True)
class Queueing:
    """How many may wait for a place in a lane, and for how long at most, in seconds."""

    places: int
    longest: float


QUEUES: Final[Mapping[Lane, Queueing]] = {
    Lane.KIOSK: Queueing(64, 15.0),
    Lane.CLINICIAN: Queueing(64, 20.0),
    Lane.STAFF: Queueing(64, 20.0),
    Lane.BATCH: Queueing(8, 5.0),  # it is shed first, and asks again by itself
}


@dataclass(frozen=True)
class Want:
    """One place on a server of one of `tiers`, the first one preferred; `wait` in seconds, 0 for now or never.

    `failed` is the server whose fault makes this a further attempt, `tried` all that were asked before (URLs).
    `affinity` is a keyed hash of the patient or case: the same one goes to the same server where that costs little.
    """

    lane: Lane
    tiers: tuple[Tier, ...]
    wait: float = 0.0
    patient: bool = False
    affinity: bytes | None = None
    tried: frozenset[str] = frozenset()
    failed: str = ""


@dataclass(frozen=True)
class Grant:
    """A place, until it is given back. `at` by the gate's clock, `waited` in seconds."""

    number: int
    lane: Lane
    tier: str
    replica: str
    url: str
    probe: bool
    at: float
    waited: float = 0.0
    pulse: Pulse = field(default_factory=Pulse, compare=False, repr=False)


@dataclass(frozen=True)
class Full:
    """No place. `no_retry`: the retries are used up; `no_gate`: nobody can tell; `retry_after` in whole seconds."""

    code: FullCode
    retry_after: int


class Gate(Protocol):
    """The one authority about places, in this process or reached over a socket."""

    @property
    def fleet(self) -> Picture: ...

    async def enter(self, want: Want) -> Grant | Full:
        """A place, at once or after a bounded wait. Every grant must be given back by `leave`, exactly once."""

    def leave(self, grant: Grant, verdict: Verdict, *, rest: float | None = None) -> None:
        """Give the place back; `rest` is the Retry-After of a server that was busy, in seconds."""

    def spoke(self, grant: Grant) -> None:
        """The server gave its first content; tells the breaker whose probe this is."""

    def worth_waiting(self, lane: Lane) -> bool:
        """Whether the lane's queue takes one more; a cheap look before the work of finding out where."""

    def rows(self) -> Sequence[Mapping[str, object]]:
        """One row a replica, for operators."""

    def waiting(self) -> Mapping[Lane, int]:
        """How many wait for a place, lane by lane."""

    async def reload(self) -> None:
        """Read models.toml again, for all hub processes.

        Raises:
            WrongSetup: it is not usable, or changes what only a restart may change; then nothing changes.
        """
