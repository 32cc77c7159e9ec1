"""The states of a note, who may do what in which of them, and why not. Pure values; `draft.py` takes the steps.

WRITING -> DRAFTED -> EDITED -> SIGNED -> FILING -> FILED -> AMENDED (another version stands in its place)
           DISCARDED <-> (both)           FILING_FAILED      WITHDRAWN -> ENTERED_IN_ERROR, WITHDRAWAL_FAILED
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hospital_hub.errors import Conflict


class State(StrEnum):
    WRITING = "writing"  # asked for; the model has not finished, there is no text
    DRAFTED = "drafted"  # generated text; nobody answers for it
    EDITED = "edited"  # changed by the clinician; nobody answers for it
    DISCARDED = "discarded"  # thrown away, and can be taken out of the bin again
    SIGNED = "signed"  # a named clinician signed exactly this text; waits to be filed
    FILING = "filing"  # a worker has taken it, perhaps more than once
    FILING_FAILED = "filing_failed"  # the EMR does not accept it; a person has to look
    FILED = "filed"  # in the record
    AMENDED = "amended"  # in the record as superseded: a newer version replaces it
    WITHDRAWN = "withdrawn"  # declared an error by its author; the EMR is to be told
    WITHDRAWAL_FAILED = "withdrawal_failed"  # the EMR does not accept that; a person has to look
    ENTERED_IN_ERROR = "entered_in_error"  # the EMR says so too, or never had it


class Actor(StrEnum):
    AUTHOR = "author"  # the clinician who asked for the note, and nobody else
    WRITER = "writer"  # what stores the text of a model or of the chart's facts, for the author
    WORKER = "worker"  # the hub's own process that files


class Step(StrEnum):
    WRITE = "write"
    EDIT = "edit"
    DISCARD = "discard"
    TAKE_BACK = "take_back"  # out of the bin
    SIGN = "sign"
    TAKE = "take"
    PUT_OFF = "put_off"
    FAIL = "fail"
    RETRY = "retry"
    FILE = "file"
    AMEND = "amend"  # begin a new version; this one stays as it is
    SUPERSEDE = "supersede"
    WITHDRAW = "withdraw"
    STRIKE = "strike"


OPEN: Final = frozenset({State.DRAFTED, State.EDITED})
UNSIGNED: Final = OPEN | {State.WRITING, State.DISCARDED}
WAITING: Final = frozenset({State.SIGNED, State.FILING, State.WITHDRAWN})
GONE: Final = frozenset({State.DISCARDED, State.ENTERED_IN_ERROR})  # no longer in the way of another version


@dataclass(frozen=True)
class Rule:
    """Who takes the step, and to where it leads from each state that allows it."""

    by: Actor
    leads: Mapping[State, State]


def _stays(*states: State) -> dict[State, State]:
    return {one: one for one in states}


RULES: Final[Mapping[Step, Rule]] = {
    Step.WRITE: Rule(Actor.WRITER, {State.WRITING: State.DRAFTED}),
    Step.EDIT: Rule(Actor.AUTHOR, dict.fromkeys(OPEN, State.EDITED)),
    Step.DISCARD: Rule(Actor.AUTHOR, dict.fromkeys(OPEN, State.DISCARDED)),
    Step.TAKE_BACK: Rule(Actor.AUTHOR, {State.DISCARDED: State.EDITED}),
    Step.SIGN: Rule(Actor.AUTHOR, dict.fromkeys(OPEN, State.SIGNED)),
    Step.TAKE: Rule(Actor.WORKER, {State.SIGNED: State.FILING, **_stays(State.FILING, State.WITHDRAWN)}),
    Step.PUT_OFF: Rule(Actor.WORKER, _stays(State.FILING, State.WITHDRAWN)),
    Step.FAIL: Rule(Actor.WORKER, {State.FILING: State.FILING_FAILED, State.WITHDRAWN: State.WITHDRAWAL_FAILED}),
    Step.RETRY: Rule(Actor.AUTHOR, {State.FILING_FAILED: State.FILING, State.WITHDRAWAL_FAILED: State.WITHDRAWN}),
    Step.FILE: Rule(Actor.WORKER, {State.FILING: State.FILED}),
    Step.AMEND: Rule(Actor.AUTHOR, _stays(State.FILED)),
    Step.SUPERSEDE: Rule(Actor.WORKER, {State.FILED: State.AMENDED}),
    Step.WITHDRAW: Rule(
        Actor.AUTHOR,
        dict.fromkeys((State.SIGNED, State.FILING, State.FILING_FAILED, State.FILED), State.WITHDRAWN),
    ),
    Step.STRIKE: Rule(Actor.WORKER, {State.WITHDRAWN: State.ENTERED_IN_ERROR}),
}
_WHY: Final[Mapping[State, Conflict]] = {
    State.WRITING: Conflict("This note is not written yet.", "Wait until the text is there."),
    State.DISCARDED: Conflict("This draft was discarded.", "Take it back first."),
    State.SIGNED: Conflict("This note is signed.", "Wait until it is filed, then amend it; or withdraw it."),
    State.FILING: Conflict("This note is signed.", "Wait until it is filed, then amend it; or withdraw it."),
    State.FILING_FAILED: Conflict("The EMR did not accept this note.", "Have it filed again, or withdraw it."),
    State.FILED: Conflict("This note is in the record.", "Amend it or withdraw it."),
    State.AMENDED: Conflict("A newer version of this note is in the record.", "Open the newest version."),
    State.WITHDRAWN: Conflict("This note was withdrawn.", "Write a new note if one is needed."),
    State.WITHDRAWAL_FAILED: Conflict("This note was withdrawn.", "Write a new note if one is needed."),
    State.ENTERED_IN_ERROR: Conflict("This note was withdrawn.", "Write a new note if one is needed."),
}
_OTHERWISE: Final = Conflict(
    "This note is not in a state that allows this.", "Reload the panel to see where it is.", code="wrong_state"
)


def may(state: State, step: Step, *, by: Actor) -> bool:
    rule = RULES[step]
    return rule.by is by and state in rule.leads


def choices(state: State, *, by: Actor = Actor.AUTHOR) -> frozenset[Step]:
    """What somebody can do with a note as it is: the panel shows these and no other buttons."""
    return frozenset(step for step in Step if may(state, step, by=by))


def after(state: State, step: Step) -> State:
    """The state to which a step leads.

    Raises:
        Conflict: it is not possible now; with the reason and what to do instead.
    """
    leads = RULES[step].leads
    if state not in leads:
        why = _WHY.get(state, _OTHERWISE)
        raise Conflict(why.message, why.next_step, code="wrong_state")
    return leads[state]


@dataclass(frozen=True)
class Owner:
    """Whose note it is, and about whom: `subject` is the keyed hash of the patient."""

    author: str
    subject: bytes

    def lets_in(self, *, who: str, subject: bytes) -> bool:
        """Nobody else's and no other patient's note is ever opened, whatever was asked for."""
        return self.author == who and self.subject == subject
