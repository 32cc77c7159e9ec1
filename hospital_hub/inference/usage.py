"""What was used, from the attempts' own rows: each request to a model server counts, also those of no answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.inference.tables import ModelAttempt, ModelCall

KEYS: Final[Mapping[str, Any]] = {
    "user": col(ModelCall.who),
    "department": col(ModelCall.department),
    "task": col(ModelCall.task),
    "day": func.to_char(func.timezone("UTC", col(ModelCall.at)), "YYYY-MM-DD"),
    "tier": col(ModelAttempt.tier),
}


@dataclass(frozen=True)
class Line:
    """`keys` in the order in which they were asked for."""

    keys: tuple[str, ...]
    questions: int
    attempts: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cost: float

    def cells(self) -> tuple[str, ...]:
        counts = (self.questions, self.attempts, self.prompt_tokens, self.completion_tokens, self.reasoning_tokens)
        return (*self.keys, *map(str, counts), f"{self.cost:.3f}")


async def used(session: AsyncSession, keys: tuple[str, ...], *, since: datetime) -> list[Line]:
    """Sums since then by `keys` (names of KEYS)."""
    by = [KEYS[key] for key in keys]
    sums = (
        func.count(func.distinct(ModelCall.id)),
        func.count(),
        func.sum(ModelAttempt.prompt_tokens),
        func.sum(ModelAttempt.completion_tokens),
        func.sum(ModelAttempt.reasoning_tokens),
        func.sum(ModelAttempt.cost),
    )
    joined = select(*by, *sums).join(ModelCall, col(ModelCall.id) == col(ModelAttempt.call_id))  # type: ignore[call-overload]
    found = await session.exec(joined.where(col(ModelCall.at) >= since).group_by(*by).order_by(*by))
    return [_line(tuple(map(str, row[: len(by)])), row[len(by) :]) for row in found]


def _line(keys: tuple[str, ...], sums: Sequence[Any]) -> Line:
    questions, attempts, prompt, completion, reasoning, cost = sums
    return Line(keys, questions, attempts, int(prompt), int(completion), int(reasoning), float(cost))
