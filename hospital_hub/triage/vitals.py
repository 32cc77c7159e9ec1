"""Vital signs that a nurse measured: appended, sealed, and the case assessed anew in the same transaction.

A measurement is a fact and not a decision: it is stored whatever another nurse did in the meantime.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.triage.assessing import reassess
from hospital_hub.triage.conversation import heard_in
from hospital_hub.triage.nurse_tables import TriageVitals, place_of_vitals
from hospital_hub.triage.steps import step
from hospital_hub.triage.tables import TriageCase, subject_of
from hospital_hub.triage.vital_signs import Values, read


@dataclass(frozen=True)
class Reading:
    """What one nurse measured at one time."""

    values: Values
    at: datetime
    who: str
    display_name: str


async def measure(resources: Resources, who: Principal, *, case_id: uuid.UUID, typed: Mapping[str, str]) -> None:
    """Store what was typed and find the level anew.

    Raises:
        Unmeasurable: values that cannot be, with their fields. Refused: nothing was typed.
        Conflict: the case was taken off the board.
    """
    values = read(typed)
    async with step(resources, who, case_id=case_id) as taking:
        taking.must_be_on_the_board()
        session, case = taking.session, taking.case
        sealed = await resources.vault.seal(
            session, subject=subject_of(case.id), place=place_of_vitals(case.id, case.steps), text=json.dumps(values)
        )
        row = TriageVitals(
            case_id=case.id, ordinal=case.steps, who=who.id, display_name=who.display_name, values=sealed
        )
        session.add(row)
        await session.flush()
        before = _Before.of(case)
        heard = await heard_in(session, resources, case=case)
        await reassess(session, resources, case=case, heard=heard)
        before.call(case, now=taking.now)


@dataclass(frozen=True)
class _Before:
    """What was known before, so that what is new calls a nurse."""

    rules: frozenset[str]
    level: int | None

    @classmethod
    def of(cls, case: TriageCase) -> "_Before":
        return cls(frozenset(flag["rule"] for flag in case.flags), case.automatic_level)

    def call(self, case: TriageCase, *, now: datetime) -> None:
        """A new red flag sounds though an old one was acknowledged; a level that worsened is looked at again now."""
        if any(flag["rule"] not in self.rules for flag in case.flags):
            case.acknowledged_at = None
        if case.final_level is None or case.automatic_level is None:
            return
        worse = self.level is None or case.automatic_level < self.level
        if worse and case.automatic_level < case.final_level:
            case.retriage_at = now


async def readings(session: AsyncSession, resources: Resources, *, case: TriageCase) -> tuple[Reading, ...]:
    """Every measurement of the case, the oldest first; the caller records who reads it."""
    found = await session.exec(
        select(TriageVitals).where(TriageVitals.case_id == case.id).order_by(col(TriageVitals.ordinal))
    )
    subject, opened = subject_of(case.id), []
    for row in found.all():
        text = await resources.vault.open(
            session, subject=subject, place=place_of_vitals(case.id, row.ordinal), sealed=row.values
        )
        opened.append(Reading(json.loads(text), row.at, row.who, row.display_name))
    return tuple(opened)


async def measured(session: AsyncSession, resources: Resources, case: TriageCase) -> dict[str, float | str]:  # noqa: PLR0917
    """The newest value of each sign, with `<sign>.at` (ISO 8601) and `<sign>.who` (display name) beside it."""
    return newest(await readings(session, resources, case=case))


def newest(taken: Sequence[Reading]) -> dict[str, float | str]:
    found: dict[str, float | str] = {}
    for reading in taken:
        for name, value in reading.values.items():
            found |= {name: value, f"{name}.at": reading.at.isoformat(), f"{name}.who": reading.display_name}
    return found
