"""Whose case it is, read from the steps that nurses took; how they take them is in binding_steps.py."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.resources import Resources
from hospital_hub.triage.nurse_tables import Bind, TriageBinding, TriageFiling, place_of_binding
from hospital_hub.triage.tables import TriageCase, subject_of


@dataclass(frozen=True)
class About:
    """Bare ids in the hospital system; `encounter` is empty where it had none open, `priority` is as it was then."""

    patient: str
    encounter: str
    priority: dict[str, Any] | None
    name: str
    gender: str
    birth_date: str
    number: str


@dataclass(frozen=True)
class BindingView:
    """As the case's page shows it; `seen` is the number of steps of binding so far."""

    case_id: uuid.UUID
    seen: int
    about: About | None
    step: TriageBinding | None
    filing: TriageFiling | None


async def read(session: AsyncSession, resources: Resources, case: TriageCase) -> BindingView:  # noqa: PLR0917 - as its callers do
    """The caller records who reads it."""
    steps = await steps_of(session, case.id)
    newest = steps[-1] if steps else None
    about = None if newest is None else await opened(session, resources, step=newest)
    return BindingView(case.id, len(steps), about, newest, await session.get(TriageFiling, case.id))


async def steps_of(session: AsyncSession, case_id: uuid.UUID) -> Sequence[TriageBinding]:
    found = await session.exec(
        select(TriageBinding).where(TriageBinding.case_id == case_id).order_by(col(TriageBinding.ordinal))
    )
    return found.all()


async def opened(session: AsyncSession, resources: Resources, *, step: TriageBinding) -> About | None:
    """None of a step that undid a binding."""
    if step.step is not Bind.BOUND or step.about is None:
        return None
    place = place_of_binding(step.case_id, step.ordinal)
    text = await resources.vault.open(session, subject=subject_of(step.case_id), place=place, sealed=step.about)
    return About(**json.loads(text))
