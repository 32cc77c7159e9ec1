"""From what was said and measured in a case to its automatic level, which only ever becomes more urgent.

Rules and code alone: no model is asked here, and what a model suggested can only raise the level.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.clinical.levels import Level, most_urgent
from hospital_hub.clinical.red_flags import find, level_of, load_rules
from hospital_hub.resources import Resources
from hospital_hub.triage.tables import Speaker, TriageCase, TriageTurn, place_of_acuity, place_of_turn, subject_of


@dataclass(frozen=True)
class Heard:
    """What rules read of one turn: the person's words, or what a "yes" to a question says (triage/interview.py)."""

    ordinal: int
    text: str


@dataclass(frozen=True)
class Assessed:
    """`flags` without words, each with the `turn` of its place; `acuity` is what the rule pack found, for the seal."""

    level: Level | None
    flags: tuple[dict[str, Any], ...]
    provisional: bool = False
    acuity: dict[str, Any] = field(default_factory=dict)


def assessed(heard: Sequence[Heard]) -> Assessed:
    """By the red flags of every turn."""
    flags = [
        {name: value for name, value in {**asdict(flag), "turn": one.ordinal}.items() if name != "words"}
        for one in heard
        for flag in find(one.text)
    ]
    level = level_of(flag for one in heard for flag in find(one.text))
    return Assessed(level, tuple(flags))


async def reassess(session: AsyncSession, resources: Resources, *, case: TriageCase, heard: Sequence[Heard]) -> None:
    """Write into the case what is known now; in the transaction that stored what was said or measured."""
    found = assessed(heard)
    standing = None if case.automatic_level is None else Level(case.automatic_level)
    suggested = None if case.suggested_level is None else Level(case.suggested_level)
    case.rules_version = load_rules().version
    case.flags = [*found.flags, *(flag for flag in case.flags if not _again(flag, found.flags))]
    case.automatic_level = most_urgent(standing, found.level, suggested)
    case.provisional = found.provisional
    case.acuity = await resources.vault.seal(
        session, subject=subject_of(case.id), place=place_of_acuity(case.id), text=json.dumps(found.acuity)
    )


def _again(flag: dict[str, Any], flags: Sequence[dict[str, Any]]) -> bool:
    """A flag stays when its words were taken back: who said it once is looked at."""
    return any(one["rule"] == flag["rule"] for one in flags)


async def said(session: AsyncSession, resources: Resources, *, case: TriageCase) -> list[tuple[TriageTurn, str]]:
    """All that the patient said so far, opened; the caller records who reads it."""
    found = await session.exec(
        select(TriageTurn)
        .where(TriageTurn.case_id == case.id, TriageTurn.speaker == Speaker.PATIENT)
        .order_by(col(TriageTurn.ordinal))
    )
    vault, subject = resources.vault, subject_of(case.id)
    return [
        (turn, await vault.open(session, subject=subject, place=place_of_turn(turn.id), sealed=turn.text))
        for turn in found.all()
    ]
