"""Cases to be filed, drawn by hypothesis within what a hub can hold."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from hospital_hub.clinical.levels import Level
from hospital_hub.triage.fhir_codes import PRESSURES, SIGNS
from hospital_hub.triage.filed_case import (
    Answer,
    FiledCase,
    Judged,
    Model,
    NurseLevel,
    Person,
    Reading,
    Source,
    Value,
)
from hospital_hub.triage.tables import Interview

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NURSE = Person("nurse-1", "Nurse One")
MODEL = Model("SmolLM2-360M", "r1-32b", "interview-1", "policy-1")

words = st.text(st.characters(codec="utf-8"), min_size=0, max_size=40)
levels = st.sampled_from(Level)
times = st.integers(0, 7200).map(lambda seconds: START + timedelta(seconds=seconds))


def value_of(sign: str) -> st.SearchStrategy[Value]:
    if sign == "oxygen":
        return st.booleans()
    if sign == "consciousness":
        return st.sampled_from("ACVPU")
    return st.integers(1, 300) | st.decimals(Decimal("0.1"), Decimal(300), places=1)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    sign = draw(st.sampled_from([*SIGNS, *PRESSURES]))
    source = draw(st.sampled_from(Source))
    return Reading(
        sign,
        draw(value_of(sign)),
        source,
        draw(st.integers(0, 3)),
        draw(times),
        NURSE if source is Source.MEASURED else None,
    )


@st.composite
def answers(draw: st.DrawFn) -> tuple[Answer, ...]:
    complaint = Answer(0, "complaint", "", draw(words), draw(times))
    kinds = st.sampled_from(["yes_no", "choice", "number", "text"])
    topics = st.sampled_from(["danger", "onset", "medicines", "allergies", ""])
    later = [
        Answer(2 * number, draw(topics), draw(words), draw(words | st.just("是") | st.just("38")), draw(times),
               draw(kinds), draw(st.booleans()))
        for number in range(1, draw(st.integers(1, 6)))
    ]  # fmt: skip
    return (complaint, *later)


@st.composite
def cases(draw: st.DrawFn) -> FiledCase:
    told = draw(answers() | st.just(()))
    vitals = draw(st.lists(readings(), max_size=8))
    suggested = draw(st.none() | levels)
    judged = Judged(
        pack=draw(st.sampled_from(["cn-2018", "esi"])),
        rules="2026-11-24.1",
        automatic=draw(st.none() | levels),
        suggested=suggested,
        provisional=draw(st.booleans()),
        reasons=tuple(draw(st.lists(st.sampled_from(["胸痛", "SpO2 91 → III"]), max_size=2, unique=True))),
        department=draw(st.none() | st.just(("emergency", "急诊科"))),
    )
    return FiledCase(
        id=draw(st.uuids(version=4)),
        binding=draw(st.integers(1, 9)),
        number="A001",
        language=draw(st.sampled_from(["zh-CN", "en"])),
        patient="p1",
        encounter=draw(st.sampled_from(["", "Encounter/e1"])),
        opened_at=START,
        latest=draw(times),
        interview=draw(st.sampled_from(Interview)),
        judged=judged,
        answers=told,
        readings=tuple(one for one in vitals if told or one.source is Source.MEASURED),
        nurse=draw(st.none() | st.builds(NurseLevel, levels, st.just(NURSE), times, st.booleans())),
        acknowledged=draw(st.booleans()),
        closed=draw(st.booleans()),
        models=(MODEL,) if draw(st.booleans()) else (),
    )


def plain_case(**changes: object) -> FiledCase:
    """A case with one answer by a model's question, measured and stated signs, and no nurse's level yet."""
    made = FiledCase(
        id=uuid.UUID("018f0000-0000-7000-8000-000000000001"),
        binding=1,
        number="A001",
        language="en",
        patient="p1",
        encounter="Encounter/e1",
        opened_at=START,
        latest=START + timedelta(minutes=3),
        interview=Interview.DONE,
        judged=Judged("cn-2018", "2026-11-24.1", Level.III, provisional=True, reasons=("SpO2 91 → III",)),
        answers=(
            Answer(0, "complaint", "", "chest pain since noon", START),
            Answer(2, "danger", "Are you short of breath?", "yes", START, "yes_no", by_model=True),
        ),
        readings=(
            Reading("heart_rate", 96, Source.MEASURED, 1, START, NURSE),
            Reading("systolic", 132, Source.MEASURED, 1, START, NURSE),
            Reading("diastolic", 84, Source.MEASURED, 1, START, NURSE),
            Reading("temperature", Decimal("38.20"), Source.STATED, 2, START),
            Reading("glucose", Decimal("7.4"), Source.STATED, 2, START),
        ),
        models=(MODEL,),
    )
    return replace(made, **changes)  # type: ignore[arg-type]
