"""What `ask` tells the ledger: one Attempt before each request to a model server, one Closing when all is over."""

from dataclasses import dataclass

from hospital_hub.inference.outcomes import AttemptOutcome
from hospital_hub.inference.tables import Outcome


@dataclass(frozen=True)
class Attempt:
    """One request to a model server; `number` counts from 1 within its question."""

    number: int
    tier: str
    replica: str


@dataclass(frozen=True)
class AttemptResult:
    """How attempt `number` ended. Times in milliseconds: waiting for the hub's own room, then from sending on."""

    number: int
    outcome: AttemptOutcome
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    queue_ms: int = 0
    first_token_ms: int | None = None
    total_ms: int | None = None


@dataclass
class Tally:
    """What is known of one question so far, for its row; times in milliseconds from the question on."""

    replica: str = ""
    attempts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_token_ms: int | None = None
    total_ms: int | None = None


@dataclass(frozen=True)
class Closing:
    """The end of a question. `tier` is whose answer it is; `tally` holds the sums over all attempts."""

    outcome: Outcome
    tier: str
    tally: Tally
    attempts: tuple[AttemptResult, ...]
