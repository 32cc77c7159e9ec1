"""One case as a nurse sees it: the words with what matched, the rules with their sources, the model's part, the steps.

Reads only; what a nurse does to a case is in decisions.py.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.red_flags import Rule, load_rules
from hospital_hub.errors import NotFound
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.feedback import Rating, ratings_of
from hospital_hub.inference.tables import ModelCall
from hospital_hub.resources import Resources
from hospital_hub.triage.answer_store import REPLY
from hospital_hub.triage.board import Row, open_complaint, open_turn, row, turn_of
from hospital_hub.triage.final_level import Demand, demand
from hospital_hub.triage.tables import TriageCase, TriageDecision, TriageTurn, place_of_assessment, subject_of


@dataclass(frozen=True)
class Piece:
    """A stretch of the complaint; `marked` where a rule matched."""

    text: str
    marked: bool


@dataclass(frozen=True)
class Fired:
    """One rule of the trace, with the person's own words that raised it."""

    rule: Rule
    words: tuple[str, ...]


@dataclass(frozen=True)
class ModelPart:
    """What the kiosk showed, and the usage row behind it (None where routing found no model)."""

    turn: TriageTurn
    text: str
    call: ModelCall | None
    rating: Rating = Rating.NONE

    @property
    def why(self) -> tuple[str, ...]:
        """The steps of the routing decision, one sentence each."""
        reasons: Sequence[dict[str, Any]] = self.call.decision.get("reasons", ()) if self.call else ()
        return tuple(f"{reason['step']}: {reason['rule']} ({reason['detail']})" for reason in reasons)


@dataclass(frozen=True)
class Taken:
    """One step of a nurse, with what she wrote."""

    decision: TriageDecision
    assessment: str


@dataclass(frozen=True)
class CaseView:
    row: Row
    pieces: tuple[Piece, ...]
    trace: tuple[Fired, ...]
    model: ModelPart | None
    taken: tuple[Taken, ...]

    @property
    def choices(self) -> tuple[tuple[Level, Demand], ...]:
        """All four levels with what each needs beside itself."""
        automatic, red_flag = self.row.standing.automatic, red_flag_level(self.row.case)
        return tuple((level, demand(level, automatic=automatic, red_flag=red_flag)) for level in Level)


def red_flag_level(case: TriageCase) -> Level | None:
    return min((Level(flag["level"]) for flag in case.flags), default=None)


async def read_case(resources: Resources, who: Principal, *, case_id: uuid.UUID, now: datetime) -> CaseView:
    """Everything about one case.

    Raises:
        NotFound: there is none.
    """
    async with resources.database.work() as session:
        case = await session.get(TriageCase, case_id)
        if case is None:
            raise NotFound("There is no such case.", "Go back to the board.")
        complaint = await open_complaint(session, resources, who=who, case=case, view="case")
        model = await _model_part(session, resources, who=who, case_id=case_id)
        taken = await _taken(session, resources, case=case)
    return CaseView(
        row=row(case, words=complaint, now=now),
        pieces=pieces(complaint, case.flags),
        trace=trace(complaint, case.flags),
        model=model,
        taken=taken,
    )


def pieces(complaint: str, flags: Sequence[dict[str, Any]]) -> tuple[Piece, ...]:
    """The complaint cut where marks begin and end; overlapping marks are one."""
    marked = {place for flag in flags for place in range(flag["start"], flag["end"])}
    edges = {place for place in range(1, len(complaint)) if (place in marked) != (place - 1 in marked)}
    cuts = [0, *sorted(edges), len(complaint)]
    return tuple(Piece(complaint[start:end], start in marked) for start, end in pairwise(cuts) if end > start)


def trace(complaint: str, flags: Sequence[dict[str, Any]]) -> tuple[Fired, ...]:
    """Rules in the order of their urgency, each with its words."""
    words: dict[str, list[str]] = {}
    for flag in flags:
        words.setdefault(flag["rule"], []).append(complaint[flag["start"] : flag["end"]])
    return tuple(Fired(rule, tuple(words[rule.id])) for rule in load_rules().named(words))


async def _model_part(
    session: AsyncSession, resources: Resources, *, who: Principal, case_id: uuid.UUID
) -> ModelPart | None:
    turn = await turn_of(session, case_id, ordinal=REPLY)
    if turn is None:
        return None
    text = await open_turn(session, resources, turn=turn)
    if turn.model_call is None:
        return ModelPart(turn, text, None)
    call = await session.get(ModelCall, turn.model_call)
    ratings = await ratings_of(session, who, calls=[turn.model_call])
    return ModelPart(turn, text, call, ratings.get(str(turn.model_call), Rating.NONE))


async def _taken(session: AsyncSession, resources: Resources, *, case: TriageCase) -> tuple[Taken, ...]:
    found = await session.exec(
        select(TriageDecision).where(TriageDecision.case_id == case.id).order_by(col(TriageDecision.ordinal))
    )
    taken = []
    for decision in found.all():
        written = ""
        if decision.assessment is not None:
            place = place_of_assessment(case.id, decision.ordinal)
            written = await resources.vault.open(
                session, subject=subject_of(case.id), place=place, sealed=decision.assessment
            )
        taken.append(Taken(decision, written))
    return tuple(taken)
