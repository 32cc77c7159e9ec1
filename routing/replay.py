"""A decision without the person's text: made now, or again later under any policy."""

from dataclasses import dataclass

from routing.decide import decide_reading
from routing.models import Models
from routing.policy import Policy
from routing.reading import Reading, read
from routing.values import Decision, Facts, Fleet, Refusal, Request


@dataclass(frozen=True)
class Case:
    """All that a decision stands on beside the policy."""

    facts: Facts
    reading: Reading
    fleet: Fleet

    def decide(self, policy: Policy) -> Decision | Refusal:
        """The same policy gives the same decision with the same trace."""
        return decide_reading(self.facts, self.reading, fleet=self.fleet, policy=policy)


def case_of(request: Request, fleet: Fleet, *, models: Models | None = None) -> Case:
    return Case(request.facts(), read(request.text, models=models), fleet)
