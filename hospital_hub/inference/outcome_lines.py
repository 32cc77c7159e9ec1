"""Outcomes with what was predicted, a line each: what `routing train --outcomes` learns from. No text, no name."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.inference.routing_outcome import RoutingOutcome
from hospital_hub.inference.tables import ModelCall
from routing import Tier
from routing.learned import Correction

ROWS_AT_ONCE: Final = 1000


async def outcome_lines(
    session: AsyncSession, *, since: datetime, corrections: Mapping[Tier, Correction]
) -> AsyncIterator[dict[str, Any]]:
    """Of calls by their time; `tier` answered, `need` is how well each tier was predicted to answer.

    `corrections` are those in force since then. They are taken out of what was stored, so that learning again does
    not correct twice.
    """
    query = (
        select(RoutingOutcome.kind, RoutingOutcome.value, ModelCall)
        .join(ModelCall, col(ModelCall.id) == col(RoutingOutcome.call_id))
        .where(col(ModelCall.at) >= since, col(ModelCall.tier) != "")
        .order_by(col(ModelCall.at), col(RoutingOutcome.id))
    )
    rows = await session.stream(query.execution_options(yield_per=ROWS_AT_ONCE))
    async for kind, value, call in rows:
        need = _predicted(call.decision.get("need", {}), corrections)
        if call.tier in need:
            yield {
                "call": str(call.id),
                "tier": call.tier,
                "task": call.task,
                "need": need,
                "kind": kind,
                "value": value,
            }


def _predicted(need: Mapping[str, float], corrections: Mapping[Tier, Correction]) -> dict[str, float]:
    return {
        tier.label: corrections.get(tier, Correction()).undone(float(need[tier.label]))
        for tier in Tier
        if tier.label in need
    }
