"""Into the hospital system: nothing unbound, everything once, whatever dies in between, never over others' changes."""

import asyncio
from dataclasses import replace

import pytest

from hospital_hub.clinical.levels import Level
from hospital_hub.resources import Resources
from hospital_hub.storage import outbox
from hospital_hub.triage import binding_steps, filing
from hospital_hub.triage.filing import Outcome, backoff
from tests.hospital_hub.triage.bound_cases import BERTA, Json, Ward

WORDS = "My knee hurts since Tuesday, says Xanthippe"
VITALS = {"pulse": "88", "pressure": "132/84", "temperature": "37.0"}
ALIVE = "SELECT count(*) FROM outbox WHERE task = 'triage.file' AND done_at IS NULL"


def writes(ward: Ward) -> int:
    return sum(method != "GET" for method, _ in ward.emr.seen)


def priority(ward: Ward, encounter: str) -> Json | None:
    found: Json | None = ward.emr.stored["Encounter"][encounter].get("priority")
    return found


def code(priority_found: Json | None) -> str:
    assert priority_found is not None
    return str(priority_found["coding"][0]["code"])


async def test_nothing_leaves_the_hub_before_a_case_is_bound(ward: Ward) -> None:
    case = await ward.tell()
    await ward.measure(case, **VITALS)
    await ward.level(case, Level.III)
    assert ward.ask(ALIVE) == [(0,)]
    assert await ward.file(case) is Outcome.NOTHING_TO_DO
    assert ward.emr.seen == []


async def test_a_bound_case_is_filed_once_and_once_only(ward: Ward) -> None:
    case = await ward.tell(WORDS)
    await ward.measure(case, **VITALS)
    await ward.bind(case)
    assert await ward.file(case) is Outcome.FILED
    counts = ward.counts()
    assert counts == {"QuestionnaireResponse": 1, "Observation": 3, "RiskAssessment": 1, "Task": 1, "Provenance": 1}
    assert ward.state() == ("FILED", "", 1)
    assert await ward.file(case) is Outcome.NOTHING_TO_DO
    await binding_steps.file_again(ward.desk(case))
    before = writes(ward)
    assert await ward.file(case) is Outcome.FILED
    assert (ward.counts(), writes(ward)) == (counts, before)


async def test_what_is_there_points_to_each_other_and_to_the_visit(ward: Ward) -> None:
    case = await ward.tell(WORDS)
    await ward.measure(case, **VITALS)
    await ward.bind(case)
    await ward.file(case)
    (risk,), (task,), (told,) = (ward.filed(kind) for kind in ("RiskAssessment", "Task", "QuestionnaireResponse"))
    (record,) = ward.filed("Provenance")
    assert told["item"][0]["answer"] == [{"valueString": WORDS}]
    assert {one["encounter"]["reference"] for one in (risk, task, told)} == {"Encounter/e-anna"}
    assert task["focus"] == {"reference": f"RiskAssessment/{risk['id']}"}
    assert {"reference": f"QuestionnaireResponse/{told['id']}"} in risk["basis"]
    assert len(risk["basis"]) == 4
    assert {"reference": f"RiskAssessment/{risk['id']}"} in record["target"]
    found = ward.ask("SELECT key, value #>> '{}' FROM triage_filing, jsonb_each(\"references\")")
    kept = {str(key): str(value) for key, value in found}
    assert kept["1.risk"] == f"RiskAssessment/{risk['id']}"
    assert not any("anna" in value for value in kept.values())
    assert priority(ward, "e-anna") is None


async def test_the_nurses_level_makes_it_final_and_sets_the_visits_priority(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    await ward.file(case)
    assert ward.filed("RiskAssessment")[0]["status"] == "preliminary"
    assert ward.filed("Observation") == []
    await ward.level(case, Level.III)
    assert await ward.file(case) is Outcome.FILED
    (risk,), (task,), (acuity,) = ward.filed("RiskAssessment"), ward.filed("Task"), ward.filed("Observation")
    assert (risk["status"], task["status"], acuity["status"]) == ("final", "completed", "final")
    assert acuity["valueCodeableConcept"]["coding"][0]["code"] == "III"
    assert code(priority(ward, "e-anna")) == "III"
    (record,) = ward.filed("Provenance")
    assert [one["who"].get("display") for one in record["agent"]][1] == "Nurse One"
    await ward.level(case, Level.II)
    await ward.file(case)
    (acuity,) = ward.filed("Observation")
    assert (acuity["status"], acuity["valueCodeableConcept"]["coding"][0]["code"]) == ("amended", "II")
    assert code(priority(ward, "e-anna")) == "II"


async def test_a_level_that_is_taken_back_leaves_no_level_standing(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case, BERTA)
    await ward.level(case, Level.III)
    await ward.file(case)
    assert code(priority(ward, "e-berta")) == "III"
    await ward.take_back(case)
    assert await ward.file(case) is Outcome.FILED
    (risk,), (task,), (acuity,) = ward.filed("RiskAssessment"), ward.filed("Task"), ward.filed("Observation")
    assert (risk["status"], task["status"], acuity["status"]) == ("preliminary", "requested", "entered-in-error")
    assert "output" not in task
    assert priority(ward, "e-berta") == {"text": "routine"}


@pytest.mark.parametrize("transaction", [1, 2])
async def test_a_worker_that_died_after_the_servers_commit_files_nothing_twice(ward: Ward, transaction: int) -> None:
    case = await ward.tell()
    await ward.measure(case, **VITALS)
    await ward.bind(case)
    ward.emr.lost_answers = {transaction}
    assert await ward.file(case) is Outcome.PUT_OFF
    assert ("RiskAssessment" in ward.counts()) == (transaction == 2)
    await ward.level(case, Level.III)  # and the case goes on meanwhile
    assert await ward.file(case) is Outcome.FILED
    counts = {"QuestionnaireResponse": 1, "Observation": 4, "RiskAssessment": 1, "Task": 1, "Provenance": 1}
    assert ward.counts() == counts
    assert ward.filed("RiskAssessment")[0]["status"] == "final"


async def test_unbinding_finds_what_a_lost_answer_left_behind(ward: Ward) -> None:
    """The references never arrived; the names that were kept before the writing are enough."""
    case = await ward.tell()
    await ward.bind(case)
    ward.emr.lost_answers = {1}
    assert await ward.file(case) is Outcome.PUT_OFF
    assert ward.counts() == {"QuestionnaireResponse": 1}
    await ward.unbind(case, seen=1)
    assert await ward.file(case) is Outcome.FILED
    assert ward.filed("QuestionnaireResponse")[0]["status"] == "entered-in-error"
    assert ward.counts() == {"QuestionnaireResponse": 1, "Provenance": 1}


async def test_a_worker_that_was_killed_leaves_its_lease_to_the_next(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    taken = await filing._take(ward.resources, case)
    assert taken is not None
    assert await ward.file(case) is Outcome.NOTHING_TO_DO
    ward.run("UPDATE outbox SET lease_until = now() - interval '1 second'")
    assert await ward.file(case) is Outcome.FILED
    with pytest.raises(outbox.LeaseLost):
        await filing._settle(ward.resources, taken, result=filing.Trouble("late", passing=True))
    assert ward.state()[0] == "FILED"


async def test_two_workers_at_once_file_once(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    outcomes = await asyncio.gather(ward.file(case), ward.file(case), ward.file(case))
    assert sorted(outcomes) == [Outcome.FILED, Outcome.NOTHING_TO_DO, Outcome.NOTHING_TO_DO]
    assert ward.counts() == {"QuestionnaireResponse": 1, "RiskAssessment": 1, "Task": 1, "Provenance": 1}


async def test_a_change_during_a_filing_is_filed_next(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    taken = await filing._take(ward.resources, case)
    assert taken is not None
    await ward.level(case, Level.III)
    result = await filing._write(ward.resources, ward.tokens, todo=taken.todo, now=taken.todo.last_at)
    assert await filing._settle(ward.resources, taken, result=result) is Outcome.AGAIN
    assert ward.ask(ALIVE) == [(1,)]
    assert ward.filed("RiskAssessment")[0]["status"] == "preliminary"
    assert await ward.file(case) is Outcome.FILED
    assert ward.filed("RiskAssessment")[0]["status"] == "final"
    assert ward.ask(ALIVE) == [(0,)]


async def test_an_emr_that_is_away_is_tried_again_until_it_is_back(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    ward.emr.status, ward.emr.retry_after = 503, "7"
    for attempt in (1, 2, 3):
        assert await ward.file(case) is Outcome.PUT_OFF
        assert ward.state() == ("WAITING", "fhir_busy", attempt)
        ((wait,),) = ward.ask("SELECT round(extract(epoch FROM run_after - now())) FROM outbox WHERE done_at IS NULL")
        assert 5 <= int(str(wait)) <= 7
    ward.emr.status = 0
    assert await ward.file(case) is Outcome.FILED
    assert [backoff(attempt) for attempt in (1, 2, 3, 99)] == [5, 10, 20, 300]


async def test_a_refusal_waits_for_a_person_and_leaves_nothing_half_done(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    ward.emr.forbidden_kinds = {"Task"}
    assert await ward.file(case) is Outcome.FAILED
    assert ward.state() == ("FAILED", "fhir_forbidden", 1)
    assert ward.counts() == {}
    assert ward.ask(ALIVE) == [(0,)]
    ward.emr.forbidden_kinds = set()
    await binding_steps.file_again(ward.desk(case))
    assert await ward.file(case) is Outcome.FILED


async def test_a_visit_whose_priority_may_not_be_set_is_told_and_stops_nothing(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    await ward.level(case, Level.III)
    ward.emr.read_only = {"Encounter"}
    assert await ward.file(case) is Outcome.FILED
    assert ward.state() == ("FILED", "encounter_forbidden", 1)
    assert ward.filed("Observation")[0]["status"] == "final"


async def test_what_others_wrote_in_between_is_kept(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    await ward.file(case)
    (task,) = ward.filed("Task")
    ward.emr.changed({**task, "status": "accepted", "note": [{"text": "I go there"}]})
    ward.emr.changed({**ward.emr.stored["Encounter"]["e-anna"], "status": "in-progress"})
    await ward.level(case, Level.III)
    assert await ward.file(case) is Outcome.FILED
    (task,) = ward.filed("Task")
    assert (task["status"], task["note"]) == ("completed", [{"text": "I go there"}])
    assert ward.emr.stored["Encounter"]["e-anna"]["status"] == "in-progress"
    assert code(priority(ward, "e-anna")) == "III"


async def test_an_update_over_a_version_nobody_read_is_refused_whole_and_tried_again(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    await ward.file(case)
    await ward.level(case, Level.III)
    (task,) = ward.filed("Task")
    ward.emr.before_transaction = lambda: ward.emr.changed({**task, "note": [{"text": "faster"}]})
    assert await ward.file(case) is Outcome.PUT_OFF
    assert ward.state()[1] == "fhir_conflict"
    assert ward.filed("RiskAssessment")[0]["status"] == "preliminary"
    assert ward.filed("Task")[0]["note"] == [{"text": "faster"}]
    assert await ward.file(case) is Outcome.FILED
    assert (ward.filed("Task")[0]["status"], ward.filed("Task")[0]["note"]) == ("completed", [{"text": "faster"}])


async def test_the_wrong_patient_gets_errors_and_the_right_one_everything_anew(ward: Ward) -> None:
    case = await ward.tell()
    await ward.measure(case, **VITALS)
    await ward.level(case, Level.III)
    await ward.bind(case, BERTA)
    await ward.file(case)
    assert code(priority(ward, "e-berta")) == "III"
    await ward.unbind(case, seen=1)
    await ward.bind(case, seen=2)
    assert await ward.file(case) is Outcome.FILED
    for kind in ("QuestionnaireResponse", "Observation", "RiskAssessment", "Task"):
        assert {one["status"] for one in ward.filed(kind, "p-berta")} == {"entered-in-error"}, kind
        right = ward.filed(kind, "p-anna")
        assert len(right) == len(ward.filed(kind, "p-berta"))
        assert "entered-in-error" not in {one["status"] for one in right}
        assert {one["encounter"]["reference"] for one in right} == {"Encounter/e-anna"}
    assert priority(ward, "e-berta") == {"text": "routine"}
    assert code(priority(ward, "e-anna")) == "III"
    nullified = [one for one in ward.filed("Provenance") if one["activity"]["coding"][0]["code"] == "NULLIFY"]
    assert len(nullified) == 1
    assert len(nullified[0]["target"]) == 7
    await binding_steps.file_again(ward.desk(case))
    before = writes(ward)
    await ward.file(case)
    assert writes(ward) == before


async def test_unbinding_alone_marks_what_was_filed(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    await ward.file(case)
    await ward.unbind(case, seen=1)
    assert await ward.file(case) is Outcome.FILED
    assert {one["status"] for one in [*ward.filed("Task"), *ward.filed("RiskAssessment")]} == {"entered-in-error"}
    await ward.level(case, Level.III)
    assert await ward.file(case) is Outcome.FILED
    assert ward.filed("Observation") == []


@pytest.mark.parametrize("gone", ["finished", "cancelled"])
async def test_where_no_visit_is_open_one_is_opened_once(ward: Ward, gone: str) -> None:
    ward.emr.changed({**ward.emr.stored["Encounter"]["e-anna"], "status": gone})
    case = await ward.tell()
    await ward.bind(case)
    await ward.file(case)
    (own,) = ward.filed("Encounter")
    assert (own["status"], own["class"]["code"], own["subject"]) == ("arrived", "EMER", {"reference": "Patient/p-anna"})
    assert ward.filed("Task")[0]["encounter"] == {"reference": f"Encounter/{own['id']}"}
    await ward.level(case, Level.II)
    await ward.file(case)
    (own,) = ward.filed("Encounter")
    assert (own["status"], own["priority"]["coding"][0]["code"]) == ("triaged", "II")
    await ward.unbind(case, seen=1)
    await ward.file(case)
    assert [one["status"] for one in ward.filed("Encounter")] == ["entered-in-error"]


async def test_a_visit_that_the_hospital_opened_after_the_binding_is_used(ward: Ward) -> None:
    theirs = ward.emr.stored["Encounter"]["e-anna"]
    ward.emr.changed({**theirs, "status": "finished"})
    case = await ward.tell()
    await ward.bind(case)
    ward.emr.changed({**theirs, "status": "arrived"})
    await ward.file(case)
    assert ward.filed("Encounter") == []
    assert ward.filed("Task")[0]["encounter"] == {"reference": "Encounter/e-anna"}
    ward.emr.changed({**theirs, "status": "finished"})
    await ward.level(case, Level.III)
    await ward.file(case)
    assert ward.filed("Encounter") == []


async def test_an_erased_case_is_filed_no_more(ward: Ward) -> None:
    case = await ward.tell()
    await ward.bind(case)
    async with ward.resources.database.work() as session:
        await ward.resources.vault.erase(session, subject=f"triage_case/{case}")
    assert await ward.file(case) is Outcome.NOTHING_TO_DO
    assert ward.ask(ALIVE) == [(0,)]


async def test_where_filing_is_off_a_binding_stays_in_the_hub(ward: Ward) -> None:
    quiet = Ward(_with(ward.resources, triage_filing=False), ward.emr, ward.tokens)
    case = await quiet.tell()
    await quiet.bind(case)
    await quiet.level(case, Level.III)
    assert quiet.ask("SELECT count(*) FROM outbox") == [(0,)]
    assert await quiet.file(case) is Outcome.NOTHING_TO_DO


def _with(resources: Resources, **settings: object) -> Resources:
    return replace(resources, settings=resources.settings.model_copy(update=settings))


async def test_the_trail_names_each_filing_and_no_log_holds_a_word(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    case = await ward.tell(WORDS)
    await ward.bind(case)
    await ward.file(case)
    ward.emr.status = 500
    await ward.level(case, Level.III)
    await ward.file(case)
    text = "".join(capsys.readouterr())
    assert "triage_filing" in text
    for hidden in ("knee", "Xanthippe", "Anna", "H-1001", "1960", "p-anna"):
        assert hidden not in text
    deeds = ward.ask("SELECT deed, who, detail->>'version' FROM audit_event WHERE who = 'worker'")
    assert deeds == [("FILE", "worker", "0.1")]
    rows_text = str(ward.ask("SELECT * FROM triage_binding, triage_filing, outbox"))
    for hidden in ("Anna", "H-1001", "1960-05", "p-anna"):
        assert hidden not in rows_text
