"""Usage rows as the models leave them."""

from datetime import datetime, timedelta

from hospital_hub.identity.permissions import Role
from hospital_hub.inference.tables import ModelCall, Outcome
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_id

REASONS = [{"step": "floor", "rule": "task:triage", "detail": "r1-32b: the policy's floor for the task"}]


def call(
    tier: str = "r1-32b",
    *,
    outcome: Outcome = Outcome.ANSWERED,
    department: str = "Emergency",
    seconds_ago: float = 60.0,
    first_token_ms: int = 500,
) -> ModelCall:
    at: datetime = utc_now() - timedelta(seconds=seconds_ago)
    refused = outcome is Outcome.REFUSED
    return ModelCall(
        id=new_id(int(at.timestamp() * 1000)),
        at=at,
        who="somebody",
        role=Role.NURSE,
        department=department,
        lane="kiosk",
        task="triage",
        tier="" if refused else tier,
        prompt_version="triage/opening@1",
        decision={"reasons": REASONS, "ruled_out": {}, "refused": "busy" if refused else None},
        prompt_tokens=0 if refused else 1000,
        completion_tokens=0 if refused else 200,
        first_token_ms=None if refused else first_token_ms,
        total_ms=None if refused else 2000,
        outcome=outcome,
    )


async def store(resources: Resources, *calls: ModelCall) -> None:
    async with resources.database.work() as session:
        session.add_all(calls)
