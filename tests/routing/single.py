"""Decisions as `hospital-hub route --single` makes them: bare text, one model, an idle fleet."""

from functools import lru_cache

from hospital_hub.inference.question import estimate_tokens
from routing import Decision, Lane, Refusal, Request, Tier, decide, load_policy
from tests.routing.test_decide import fleet

POLICY = load_policy()
IDLE = fleet()


@lru_cache(maxsize=20_000)
def single(text: str) -> tuple[Tier, Tier]:
    """The tier and the floor."""
    request = Request(
        text=text, lane=Lane.STAFF, context_tokens=estimate_tokens(text), answer_tokens=512, deadline=120.0
    )
    outcome: Decision | Refusal = decide(request, IDLE, policy=POLICY)
    assert isinstance(outcome, Decision), outcome.code
    return outcome.tier, outcome.trace.floor
