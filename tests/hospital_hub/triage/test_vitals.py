"""Vital signs as typed: units, impossible values, what is stored, and what a measurement sets in motion."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.clinical.levels import Level
from hospital_hub.errors import Conflict, HubError, Refused
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import decisions, service, vitals
from hospital_hub.triage.case_view import read_case
from hospital_hub.triage.decisions import Seen
from hospital_hub.triage.final_level import Choice, Closing
from hospital_hub.triage.service import Complaint, Told
from hospital_hub.triage.tables import TriageCase
from hospital_hub.triage.vital_signs import SIGNS, Unmeasurable, Values, read
from hospital_hub.triage.vitals import _Before
from tests.fixtures.hub import rows

NURSE = Principal(id="nurse-1", role=Role.NURSE, display_name="Nurse One")


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ("temperature", "36.8", 36.8),
        ("temperature", "３８．６ ℃", 38.6),
        ("temperature", "38,6", 38.6),
        ("temperature", "38.6度", 38.6),
        ("temperature", "101.5 F", 38.6),
        ("temperature", "98.6", 37.0),
        ("temperature", "100 °F", 37.8),
        ("pulse", "110 次/分", 110),
        ("pulse", "110bpm", 110),
        ("breathing", "22 /min", 22),
        ("spo2", "91%", 91),
        ("gcs", "E3 V4 M5", 12),
        ("gcs", "15/15", 15),
        ("pain", "7/10", 7),
        ("glucose", "5.6", 5.6),
        ("glucose", "180 mg/dL", 10.0),
    ],
)
def test_units_are_understood(field: str, typed: str, value: float) -> None:
    assert read({field: typed}) == {field: value}


@pytest.mark.parametrize(
    ("typed", "upper", "lower"),
    [("120/80", 120, 80), ("120 / 80 mmHg", 120, 80), ("１２０／８０", 120, 80), ("16/10.6 kPa", 120, 80)],
)
def test_blood_pressure(typed: str, upper: float, lower: float) -> None:
    assert read({"pressure": typed}) == {"systolic": upper, "diastolic": lower}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("temperature", "3.6"),
        ("temperature", "55"),
        ("temperature", "warm"),
        ("temperature", "36.8 kg"),
        ("pulse", "1100"),
        ("pulse", "88.5"),
        ("pulse", "-5"),
        ("spo2", "0.91"),
        ("spo2", "910"),
        ("gcs", "2"),
        ("gcs", "E5V5M6"),
        ("pain", "11"),
        ("glucose", "180"),
        ("pressure", "120"),
        ("pressure", "80/120"),
        ("pressure", "16/10"),
        ("oxygen", "much"),
        ("consciousness", "X"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(field: str, typed: str) -> None:
    with pytest.raises(Unmeasurable) as refused:
        read({field: typed, "pulse": typed if field == "pulse" else "80"})
    assert set(refused.value.faults) == {field}


def test_all_faults_are_named_at_once_and_nothing_typed_is_refused() -> None:
    with pytest.raises(Unmeasurable) as refused:
        read({"spo2": "910", "pain": "11", "pulse": "80"})
    assert set(refused.value.faults) == {"spo2", "pain"}
    with pytest.raises(Refused):
        read({"spo2": "  ", "pulse": ""})


@given(typed=st.dictionaries(st.sampled_from([*(sign.name for sign in SIGNS), "pressure"]), st.text(max_size=24)))
def test_whatever_is_typed_ends_in_possible_values_or_a_sentence(typed: dict[str, str]) -> None:
    try:
        values: Values = read(typed)
    except HubError:
        return
    for sign in SIGNS:
        value = values.get(sign.name)
        assert value is None or (isinstance(value, float) and sign.least <= value <= sign.most)


async def tell(resources: Resources, words: str) -> Told:
    who = Principal(id="kiosk|1", role=Role.KIOSK, display_name="Kiosk", session_id=uuid.uuid4())
    complaint = Complaint(words, with_ai=False, page_language="en")
    return await service.tell(resources, who, complaint=complaint, now=utc_now())


async def test_measurements_are_appended_sealed_and_the_newest_counts(resources: Resources, settings: Settings) -> None:
    case = await tell(resources, "Cough")
    await vitals.measure(resources, NURSE, case_id=case.id, typed={"spo2": "91", "pulse": "104"})
    await vitals.measure(resources, NURSE, case_id=case.id, typed={"spo2": "96", "oxygen": "oxygen"})
    async with resources.database.work() as session:
        row = await session.get_one(TriageCase, case.id)
        found = await vitals.measured(session, resources, row)
    assert {name: found[name] for name in ("spo2", "pulse", "oxygen")} == {"spo2": 96, "pulse": 104, "oxygen": "oxygen"}
    assert found["spo2.who"] == "Nurse One"
    assert str(found["spo2.at"]) > str(found["pulse.at"])
    assert row.steps == 2
    sealed = rows(settings.database_url, 'SELECT "values" FROM triage_vitals')
    assert not any(b"spo2" in bytes(one[0]) for one in sealed)  # type: ignore[call-overload]
    view = await read_case(resources, NURSE, case_id=case.id, now=utc_now())
    assert [reading.values.get("spo2") for reading in view.readings] == [91, 96]


async def test_a_wrong_value_stores_nothing_of_the_form(resources: Resources, settings: Settings) -> None:
    case = await tell(resources, "Cough")
    with pytest.raises(Unmeasurable):
        await vitals.measure(resources, NURSE, case_id=case.id, typed={"spo2": "910", "pulse": "104"})
    assert rows(settings.database_url, "SELECT count(*), max(steps) FROM triage_vitals, triage_case") == [(0, None)]


async def test_a_measurement_waits_for_nobody_but_makes_a_stale_decision_look_again(resources: Resources) -> None:
    case = await tell(resources, "Cough")
    await vitals.measure(resources, NURSE, case_id=case.id, typed={"spo2": "91"})
    with pytest.raises(Conflict):
        await decisions.set_level(resources, NURSE, seen=Seen(case.id, 0), choice=Choice(Level.IV))
    await decisions.close(resources, NURSE, seen=Seen(case.id, 1), closing=Closing("doctor"))
    with pytest.raises(Conflict):
        await vitals.measure(resources, NURSE, case_id=case.id, typed={"spo2": "95"})


async def test_measuring_never_lowers_a_level(resources: Resources) -> None:
    case = await tell(resources, "Chest pain")
    await vitals.measure(resources, NURSE, case_id=case.id, typed={"spo2": "99", "pulse": "70", "pressure": "120/80"})
    view = await read_case(resources, NURSE, case_id=case.id, now=utc_now())
    assert (view.row.standing.automatic, len(view.row.rules)) == (Level.II, 1)


async def test_what_a_measurement_reveals_calls_a_nurse() -> None:
    now = utc_now()
    case = TriageCase(id=uuid.uuid4(), flags=[{"rule": "a"}], automatic_level=2, final_level=3, acknowledged_at=now)
    before = _Before.of(case)
    before.call(case, now=now)
    assert (case.acknowledged_at, case.retriage_at) == (now, None)  # nothing new
    case.flags, case.automatic_level = [{"rule": "a"}, {"rule": "b"}], 1
    before.call(case, now=now)
    assert (case.acknowledged_at, case.retriage_at) == (None, now)


async def test_measured_signs_raise_the_level_and_both_stay_visible(resources: Resources) -> None:
    case = await tell(resources, "I have had a cough for three days")
    await decisions.set_level(resources, NURSE, seen=Seen(case.id, 0), choice=Choice(Level.III))
    await vitals.measure(resources, NURSE, case_id=case.id, typed={"spo2": "84%", "breathing": "36", "pulse": "132"})
    view = await read_case(resources, NURSE, case_id=case.id, now=utc_now())
    automatic, final = view.row.standing.automatic, view.row.standing.final
    assert automatic is not None
    assert automatic <= Level.II
    assert (final, view.row.worse, view.row.look_due) == (Level.III, True, True)
    assert any("84" in one.names["en"] for one in view.acuity.indicators)
    assert all(one.names["zh-CN"] for one in view.acuity.missing)


@pytest.mark.parametrize("typed", [{"spo2": "35"}, {"pulse": "8"}, {"breathing": "2"}])
async def test_the_worst_that_a_nurse_can_measure_is_never_taken_for_a_slip(
    resources: Resources, settings: Settings, typed: dict[str, str]
) -> None:
    case = await tell(resources, "Cough")
    await vitals.measure(resources, NURSE, case_id=case.id, typed=typed)
    ((level,),) = rows(settings.database_url, "SELECT automatic_level FROM triage_case")
    assert level == Level.I
