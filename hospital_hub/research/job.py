"""The life of a job, as pure functions: which state follows, what progress means, when it will be done.

SUBMITTED --begin--> RUNNING --settle--> DONE | FAILED
    |                   |                  |
    +------cancel-------+--> CANCELLED     +--retry--> SUBMITTED
                                 +--resume--> SUBMITTED
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from hospital_hub.errors import Conflict

ATTEMPTS: Final = 3
SETBACKS: Final = 100


class JobState(StrEnum):
    SUBMITTED = "submitted"  # stored whole; no worker has begun with it, or begun again
    RUNNING = "running"  # items are being answered, or wait for room at the models
    CANCELLED = "cancelled"  # stopped by its owner; what is answered stays, the rest can be resumed
    DONE = "done"  # every item has a result and at least one is an answer
    FAILED = "failed"  # every item has a result and none is an answer


class Step(StrEnum):
    BEGIN = "begin"  # a worker took the lease
    CANCEL = "cancel"
    RESUME = "resume"  # takes a cancellation back
    RETRY = "retry"  # items that failed are asked again


class ItemOutcome(StrEnum):
    ANSWERED = "answered"
    FAILED = "failed"


ALIVE: Final = frozenset({JobState.SUBMITTED, JobState.RUNNING})
_NEXT: Final[Mapping[tuple[JobState, Step], JobState]] = {
    (JobState.SUBMITTED, Step.BEGIN): JobState.RUNNING,
    (JobState.RUNNING, Step.BEGIN): JobState.RUNNING,
    (JobState.SUBMITTED, Step.CANCEL): JobState.CANCELLED,
    (JobState.RUNNING, Step.CANCEL): JobState.CANCELLED,
    (JobState.CANCELLED, Step.CANCEL): JobState.CANCELLED,
    (JobState.CANCELLED, Step.RESUME): JobState.SUBMITTED,
    (JobState.SUBMITTED, Step.RESUME): JobState.SUBMITTED,
    (JobState.RUNNING, Step.RESUME): JobState.RUNNING,
    (JobState.DONE, Step.RETRY): JobState.SUBMITTED,
    (JobState.FAILED, Step.RETRY): JobState.SUBMITTED,
}


def after(state: JobState, step: Step) -> JobState:
    """The next state; cancel, resume and begin may come twice.

    Raises:
        Conflict: the step makes no sense in this state.
    """
    following = _NEXT.get((state, step))
    if following is None:
        raise Conflict("This is not possible in the job's present state.", "Reload the job.", code=f"job_{state}")
    return following


@dataclass(frozen=True)
class Tally:
    """Counts of a job's items; each result is written once, so they only grow until somebody retries the failed."""

    total: int
    answered: int = 0
    failed: int = 0

    @property
    def settled(self) -> int:
        return self.answered + self.failed

    @property
    def remaining(self) -> int:
        return self.total - self.settled

    def verdict(self) -> JobState | None:
        """The state that ends the job, None while items remain."""
        if self.remaining > 0:
            return None
        return JobState.DONE if self.answered else JobState.FAILED


@dataclass(frozen=True)
class Pace:
    """`per_minute` over the last stretch of work; `left` until the job is done at that pace, None when unknown."""

    per_minute: float
    left: timedelta | None


def pace(tally: Tally, *, recent: int, window: timedelta) -> Pace:
    """From the results of the last `window`."""
    per_second = recent / window.total_seconds() if window > timedelta(0) else 0.0
    left = timedelta(seconds=round(tally.remaining / per_second)) if per_second else None
    return Pace(per_minute=round(60 * per_second, 1), left=left)


def gives_up(*, attempts: int, setbacks: int) -> bool:
    """Whether an item without a result is not asked again: begun three times, or no model there a hundred times.

    The second is for a question that takes every model down: it must not hold up its job for ever.
    """
    return attempts >= ATTEMPTS or setbacks >= SETBACKS
