"""What `ask` tells the ledger: what was Taken, an Attempt before each request to a server, a Closing at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hospital_hub.inference.outcomes import AttemptOutcome
from hospital_hub.inference.tables import Outcome
from routing import Decision, Refusal
from routing.replay import Case


@dataclass(frozen=True)
class Taken:
    """What was decided, what it stood on, and what a candidate policy would have done."""

    outcome: Decision | Refusal
    case: Case
    shadow: Mapping[str, Any] | None = None


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
    tier: str = ""
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
