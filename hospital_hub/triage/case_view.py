"""One case as a nurse sees it: the words with what matched, the interview, its summary, the rules, the steps.

Reads only; what a nurse does to a case is in decisions.py. One audit event says who read all this.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.clinical.levels import Level, most_urgent
from hospital_hub.errors import NotFound
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.feedback import Rating, ratings_of
from hospital_hub.inference.tables import ModelCall
from hospital_hub.resources import Resources
from hospital_hub.storage.vault import Place
from hospital_hub.triage import binding, conversation, vitals
from hospital_hub.triage.asked import Form
from hospital_hub.triage.board import Facts, record_reading
from hospital_hub.triage.conversation import Said, Talk
from hospital_hub.triage.final_level import Demand, closing_demand, demand
from hospital_hub.triage.rows import Row
from hospital_hub.triage.rule_trace import Acuity, Fired, Piece, acuity_of, pieces, trace
from hospital_hub.triage.steps import standing_steps, steps_of
from hospital_hub.triage.tables import (
    Speaker,
    TriageCase,
    TriageDecision,
    TriageTurn,
    place_of_acuity,
    place_of_assessment,
    place_of_summary,
    subject_of,
)
from hospital_hub.triage.vitals import Reading


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
class Asked:
    """One question with its answer; `standing` is false where the person took the answer back."""

    part: ModelPart
    form: Form
    answer: tuple[Piece, ...] | None
    standing: bool

    @property
    def by_model(self) -> bool:
        return self.part.turn.speaker is Speaker.MODEL


@dataclass(frozen=True)
class Taken:
    """One step of a nurse, with what she wrote."""

    decision: TriageDecision
    assessment: str


@dataclass(frozen=True)
class CaseView:
    """`suggestion` is the model's level; None where there is none, or it is to be shown after the nurse's own.

    `model` is a sentence that the kiosk showed beside its questions, `calls` is all that a model was asked for.
    """

    row: Row
    pieces: tuple[Piece, ...]
    trace: tuple[Fired, ...]
    acuity: Acuity
    asked: tuple[Asked, ...]
    summary: Mapping[str, Any]
    model: ModelPart | None
    calls: tuple[ModelPart, ...]
    readings: tuple[Reading, ...]
    taken: tuple[Taken, ...]
    binding: binding.BindingView | None
    suggestion: Level | None
    suggestion_hidden: bool

    @property
    def choices(self) -> tuple[tuple[Level, Demand], ...]:
        """All four levels with what each needs beside itself."""
        automatic, red_flag = self.row.standing.automatic, red_flag_level(self.row.case)
        return tuple((level, demand(level, automatic=automatic, red_flag=red_flag)) for level in Level)

    @property
    def closing(self) -> Demand:
        return closing_demand(final=self.row.standing.final, red_flag=red_flag_level(self.row.case))

    @property
    def answers_to_model(self) -> frozenset[int]:
        """Ordinals of the answers whose questions a model wrote."""
        return frozenset(one.part.turn.ordinal + 1 for one in self.asked if one.by_model)

    @property
    def measured_signs(self) -> frozenset[str]:
        return frozenset(name for reading in self.readings for name in reading.values)

    @property
    def can_take_back(self) -> bool:
        return bool(standing_steps(one.decision for one in self.taken))

    @property
    def by_rules(self) -> Level | None:
        """What the rules alone demand now; the model, or what was taken back, may have raised the automatic level."""
        return most_urgent(red_flag_level(self.row.case), self.acuity.level)


def red_flag_level(case: TriageCase) -> Level | None:
    return most_urgent(*(Level(flag["level"]) for flag in case.flags))


async def read_case(resources: Resources, who: Principal, *, case_id: uuid.UUID, now: datetime) -> CaseView:
    """Everything about one case.

    Raises:
        NotFound: there is none.
    """
    async with resources.database.work() as session:
        case = await session.get(TriageCase, case_id)
        if case is None:
            raise NotFound("There is no such case.", "Go back to the board.")
        record_reading(session, resources, who=who, case=case, view="case")
        talk = await conversation.read(session, resources, case=case)
        facts = await Facts.read(session, [case])
        reader = _Reader(session, resources, who, case, talk)
        return await reader.view(facts.row(case, words=talk.history.complaint, now=now))


@dataclass(frozen=True)
class _Reader:
    session: AsyncSession
    resources: Resources
    who: Principal
    case: TriageCase
    talk: Talk

    async def view(self, row: Row) -> CaseView:
        case, heard = self.case, {one.ordinal: one.text for one in self.talk.heard}
        found = await self._opened(case.acuity, place_of_acuity(case.id))
        marks = [*case.flags, *(found.get("indicators") or ())]
        parts = await self._parts()
        hidden = self.resources.settings.triage_suggestion == "after" and case.final_level is None
        suggested = None if case.suggested_level is None else Level(case.suggested_level)
        return CaseView(
            row=row,
            pieces=pieces(self.talk.history.complaint, marks),
            trace=trace(heard, case.flags),
            acuity=acuity_of(found, heard),
            asked=tuple(self._asked(parts, marks=marks, heard=heard)),
            summary=await self._opened(case.summary, place_of_summary(case.id)),
            model=next((part for part in parts.values() if part.turn.asked is None), None),
            calls=tuple(part for part in parts.values() if part.call is not None),
            readings=await vitals.readings(self.session, self.resources, case=case),
            taken=await self._taken(),
            binding=await binding.read(self.session, self.resources, case),
            suggestion=None if hidden else suggested,
            suggestion_hidden=hidden and suggested is not None,
        )

    async def _opened(self, sealed: bytes | None, place: Place) -> Mapping[str, Any]:
        if sealed is None:
            return {}
        vault, subject = self.resources.vault, subject_of(self.case.id)
        found = json.loads(await vault.open(self.session, subject=subject, place=place, sealed=sealed))
        return found if isinstance(found, dict) else {}

    async def _parts(self) -> dict[int, ModelPart]:
        """What the kiosk said, by the ordinal of its turn, with the calls behind it."""
        said = [one for one in self.talk.turns if one.turn.speaker is not Speaker.PATIENT]
        calls = [one.turn.model_call for one in said if one.turn.model_call is not None]
        ratings = await ratings_of(self.session, self.who, calls=calls) if calls else {}
        parts = {}
        for one in said:
            call_id = one.turn.model_call
            call = None if call_id is None else await self.session.get(ModelCall, call_id)
            rating = ratings.get(str(call_id), Rating.NONE)
            parts[one.turn.ordinal] = ModelPart(one.turn, one.text, call, rating)
        return parts

    def _asked(
        self, parts: Mapping[int, ModelPart], *, marks: Sequence[Mapping[str, Any]], heard: Mapping[int, str]
    ) -> list[Asked]:
        answers = {one.turn.ordinal: one for one in self.talk.turns if one.turn.speaker is Speaker.PATIENT}
        standing = {one.ordinal for one in self.talk.history.exchanges}
        asked = []
        for one in self.talk.turns:
            if one.form is None:
                continue
            answer: Said | None = answers.get(one.turn.ordinal + 1)
            cut = None
            if answer is not None:
                at = answer.turn.ordinal
                cut = pieces(answer.text, marks, turn=at, exact=heard.get(at) == answer.text)
            asked.append(Asked(parts[one.turn.ordinal], one.form, cut, one.turn.ordinal in standing))
        return asked

    async def _taken(self) -> tuple[Taken, ...]:
        taken, vault, subject = [], self.resources.vault, subject_of(self.case.id)
        for decision in await steps_of(self.session, self.case.id):
            written = ""
            if decision.assessment is not None:
                place = place_of_assessment(self.case.id, decision.ordinal)
                written = await vault.open(self.session, subject=subject, place=place, sealed=decision.assessment)
            taken.append(Taken(decision, written))
        return tuple(taken)
