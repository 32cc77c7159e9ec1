"""What the models were asked in a span of time, counted by the database; no text, no person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.inference.tables import ModelCall, Outcome
from hospital_hub.operations.period import ORIGIN

RECENT = 20
MILLISECONDS = 1000.0


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Calls that share a slice of time, tier, department, task and outcome."""

    start: datetime
    tier: str
    department: str
    task: str
    outcome: Outcome
    calls: int
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Seconds of a tier's whole answers."""

    tier: str
    answers: int
    first_median: float
    first_slow: float
    total_median: float
    total_slow: float


async def cells(session: AsyncSession, *, since: datetime, slice_: timedelta) -> list[Cell]:
    start = func.date_bin(slice_, col(ModelCall.at), ORIGIN)
    keys = (start, ModelCall.tier, ModelCall.department, ModelCall.task, ModelCall.outcome)
    sums = (func.count(), func.sum(ModelCall.prompt_tokens), func.sum(ModelCall.completion_tokens))
    found = await session.exec(select(*keys, *sums).where(col(ModelCall.at) >= since).group_by(*keys))  # type: ignore[call-overload]
    return [
        Cell(
            start=row[0],
            tier=row[1],
            department=row[2],
            task=row[3],
            outcome=row[4],
            calls=row[5],
            prompt_tokens=int(row[6]),
            completion_tokens=int(row[7]),
        )
        for row in found
    ]


async def speeds(session: AsyncSession, *, since: datetime) -> list[Speed]:
    """Medians and 95th percentiles of what was answered."""
    measures = [_percentile(share, column) for column in ("first_token_ms", "total_ms") for share in (0.5, 0.95)]
    found = await session.exec(
        select(ModelCall.tier, func.count(), *measures)
        .where(col(ModelCall.at) >= since, col(ModelCall.outcome) == Outcome.ANSWERED)
        .group_by(ModelCall.tier)
        .order_by(ModelCall.tier)
    )
    return [_speed(row) for row in found]


def _percentile(share: float, column: str) -> Any:  # noqa: ANN401 - an SQL expression
    return func.percentile_cont(share).within_group(getattr(ModelCall, column))


def _speed(row: Sequence[Any]) -> Speed:
    tier, answers, *milliseconds = row
    first_median, first_slow, total_median, total_slow = ((value or 0.0) / MILLISECONDS for value in milliseconds)
    return Speed(
        tier=tier,
        answers=answers,
        first_median=first_median,
        first_slow=first_slow,
        total_median=total_median,
        total_slow=total_slow,
    )


async def refusals(session: AsyncSession, *, since: datetime) -> list[tuple[str, int]]:
    """How often routing found no place, by its own code."""
    code = col(ModelCall.decision)["refused"].as_string()
    found = await session.exec(
        select(code, func.count())
        .where(col(ModelCall.at) >= since, col(ModelCall.outcome) == Outcome.REFUSED)
        .group_by(code)
        .order_by(func.count().desc())
    )
    return [(str(row[0]), int(row[1])) for row in found]


async def recent(session: AsyncSession) -> list[ModelCall]:
    return list(await session.exec(select(ModelCall).order_by(col(ModelCall.at).desc()).limit(RECENT)))
