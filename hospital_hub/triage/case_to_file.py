"""From the rows of a case to the values that are filed: opened for the worker alone, which records what it files."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.red_flags import load_rules
from hospital_hub.clinical.text import Language
from hospital_hub.inference.tables import ModelCall
from hospital_hub.resources import Resources
from hospital_hub.storage.vault import Place
from hospital_hub.triage import binding, conversation, fhir_base
from hospital_hub.triage.asked import COMPLAINT
from hospital_hub.triage.conversation import Talk
from hospital_hub.triage.fhir_out import resources_of
from hospital_hub.triage.filed_case import Answer, FiledCase, Judged, Model, NurseLevel, Person, Reading, Source, Value
from hospital_hub.triage.filing_write import ToFile
from hospital_hub.triage.nurse_tables import TriageBinding, TriageFiling, TriageVitals, place_of_vitals
from hospital_hub.triage.steps import standing_steps, steps_of
from hospital_hub.triage.tables import (
    Speaker,
    Step,
    TriageCase,
    TriageDecision,
    language_of_case,
    place_of_acuity,
    place_of_summary,
    subject_of,
)
from hospital_hub.triage.vital_signs import OF_RULES

WHOLE: Final = frozenset({"heart_rate", "respiratory_rate", "spo2", "systolic", "diastolic", "gcs", "pain"})
OXYGEN: Final = {"air": False, "oxygen": True, False: False, True: True}
HUB: Final = Person("hub", "Hospital hub")


@dataclass(frozen=True)
class _Rows:
    """What is read once."""

    session: AsyncSession
    resources: Resources
    case: TriageCase
    talk: Talk
    decisions: Sequence[TriageDecision]
    acuity: dict[str, Any]
    summary: dict[str, Any]

    @property
    def language(self) -> Language:
        return language_of_case(self.case)


async def read(session: AsyncSession, resources: Resources, *, case: TriageCase, filing: TriageFiling) -> ToFile:
    """What is to be filed now, with the names of all resources that this may make."""
    rows = _Rows(
        session,
        resources,
        case,
        await conversation.read(session, resources, case=case),
        await steps_of(session, case.id),
        await _json(session, resources, case=case, sealed=case.acuity, place=place_of_acuity(case.id)),
        await _json(session, resources, case=case, sealed=case.summary, place=place_of_summary(case.id)),
    )
    steps = await binding.steps_of(session, case.id)
    bound = {one.ordinal: about for one in steps if (about := await binding.opened(session, resources, step=one))}
    about = bound.get(len(steps))
    filed = None if about is None else await _filed(rows, ordinal=len(steps), about=about)
    known = {**_planned(filed), **filing.references}
    last, at = _last(steps, rows.decisions, default=case.created_at)
    return ToFile(case.id, filed, known, bound, last, at)


def _planned(case: FiledCase | None) -> dict[str, str]:
    """The kind of each resource by key: kept before anything is written, so that a broken try can be found again."""
    if case is None:
        return {}
    made = resources_of(case) | {fhir_base.key_of(case.binding, "encounter"): {"resourceType": "Encounter"}}
    return {key: str(resource["resourceType"]) for key, resource in made.items()}


async def _json(
    session: AsyncSession, resources: Resources, *, case: TriageCase, sealed: bytes | None, place: Place
) -> dict[str, Any]:
    if sealed is None:
        return {}
    text = await resources.vault.open(session, subject=subject_of(case.id), place=place, sealed=sealed)
    return dict(json.loads(text, parse_float=Decimal))


async def _filed(rows: _Rows, *, ordinal: int, about: binding.About) -> FiledCase:
    case, measured = rows.case, await _measured(rows)
    standing = standing_steps(rows.decisions)
    answers = tuple(_answers(rows.talk))
    times = [one.turn.at for one in rows.talk.turns] + [one.at for one in rows.decisions] + [r.at for r in measured]
    return FiledCase(
        id=case.id,
        binding=ordinal,
        number=case.number,
        language=rows.language,
        patient=about.patient,
        encounter=f"Encounter/{about.encounter}" if about.encounter else "",
        opened_at=case.created_at,
        latest=max([case.created_at, *times]),
        interview=case.interview,
        judged=_judged(rows),
        answers=answers,
        readings=(*measured, *_stated(rows)),
        nurse=_nurse(case, rows.decisions),
        acknowledged=case.acknowledged_at is not None,
        closed=bool(standing) and standing[-1].step is Step.CLOSED,
        models=await _models(rows),
    )


def _answers(talk: Talk) -> Iterator[Answer]:
    at = {said.turn.ordinal: said.turn.at for said in talk.turns}
    if talk.history.complaint:
        yield Answer(0, COMPLAINT, "", talk.history.complaint, at[0])
    for one in talk.history.answers:
        form = one.form
        yield Answer(
            one.answered, form.topic, one.text, one.answer or "", at[one.answered], form.kind, by_model=one.by_model
        )


async def _measured(rows: _Rows) -> list[Reading]:
    found = await rows.session.exec(
        select(TriageVitals).where(TriageVitals.case_id == rows.case.id).order_by(col(TriageVitals.ordinal))
    )
    readings = []
    for row in found.all():
        place = place_of_vitals(row.case_id, row.ordinal)
        values = await _json(rows.session, rows.resources, case=rows.case, sealed=row.values, place=place)
        by = Person(row.who, row.display_name)
        for name, value in values.items():
            sign = str(OF_RULES.get(name, name))
            readings.append(Reading(sign, _exact(sign, value), Source.MEASURED, row.ordinal, row.at, by))
    return readings


def _stated(rows: _Rows) -> Iterator[Reading]:
    """What the rules read from the patient's words, where they say so."""
    at = {said.turn.ordinal: said.turn.at for said in rows.talk.turns}
    for one in rows.acuity.get("stated", []):
        if one.get("turn") in at:
            sign, turn = one["sign"], one["turn"]
            yield Reading(sign, _exact(sign, one["value"]), Source.STATED, turn, at[turn])


def _exact(sign: str, value: Value) -> Value:
    """In the digits that were measured: a pulse of 88.0 is one of 88."""
    if sign == "oxygen":
        return OXYGEN.get(value, str(value))
    return int(value) if sign in WHOLE and isinstance(value, Decimal) and value == int(value) else value


def _judged(rows: _Rows) -> Judged:
    case = rows.case
    return Judged(
        pack=case.pack or rows.resources.settings.triage_pack,
        rules=case.rules_version,
        automatic=None if case.automatic_level is None else Level(case.automatic_level),
        suggested=None if case.suggested_level is None else Level(case.suggested_level),
        provisional=case.provisional,
        reasons=tuple(_reasons(rows)),
        department=_department(rows),
    )


def _reasons(rows: _Rows) -> list[str]:
    """Each once, in the case's language: the red flags, then what the pack found."""
    flags = [rule.title[rows.language] for rule in load_rules().named(flag["rule"] for flag in rows.case.flags)]
    name = "en" if rows.language == "en" else "zh"
    indicators = [str(one.get(name, "")) for one in rows.acuity.get("indicators", [])]
    return [reason for reason in dict.fromkeys([*flags, *indicators]) if reason]


def _department(rows: _Rows) -> tuple[str, str] | None:
    if not rows.case.department:
        return None
    named = rows.summary.get("department", {})
    return rows.case.department, str(named.get("en" if rows.language == "en" else "zh", ""))


def _nurse(case: TriageCase, decisions: Sequence[TriageDecision]) -> NurseLevel | None:
    levels = [one for one in standing_steps(decisions) if one.step is Step.LEVEL]
    if case.final_level is None or not levels:
        return None
    newest = levels[-1]
    changed = sum(one.step is Step.LEVEL for one in decisions) > 1
    return NurseLevel(Level(case.final_level), Person(newest.who, newest.display_name), newest.at, changed)


async def _models(rows: _Rows) -> tuple[Model, ...]:
    """Of the questions that a model worded; where it suggested a level, of all that it was asked."""
    everything = rows.case.suggested_level is not None
    calls = [
        said.turn
        for said in rows.talk.turns
        if said.turn.model_call is not None and (everything or said.turn.speaker is Speaker.MODEL)
    ]
    models = []
    for turn in calls:
        call = await rows.session.get(ModelCall, turn.model_call)
        if call is not None:
            models.append(Model(call.weights, call.tier, turn.prompt_version or call.prompt_version, call.policy))
    return tuple(dict.fromkeys(models))


def _last(
    steps: Sequence[TriageBinding], decisions: Sequence[TriageDecision], *, default: datetime
) -> tuple[Person, datetime]:
    taken = [(one.at, Person(one.who, one.display_name)) for one in steps]
    taken += [(one.at, Person(one.who, one.display_name)) for one in decisions]
    at, who = max(taken, key=lambda one: one[0], default=(default, HUB))
    return who, at
