"""Keeps outcomes of decisions, each in the unit of work of the deed that shows it. A missing call is no error."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.errors import NotFound
from hospital_hub.identity.permissions import Action, may
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.routing_outcome import OutcomeKind, RoutingOutcome
from hospital_hub.inference.tables import ModelCall
from hospital_hub.storage.clock import utc_now
from hospital_hub.storage.ids import new_id
from routing import Lane


@dataclass(frozen=True)
class Seen:
    """`value` from 0 to 1; `detail` a small code, never text of a person."""

    kind: OutcomeKind
    value: float
    detail: str = ""
    by: str = ""


class Rating(StrEnum):
    UP = "up"
    DOWN = "down"
    NONE = "none"  # takes back what was said


async def keep(session: AsyncSession, seen: Seen, *, call: uuid.UUID | None) -> None:
    """Of one kind the last word counts. Nothing is kept where no model was asked, or its call is not stored."""
    if call is None:
        return
    values = {
        "id": new_id(int(utc_now().timestamp() * 1000)),
        "kind": seen.kind,
        "value": seen.value,
        "detail": seen.detail,
        "by": seen.by,
    }
    table = RoutingOutcome.__table__  # type: ignore[attr-defined]
    row = select(
        *(literal(value, table.c[name].type).label(name) for name, value in values.items()), col(ModelCall.id)
    ).where(col(ModelCall.id) == call)
    adding = insert(RoutingOutcome).from_select([*values, "call_id"], row)
    changed = {"value": adding.excluded.value, "detail": adding.excluded.detail, "at": func.now()}
    await session.exec(adding.on_conflict_do_update(constraint="uq_routing_outcome_call_kind_by", set_=changed))


async def withdraw(session: AsyncSession, kind: OutcomeKind, *, call: uuid.UUID | None, by: str = "") -> None:
    """Forget an outcome that is no longer so."""
    this = (col(RoutingOutcome.call_id) == call) & (col(RoutingOutcome.kind) == kind) & (col(RoutingOutcome.by) == by)
    await session.exec(delete(RoutingOutcome).where(this))


async def rate(session: AsyncSession, who: Principal, *, call: uuid.UUID, rating: Rating) -> None:
    """A thumb of somebody who may see the answer.

    Raises:
        NotFound: there is no such answer, or it is not this person's to see.
    """
    asked = await session.get(ModelCall, call)
    if asked is None or not _may_see(who, asked):
        raise NotFound("There is no such answer.", "Reload the page and rate what it shows.", code="no_such_answer")
    if rating is Rating.NONE:
        await withdraw(session, OutcomeKind.THUMB, call=call, by=who.id)
    else:
        await keep(session, Seen(OutcomeKind.THUMB, float(rating is Rating.UP), by=who.id), call=call)


async def ratings_of(session: AsyncSession, who: Principal, *, calls: Collection[uuid.UUID]) -> Mapping[str, Rating]:
    """What this person said of each answer, by the call's id as text; answers she did not rate are left out."""
    own = (col(RoutingOutcome.by) == who.id) & (col(RoutingOutcome.kind) == OutcomeKind.THUMB)
    found = await session.exec(
        select(RoutingOutcome.call_id, RoutingOutcome.value).where(own, col(RoutingOutcome.call_id).in_(calls))  # type: ignore[call-overload]
    )
    return {str(call): Rating.UP if value else Rating.DOWN for call, value in found}


def _may_see(who: Principal, asked: ModelCall) -> bool:
    """Whoever asked; what a kiosk was told, also the nurses, who see it on their board."""
    return asked.who == who.id or (asked.lane == Lane.KIOSK and may(who.role, Action.TRIAGE_BOARD))
