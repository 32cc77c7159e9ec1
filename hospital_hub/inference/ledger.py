"""Writes what a question cost: opened with the audit event before a model is asked, closed when it has answered."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from hospital_hub.audit.events import Deed, record
from hospital_hub.inference.question import Question
from hospital_hub.inference.stored_decision import stored
from hospital_hub.inference.tables import ModelCall, Outcome
from hospital_hub.registry import Registry
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.database import Database
from hospital_hub.storage.ids import new_id
from routing import Decision, Refusal
from routing.replay import Case


@dataclass
class Tally:
    """What is known of one answer so far; times in milliseconds."""

    replica: str = ""
    attempts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_token_ms: int | None = None
    total_ms: int | None = None


@dataclass(frozen=True)
class Ledger:
    """One a process; `_closing` are rows being closed, for which the process waits before it ends."""

    database: Database
    registry: Registry
    _closing: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(
        self, question: Question, outcome: Decision | Refusal, *, case: Case, shadow: Mapping[str, Any] | None = None
    ) -> uuid.UUID:
        """One transaction: the usage row and the audit event. A refusal is closed at once."""
        call_id = new_id(int(utc_now().timestamp() * 1000))
        tier = outcome.tier.label if isinstance(outcome, Decision) else ""
        refused = isinstance(outcome, Refusal)
        async with self.database.work() as session:
            session.add(
                ModelCall(
                    id=call_id,
                    who=question.who.id,
                    role=question.who.role,
                    department=question.who.department,
                    lane=question.lane.value,
                    task=outcome.trace.task.value,
                    tier=tier,
                    policy=outcome.trace.policy,
                    weights=self._weights(tier),
                    prompt_version=question.prompt.version,
                    decision=stored(case, outcome),
                    shadow=None if shadow is None else dict(shadow),
                    outcome=Outcome.REFUSED if refused else Outcome.OPEN,
                )
            )
            deed = Deed.REFUSE if refused else Deed.ASK
            event = record(session, question.who, deed=deed, entity=question.entity, subject=question.subject)
            event.request_id = question.request_id
            event.detail = {"model_call": str(call_id), "tier": tier, "prompt": question.prompt.version}
        return call_id

    async def close(self, call_id: uuid.UUID, outcome: Outcome, *, tally: Tally, tier: str) -> None:
        """Goes on when the caller is cancelled, since what an answer cost is known only now."""
        closing = asyncio.create_task(self._close(call_id, outcome, tally=tally, tier=tier))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        await asyncio.shield(closing)

    async def settle(self) -> None:
        """Wait for all rows that are being closed; call it before the database is."""
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _close(self, call_id: uuid.UUID, outcome: Outcome, *, tally: Tally, tier: str) -> None:
        async with self.database.work() as session:
            call = await session.get(ModelCall, call_id)
            if call is None:
                return
            call.outcome, call.tier, call.weights = outcome, tier, self._weights(tier)
            for name, value in asdict(tally).items():
                setattr(call, name, value)

    def _weights(self, tier: str) -> str:
        return self.registry.tiers[tier].model if tier else ""
