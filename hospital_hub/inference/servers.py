"""What the gate knows of one model server: its own words, what the hub has under way there, and whether it gets on.

Pure: times are arguments, by the event loop's clock. A server whose health is good while its token counter stands
still with work under way is stuck; it is out until it moves or its breaker's probe succeeds. One that reads a long
prompt has no tokens to show, but fills its cache: that is progress too.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hospital_hub.inference.breaker import Breaker
from integrations.vllm.state import ServerState

STUCK_SECONDS: Final = 11.0  # with a poll a second and two seconds of patience, out within 15 s
LONGEST_REST: Final = 10.0
REST_UNASKED: Final = 1.0
DOUBT_SECONDS: Final = 5.0
DOUBT_BUSY_SECONDS: Final = 30.0
OLD_SHARE: Final = 0.9  # of a moving average


class Verdict(StrEnum):
    """What one attempt says of its server."""

    WELL = "well"
    FAULT = "fault"
    GONE = "gone"  # no connection: out until its next good health check, without waiting for the breaker
    BUSY = "busy"  # it asked for rest
    NEITHER = "neither"  # the caller left, or was wrong


@dataclass
class Pulse:
    """Counts the chunks of the hub's own answers from one server, thinking included; whoever hears one counts it."""

    heard: int = 0


@dataclass
class ModelServer:
    """`foreign` is work of others there; `seconds` what an answer takes; `names` are None where unknown.

    Until `doubted_until` it is asked only where no other one has room: it failed, and failing is fast. `ceiling` is how
    many answers at a time it has been found to take; one more with every answer.
    """

    url: str
    state: ServerState | None = None
    at: float = 0.0
    healthy: bool = False
    names: frozenset[str] | None = None
    under_way: int = 0
    foreign: int = 0
    pulse: Pulse = field(default_factory=Pulse)
    stuck: bool = False
    rest_until: float = 0.0
    doubted_until: float = 0.0
    ceiling: float = math.inf
    seconds: float = 0.0
    tokens_per_second: float | None = None
    breaker: Breaker = field(default_factory=Breaker)
    _progress: tuple[float | None, int] = (None, 0)
    _still_since: float | None = None

    def serves(self, name: str, now: float) -> bool:
        """Whether it may get work for the model of this name ("" for any) at all; room is another question."""
        there = not name or not self.names or name in self.names
        return there and self.healthy and not self.stuck and not self.breaker.is_open(now)

    @property
    def ejected(self) -> bool:
        return not self.healthy or self.stuck or self.breaker.tripped

    @property
    def load(self) -> int:
        return self.under_way + self.foreign

    def takes_no_more(self, now: float) -> bool:
        """It said so itself, for a while or until what it has under way is less."""
        return now < self.rest_until or self.under_way >= self.ceiling

    def note(self, state: ServerState | None, *, before: int, now: float) -> None:
        """Take in what it says of itself, or that it says nothing; `before` is `under_way` when it was asked."""
        self.healthy = state is not None
        if state is None:
            self._still_since = None
            return
        self._pace(state, now=now)
        reads = _reads(self.state, state)
        self.state, self.at, self.names = state, now, state.models
        there = (state.running or 0) + (state.waiting or 0)
        self.foreign = max(0, there - max(before, self.under_way))
        self._watch(busy=there > 0 or min(before, self.under_way) > 0, reads=reads, now=now)

    def take(self) -> bool:
        """Count one attempt; true when it is the breaker's probe."""
        self.under_way += 1
        return self.breaker.take()

    def leave(self, verdict: Verdict, *, probe: bool, seconds: float, now: float) -> None:
        """Give its place back; `seconds` is how long the attempt had it, for a whole answer only."""
        self.under_way -= 1
        if verdict is Verdict.WELL:
            self.breaker.well(now, probe=probe)
            self.ceiling += 1
            self.seconds = seconds if not self.seconds else OLD_SHARE * self.seconds + (1 - OLD_SHARE) * seconds
        elif verdict is Verdict.FAULT:
            self.doubted_until = now + DOUBT_SECONDS
            self.breaker.fault(now, probe=probe)
        elif verdict is Verdict.GONE:
            self.healthy = False
            self.breaker.fault(now, probe=probe)
        else:
            self.breaker.neither(probe=probe)

    def rest(self, seconds: float | None, *, now: float) -> None:
        """It said 429: leave it alone for as long as it asked, within reason, then begin with half of what it had."""
        self.ceiling = max(1.0, self.under_way / 2)
        self.doubted_until = now + DOUBT_BUSY_SECONDS
        self.rest_until = now + min(seconds or REST_UNASKED, LONGEST_REST)

    def _pace(self, state: ServerState, *, now: float) -> None:
        before = self.state
        if before is None or before.generated is None or state.generated is None or now <= self.at:
            return
        rate = max(0.0, (state.generated - before.generated) / (now - self.at))
        if state.running and before.running:
            known = self.tokens_per_second
            self.tokens_per_second = rate if known is None else OLD_SHARE * known + (1 - OLD_SHARE) * rate

    def _watch(self, *, busy: bool, reads: bool, now: float) -> None:
        generated = self.state.generated if self.state else None
        progress = (generated, self.pulse.heard)
        moves = reads or progress != self._progress
        if moves or not busy:
            if self.stuck and moves:
                self.breaker.close()
            self._progress, self._still_since, self.stuck = progress, now if busy else None, False
            return
        if self._still_since is None:
            self._still_since = now
        if generated is not None and now - self._still_since >= STUCK_SECONDS:
            self.stuck = True
            self.breaker.trip(now)


def _reads(before: ServerState | None, now: ServerState) -> bool:
    """Whether its cache grew under the same work: more or other work would make it grow by itself."""
    if before is None or before.kv_use is None or now.kv_use is None:
        return False
    return (before.running, before.waiting) == (now.running, now.waiting) and now.kv_use > before.kv_use
