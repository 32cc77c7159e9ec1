"""The ledger's statements: each takes a batch as one JSON array and does nothing the second time it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hospital_hub.audit import batch as audit
from hospital_hub.storage.group_commit import Connection

_CALL: Final = (
    "id, who, role, department, lane, task, tier, replica, policy, weights, prompt_version, decision, shadow, "
    "attempts, prompt_tokens, completion_tokens, outcome, process"
)
OPEN: Final = f"""
WITH r AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS r(
        id uuid, department text, lane text, task text, tier text, replica text, policy text, weights text,
        prompt_version text, decision jsonb, shadow jsonb, attempts int, outcome text, process uuid, number int,
        attempt_tier text, {audit.RECORD})),
made AS (
    INSERT INTO model_call ({_CALL})
    SELECT id, who, role, department, lane, task, tier, replica, policy, weights, prompt_version, decision, shadow,
           attempts, 0, 0, outcome, process FROM r
    ON CONFLICT DO NOTHING RETURNING id),
told AS ({audit.INSERT} FROM r JOIN made USING (id))
INSERT INTO model_attempt (call_id, number, tier, replica, outcome, prompt_tokens, completion_tokens, reasoning_tokens,
                           queue_ms, cost)
SELECT id, number, attempt_tier, replica, 'OPEN', 0, 0, 0, 0, 0 FROM r JOIN made USING (id) WHERE number IS NOT NULL
"""  # noqa: S608 - put together from constants
ATTEMPT: Final = """
INSERT INTO model_attempt (call_id, number, tier, replica, outcome, prompt_tokens, completion_tokens, reasoning_tokens,
                           queue_ms, cost)
SELECT id, number, tier, replica, 'OPEN', 0, 0, 0, 0, 0
FROM jsonb_to_recordset(%s::jsonb) AS r(id uuid, number int, tier text, replica text)
ON CONFLICT DO NOTHING
"""
# A row that a sweep took for lost is put right; one that is closed stays as it is, so that nothing counts twice.
CLOSE: Final = """
WITH r AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS r(
        id uuid, outcome text, tier text, replica text, weights text, attempts int, prompt_tokens int,
        completion_tokens int, first_token_ms int, total_ms int, costs jsonb, ended jsonb)),
closed AS (
    UPDATE model_call c SET outcome = r.outcome, tier = r.tier, replica = r.replica, weights = r.weights,
        attempts = r.attempts, prompt_tokens = r.prompt_tokens, completion_tokens = r.completion_tokens,
        first_token_ms = r.first_token_ms, total_ms = r.total_ms
    FROM r WHERE c.id = r.id AND c.outcome IN ('OPEN', 'LOST')
    RETURNING c.id, c.who, c.at, c.prompt_tokens + c.completion_tokens AS tokens),
ended AS (
    UPDATE model_attempt a SET outcome = e.outcome, prompt_tokens = e.prompt_tokens,
        completion_tokens = e.completion_tokens, reasoning_tokens = e.reasoning_tokens, queue_ms = e.queue_ms,
        first_token_ms = e.first_token_ms, total_ms = e.total_ms,
        cost = (e.prompt_tokens + e.completion_tokens) * coalesce((r.costs ->> a.tier)::float8, 0) / 1000
    FROM r JOIN closed USING (id), jsonb_to_recordset(r.ended) AS e(
        number int, outcome text, prompt_tokens int, completion_tokens int, reasoning_tokens int, queue_ms int,
        first_token_ms int, total_ms int)
    WHERE a.call_id = r.id AND a.number = e.number)
INSERT INTO month_use (who, month, tokens)
SELECT who, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM'), sum(tokens) FROM closed WHERE tokens > 0 GROUP BY 1, 2
ON CONFLICT (who, month) DO UPDATE SET tokens = month_use.tokens + excluded.tokens
"""


@dataclass(frozen=True)
class Row:
    """One row of one of the statements, as JSON; what cannot be JSON fails where it is made, not in the batch."""

    statement: str
    json: bytes


async def write(connection: Connection, rows: Sequence[Row]) -> None:
    """All rows in one transaction, which a single statement is by itself."""
    statements = dict.fromkeys(row.statement for row in rows)
    if len(statements) == 1:
        await _send(connection, rows)
        return
    async with connection.transaction():
        for statement in statements:
            await _send(connection, [row for row in rows if row.statement == statement])


async def _send(connection: Connection, rows: Sequence[Row]) -> None:
    array = b"[" + b",".join(row.json for row in rows) + b"]"
    await connection.execute(rows[0].statement.encode(), (array.decode(),), prepare=True)
