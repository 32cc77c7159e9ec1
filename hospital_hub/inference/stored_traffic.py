"""Stored decisions with what became of them, in the order of time, for evaluation. Reads no text: none is stored."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.inference.routing_outcome import RoutingOutcome
from hospital_hub.inference.stored_decision import NotReplayable, restored
from hospital_hub.inference.tables import ModelCall, Outcome
from routing.evaluation.traffic import Lived

# Newest decisions that are read: a quarter of a gigabyte of them.
MOST = 50_000
SPOKE = frozenset({Outcome.ANSWERED, Outcome.CUT})


@dataclass(frozen=True)
class Traffic:
    """`lost` rows were written before decisions could be replayed; `cut` when there are older ones than were read."""

    lived: Sequence[Lived]
    lost: int
    cut: bool


async def traffic_since(session: AsyncSession, since: datetime | None) -> Traffic:
    """The newest decisions; all of them when no moment is given."""
    newest = select(ModelCall).order_by(col(ModelCall.at).desc(), col(ModelCall.id).desc()).limit(MOST)
    outcomes = select(RoutingOutcome)
    if since is not None:
        newest = newest.where(col(ModelCall.at) >= since)
        outcomes = outcomes.where(col(RoutingOutcome.at) >= since)
    values = _by_call((await session.exec(outcomes)).all())
    calls = (await session.exec(newest)).all()
    lived: list[Lived] = []
    for call in reversed(calls):
        with suppress(NotReplayable):
            lived.append(_lived(call, values.get(call.id, {})))
    return Traffic(lived, lost=len(calls) - len(lived), cut=len(calls) == MOST)


def _by_call(outcomes: Sequence[RoutingOutcome]) -> Mapping[uuid.UUID, Mapping[str, float]]:
    """The mean of each kind: several people may have said what they think of one answer."""
    heard: dict[uuid.UUID, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for outcome in outcomes:
        heard[outcome.call_id][outcome.kind.value].append(outcome.value)
    return {call: {kind: fmean(values) for kind, values in kinds.items()} for call, kinds in heard.items()}


def _lived(call: ModelCall, values: Mapping[str, float]) -> Lived:
    case, outcome = restored(call.decision)
    return Lived(
        case=case,
        outcome=outcome,
        answered_by=call.tier if call.outcome in SPOKE else "",
        first_token_ms=call.first_token_ms,
        total_ms=call.total_ms,
        outcomes=values,
    )
