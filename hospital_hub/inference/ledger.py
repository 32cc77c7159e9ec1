"""Writes what a question cost: durable with its audit event before a model is asked, closed off the caller's path.

Opening is a group commit: one transaction for all who ask at this moment. What a process that died leaves open is
closed as LOST by the sweep (inference/sweep.py); a model is never asked when the opening failed.
"""

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Final

import orjson
import structlog

from hospital_hub.audit import batch as audit
from hospital_hub.audit.events import Deed
from hospital_hub.errors import Unavailable
from hospital_hub.inference import ledger_rows
from hospital_hub.inference.ledger_rows import Row
from hospital_hub.inference.ledger_values import Attempt, AttemptResult, Closing, Taken, Tally
from hospital_hub.inference.meter import Meter
from hospital_hub.inference.outcomes import AttemptOutcome
from hospital_hub.inference.question import AUTO, Question
from hospital_hub.inference.stored_decision import stored
from hospital_hub.inference.sweep import BEAT_SECONDS, beat
from hospital_hub.inference.tables import Outcome
from hospital_hub.inference.tracing import Asked, Tracer
from hospital_hub.registry import Registry
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.database import Database
from hospital_hub.storage.group_commit import GroupCommit, Wire
from hospital_hub.storage.ids import new_id
from routing import Decision, Refusal

# A plan made while the table was small would read all of it for each batch, for as long as the connection lives.
BY_INDEX: Final = "-c plan_cache_mode=force_custom_plan -c enable_seqscan=off"
CLOSE_LINGER: Final = 0.05
log = structlog.get_logger()


@dataclass
class Ledger:
    """One a process, known by `process`; begin with `start`, end with `stop`."""

    database: Database
    registry: Registry
    tracer: Tracer | None = None
    meter: Meter = field(default_factory=Meter)
    process: uuid.UUID = field(default_factory=uuid.uuid4)
    _under_way: dict[uuid.UUID, Asked] = field(default_factory=dict)
    _beating: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self._opening = GroupCommit[Row](Wire(self.database), ledger_rows.write, orphaned=self._orphaned)
        self._closing = GroupCommit[Row](Wire(self.database, BY_INDEX), ledger_rows.write, linger=CLOSE_LINGER)
        self.meter.ledger_lag.set_function(lambda: self._opening.held + self._closing.held)
        self.meter.ledger_lost.set_function(lambda: self._opening.lost + self._closing.lost)

    @property
    def lag(self) -> int:
        """Rows that are not written yet."""
        return self._opening.held + self._closing.held

    async def open(self, question: Question, taken: Taken, *, attempt: Attempt | None = None) -> uuid.UUID:
        """Return when the row, its audit event and its first attempt are durable. A refusal is closed at once.

        Raises:
            Unavailable: they are not, and nothing may be asked.
        """
        if self._beating is None:
            await self.start()
        now = utc_now()
        call_id = new_id(int(now.timestamp() * 1000))
        await self._opening.put(Row(ledger_rows.OPEN, self._row(call_id, question, taken=taken, attempt=attempt)))
        self._note_beginning(call_id, question, outcome=taken.outcome)
        return call_id

    async def attempt(self, call_id: uuid.UUID, attempt: Attempt) -> None:
        """Return when another attempt of this question is durable.

        Raises:
            Unavailable: it is not, and nothing may be asked.
        """
        made = {"id": call_id, "number": attempt.number, "tier": attempt.tier, "replica": attempt.replica}
        await self._opening.put(Row(ledger_rows.ATTEMPT, orjson.dumps(made)))

    def close(self, call_id: uuid.UUID, closing: Closing) -> None:
        """Return at once; the row is written within about 50 ms, or as soon as the database is there again."""
        row = {
            "id": call_id,
            "outcome": closing.outcome.name,
            "tier": closing.tier,
            "weights": self._weights(closing.tier),
            **vars(closing.tally),
            "costs": {label: entry.cost for label, entry in self.registry.tiers.items()},
            "ended": [{**vars(result), "outcome": result.outcome.name} for result in closing.attempts],
        }
        self._closing.put_later(Row(ledger_rows.CLOSE, orjson.dumps(row)))
        self._note_end(call_id, closing)

    async def start(self) -> None:
        """Let the sweep know that this process lives."""
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat())

    async def settle(self) -> None:
        """Wait until what was closed so far is written."""
        await self._opening.settle()
        await self._closing.settle()

    async def stop(self) -> None:
        """Write what is left; call it before the database is closed."""
        await self._opening.stop()
        await self._closing.stop()
        if self.tracer is not None:
            await asyncio.to_thread(self.tracer.stop)
        task, self._beating = self._beating, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            try:
                await beat(self.database, self.process)
            except Unavailable:
                log.warning("ledger_waits", seconds=BEAT_SECONDS)
            await asyncio.sleep(BEAT_SECONDS)

    def _row(self, call_id: uuid.UUID, question: Question, *, taken: Taken, attempt: Attempt | None) -> bytes:
        outcome = taken.outcome
        tier = outcome.tier.label if isinstance(outcome, Decision) else ""
        refused = isinstance(outcome, Refusal)
        who, version = question.who, question.prompt.version
        event = audit.row(
            who,
            deed=Deed.REFUSE if refused else Deed.ASK,
            entity=question.entity,
            subject=question.subject,
            request_id=question.request_id,
        )
        call = {
            "id": call_id,
            "department": who.department,
            "lane": question.lane.value,
            "task": outcome.trace.task.value,
            "tier": tier,
            "replica": attempt.replica if attempt else "",
            "policy": outcome.trace.policy,
            "weights": self._weights(tier),
            "prompt_version": version,
            "decision": stored(taken.case, outcome),
            "shadow": taken.shadow,
            "attempts": 1 if attempt else 0,
            "outcome": Outcome.REFUSED.name if refused else Outcome.OPEN.name,
            "process": self.process,
            "number": attempt.number if attempt else None,
            "attempt_tier": attempt.tier if attempt else None,
            "detail": {"model_call": call_id, "tier": tier, "prompt": version},
        }
        return orjson.dumps({**event, **call})

    def _note_beginning(self, call_id: uuid.UUID, question: Question, *, outcome: Decision | Refusal) -> None:
        lane = question.lane.value
        model = question.minimum.label if question.minimum else AUTO
        asked = Asked(str(call_id), lane, outcome.trace.task.value, model, question.request_id)
        self.meter.began(lane)
        self._under_way[call_id] = asked
        if isinstance(outcome, Refusal):
            self._note_end(call_id, Closing(Outcome.REFUSED, "", Tally(), ()))

    def _note_end(self, call_id: uuid.UUID, closing: Closing) -> None:
        asked = self._under_way.pop(call_id, None)
        if asked is None:
            return
        self.meter.ended(closing, lane=asked.lane)
        if self.tracer is not None:
            self.tracer.answered(closing, asked=asked)

    def _orphaned(self, row: Row) -> None:
        """Stored, but whoever asked had gone before it was; no model was asked for it."""
        if row.statement is not ledger_rows.OPEN:
            return
        made = orjson.loads(row.json)
        unsent = () if made["number"] is None else (AttemptResult(made["number"], AttemptOutcome.UNSENT),)
        self.close(uuid.UUID(made["id"]), Closing(Outcome.ABANDONED, made["tier"], Tally(), unsent))

    def _weights(self, tier: str) -> str:
        return self.registry.tiers[tier].model if tier else ""
