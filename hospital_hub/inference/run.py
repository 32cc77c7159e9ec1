"""One question while it is answered: its places, what was said, which attempts were made, what its rows will say."""

import uuid
from dataclasses import dataclass, field, replace
from typing import Final

from hospital_hub.inference.admission import Gate, Grant
from hospital_hub.inference.ledger_values import Attempt, AttemptResult, Closing, Tally
from hospital_hub.inference.outcomes import AttemptOutcome
from hospital_hub.inference.placing import Placed
from hospital_hub.inference.question import Question
from hospital_hub.inference.servers import Verdict
from hospital_hub.inference.tables import Outcome
from integrations.vllm.chat import Finished
from routing import Decision, Tier

NOT_OPENED: Final = uuid.UUID(int=0)


@dataclass(frozen=True)
class Turn:
    """A place with the number of the attempt that will be made there."""

    number: int
    grant: Grant

    @property
    def attempt(self) -> Attempt:
        return Attempt(self.number, self.grant.tier, self.grant.replica)


@dataclass
class Run:
    """`started` by the loop's clock. `held` are turns that are in the ledger and not begun; `speaker` answers now."""

    question: Question
    placed: Placed
    started: float
    call_id: uuid.UUID = NOT_OPENED
    outcome: Outcome = Outcome.FAILED
    held: list[Turn] = field(default_factory=list)
    speaker: Grant | None = None
    text: list[str] = field(default_factory=list)
    first: float | None = None
    finished: Finished | None = None
    agreed: tuple[str, ...] = ()
    opinions: tuple[str, ...] = ()
    results: list[AttemptResult] = field(default_factory=list)
    _number: int = 0

    def turn(self, grant: Grant) -> Turn:
        """The next attempt, to be made at this place; whoever begins it calls `begin`."""
        self._number += 1
        self.held.append(Turn(self._number, grant))
        return self.held[-1]

    def begin(self, turn: Turn) -> None:
        self.held.remove(turn)

    def left(self, now: float) -> float:
        """Seconds in which the answer should begin."""
        return self.started + self.question.deadline - now

    def other_tier(self) -> Decision | None:
        """The decision with the tier that speaks, where that is not the one that was decided on."""
        decision = self.placed.decision
        if self.speaker is None or self.speaker.tier == decision.tier.label:
            return None
        return replace(decision, tier=Tier.of(self.speaker.tier))

    def heard(self, text: str, *, now: float) -> None:
        if self.first is None:
            self.first = now
        self.text.append(text)

    def ended(self, finished: Finished) -> None:
        self.finished, self.outcome = finished, Outcome.ANSWERED

    def abandoned(self) -> None:
        """The caller went away; after the end of the answer that changes nothing."""
        if self.finished is None:
            self.outcome = Outcome.ABANDONED

    def give_back(self, gate: Gate) -> None:
        """Places of attempts that were never begun."""
        for turn in self.held:
            gate.leave(turn.grant, Verdict.NEITHER)
            self.results.append(AttemptResult(turn.number, AttemptOutcome.UNSENT, turn.grant.tier))
        self.held.clear()

    def closing(self, *, now: float) -> Closing:
        grant = self.speaker or self.placed.grants[0]
        tally = Tally(
            replica=grant.replica,
            attempts=len(self.results),
            prompt_tokens=sum(result.prompt_tokens for result in self.results),
            completion_tokens=sum(result.completion_tokens for result in self.results),
            first_token_ms=None if self.first is None else round(1000 * (self.first - self.started)),
            total_ms=round(1000 * (now - self.started)),
        )
        return Closing(self.outcome, grant.tier, tally, tuple(self.results))
