"""The nurses' side: order, what is opened and recorded, levels with their reasons, undo, news between workers."""

import uuid
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from hospital_hub.clinical.departments import department_names
from hospital_hub.clinical.levels import Level
from hospital_hub.errors import Conflict, NotFound, Refused
from hospital_hub.identity import logins
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import conversation, decisions, service
from hospital_hub.triage.asked import Form
from hospital_hub.triage.assessing import reassess
from hospital_hub.triage.board import keep_open, read_queue
from hospital_hub.triage.board_pages import live_queue
from hospital_hub.triage.case_view import read_case
from hospital_hub.triage.conversation import NewTurn
from hospital_hub.triage.decisions import Seen
from hospital_hub.triage.final_level import Choice, Closing
from hospital_hub.triage.rows import Filter
from hospital_hub.triage.rule_trace import Piece
from hospital_hub.triage.service import Complaint, Told
from hospital_hub.triage.tables import Speaker, TriageCase
from hospital_hub.triage.watching import beat, watched
from tests.fixtures.hub import LogIn, rows

NURSE = Principal(id="nurse-1", role=Role.NURSE, display_name="Nurse One")
STRANGE = "Something feels strange"  # no rule knows what it is
CALMER = Choice(Level.III, "seen", "ECG normal, pain only on pressure")


async def tell(resources: Resources, words: str) -> Told:
    who = Principal(id="kiosk|1", role=Role.KIOSK, display_name="Kiosk", session_id=uuid.uuid4())
    return await service.tell(
        resources, who, complaint=Complaint(words, with_ai=False, page_language="en"), now=utc_now()
    )


async def levels(resources: Resources, case: Told) -> tuple[Level | None, Level | None]:
    standing = (await read_case(resources, NURSE, case_id=case.id, now=utc_now())).row.standing
    return standing.automatic, standing.final


async def test_the_queue_shows_waiting_cases_in_order_and_hides_words_of_levelled_ones(resources: Resources) -> None:
    knee, chest, choking = [await tell(resources, words) for words in ("Knee pain", "Chest pain", "He is choking")]
    await decisions.set_level(resources, NURSE, seen=Seen(knee.id, 0), choice=Choice(Level.IV))

    queue = await read_queue(resources, NURSE, now=utc_now())

    assert [row.case.id for row in queue.waiting] == [choking.id, chest.id]
    assert [row.words for row in queue.waiting] == ["He is choking", "Chest pain"]
    assert [(row.case.id, row.words) for row in queue.levelled] == [(knee.id, "")]
    assert all(row.alarming for row in queue.waiting)


async def test_an_open_board_reads_each_case_once_and_each_reading_is_recorded(
    resources: Resources, settings: Settings
) -> None:
    case = await tell(resources, "Chest pain")
    opened: dict[uuid.UUID, str] = {}
    for _ in range(3):
        await read_queue(resources, NURSE, now=utc_now(), opened=opened)
    await read_case(resources, NURSE, case_id=case.id, now=utc_now())
    reads = rows(
        settings.database_url, "SELECT who, entity, detail->>'view' FROM audit_event WHERE deed = 'READ' ORDER BY id"
    )
    assert reads == [("nurse-1", f"triage_case/{case.id}", view) for view in ("board", "case")]


async def test_the_case_shows_words_rules_and_choices(resources: Resources) -> None:
    case = await tell(resources, "I have chest pain, and my mother had a stroke")
    view = await read_case(resources, NURSE, case_id=case.id, now=utc_now())
    assert [piece.text for piece in view.pieces if piece.marked] == ["chest pain"]
    assert [fired.rule.id for fired in view.trace] == ["chest-pain"]
    assert [(level.name, needed) for level, needed in view.choices] == [
        ("I", "nothing"),
        ("II", "nothing"),
        ("III", "assessment"),
        ("IV", "assessment"),
    ]
    assert view.model is None
    with pytest.raises(NotFound):
        await read_case(resources, NURSE, case_id=uuid.uuid4(), now=utc_now())


async def test_a_level_below_a_red_flag_needs_its_assessment_and_both_levels_stay(
    resources: Resources, settings: Settings
) -> None:
    case = await tell(resources, "Chest pain")
    with pytest.raises(Refused):
        await decisions.set_level(resources, NURSE, seen=Seen(case.id, 0), choice=Choice(Level.III))
    assert await levels(resources, case) == (Level.II, None)
    await decisions.set_level(resources, NURSE, seen=Seen(case.id, 0), choice=CALMER)
    assert await levels(resources, case) == (Level.II, Level.III)
    taken = (await read_case(resources, NURSE, case_id=case.id, now=utc_now())).taken
    assert [(one.decision.reason, one.assessment) for one in taken] == [("seen", CALMER.assessment)]
    (sealed,) = rows(settings.database_url, "SELECT assessment FROM triage_decision")[0]
    assert b"ECG" not in bytes(sealed)  # type: ignore[call-overload]
    detail = rows(settings.database_url, "SELECT detail FROM audit_event WHERE deed = 'UPDATE'")
    assert detail == [({"automatic": 2, "before": None, "after": 3},)]


async def test_the_last_level_can_be_taken_back_step_by_step(resources: Resources) -> None:
    case = await tell(resources, "Chest pain")
    await decisions.set_level(resources, NURSE, seen=Seen(case.id, 0), choice=Choice(Level.I))
    await decisions.set_level(resources, NURSE, seen=Seen(case.id, 1), choice=CALMER)
    await decisions.take_back(resources, NURSE, seen=Seen(case.id, 2))
    assert await levels(resources, case) == (Level.II, Level.I)
    await decisions.take_back(resources, NURSE, seen=Seen(case.id, 3))
    assert await levels(resources, case) == (Level.II, None)
    with pytest.raises(Conflict):
        await decisions.take_back(resources, NURSE, seen=Seen(case.id, 4))
    steps = [one.decision.step for one in (await read_case(resources, NURSE, case_id=case.id, now=utc_now())).taken]
    assert steps == ["level", "level", "taken_back", "taken_back"]


async def test_nobody_overwrites_unseen(resources: Resources) -> None:
    case = await tell(resources, STRANGE)
    await decisions.set_level(resources, NURSE, seen=Seen(case.id, 0), choice=Choice(Level.III))
    with pytest.raises(Conflict):
        await decisions.set_level(resources, NURSE, seen=Seen(case.id, 0), choice=Choice(Level.IV))
    assert await levels(resources, case) == (None, Level.III)


async def test_acknowledging_lowers_nothing(resources: Resources) -> None:
    case = await tell(resources, "Chest pain")
    await decisions.acknowledge(resources, NURSE, seen=Seen(case.id, 0), now=utc_now())
    (row,) = (await read_queue(resources, NURSE, now=utc_now())).waiting
    assert not row.alarming
    assert row.standing.automatic is Level.II


async def test_the_live_board_ends_with_its_log_in(app: FastAPI) -> None:
    resources: Resources = app.state.resources
    async with resources.database.work() as session:
        _, login = await logins.begin(session, vault=resources.vault, who=NURSE, now=utc_now())
    nurse = replace(NURSE, session_id=login.id)
    scope = {"type": "http", "app": app, "path": "/board/events", "query_string": b"", "headers": [], "method": "GET"}
    async with aclosing(live_queue(Request(scope), nurse, chosen=Filter())) as board:
        assert "article" not in str((await anext(board)).data)
        await tell(resources, "Chest pain")
        assert "Chest pain" in str((await anext(board)).data)
        async with resources.database.work() as session:
            await logins.end(session, who=nurse, now=utc_now())
        await tell(resources, "Knee pain")
        with pytest.raises(StopAsyncIteration):
            await anext(board)


async def test_looking_again_and_worse_are_reminders_and_never_change_a_level(resources: Resources) -> None:
    case = await tell(resources, "Knee pain")
    with pytest.raises(Conflict):
        await decisions.look_again(resources, NURSE, seen=Seen(case.id, 0))
    await decisions.set_level(resources, NURSE, seen=Seen(case.id, 0), choice=Choice(Level.III))
    (row,) = (await read_queue(resources, NURSE, now=utc_now())).levelled
    assert (row.look_due, row.look_in) == (False, 30)
    later = await read_queue(resources, NURSE, now=utc_now() + timedelta(minutes=31))
    assert (later.levelled[0].look_due, later.looks_due) == (True, 1)
    await decisions.look_again(resources, NURSE, seen=Seen(case.id, 1))
    view = await read_case(resources, NURSE, case_id=case.id, now=utc_now())
    assert (view.row.standing.final, view.row.look_due) == (Level.III, False)
    assert [one.decision.step for one in view.taken] == ["level", "looked"]


async def test_only_a_nurse_takes_a_case_off_the_board_and_can_put_it_back(
    resources: Resources, settings: Settings
) -> None:
    case = await tell(resources, "Chest pain")
    rows(
        settings.database_url,
        "UPDATE triage_case SET left_at = now(), created_at = now() - interval '3 days' RETURNING 1",
    )
    queue = await read_queue(resources, NURSE, now=utc_now())
    assert [row.case.id for row in queue.waiting] == [case.id]
    with pytest.raises(Refused):
        await decisions.close(resources, NURSE, seen=Seen(case.id, 0), closing=Closing("gone"))
    closing = Closing("gone", "Called three times, looked outside")
    await decisions.close(resources, NURSE, seen=Seen(case.id, 0), closing=closing)
    assert (await read_queue(resources, NURSE, now=utc_now())).open == ()
    with pytest.raises(Conflict):
        await decisions.set_level(resources, NURSE, seen=Seen(case.id, 1), choice=Choice(Level.I))
    await decisions.take_back(resources, NURSE, seen=Seen(case.id, 1))
    (row,) = (await read_queue(resources, NURSE, now=utc_now())).waiting
    assert row.alarming  # nobody had acknowledged it


async def test_a_person_off_the_board_who_calls_a_nurse_is_on_it_again(resources: Resources) -> None:
    who = Principal(id="kiosk|2", role=Role.KIOSK, display_name="Kiosk", session_id=uuid.uuid4())
    case = await service.call_nurse(resources, who, language="en", now=utc_now())
    await decisions.close(resources, NURSE, seen=Seen(case.id, 0), closing=Closing("doctor"))
    queue = await read_queue(resources, NURSE, now=utc_now())
    assert ([row.case.id for row in queue.closed], queue.open) == ([case.id], ())
    await service.call_nurse(resources, who, language="en", now=utc_now() + timedelta(seconds=1))
    assert [row.case.id for row in (await read_queue(resources, NURSE, now=utc_now())).waiting] == [case.id]


async def test_a_level_answers_a_red_flag_until_it_is_taken_back(resources: Resources) -> None:
    case = await tell(resources, "Chest pain")
    await decisions.set_level(resources, NURSE, seen=Seen(case.id, 0), choice=Choice(Level.I))
    (row,) = (await read_queue(resources, NURSE, now=utc_now())).levelled
    assert not row.alarming
    await decisions.take_back(resources, NURSE, seen=Seen(case.id, 1))
    (row,) = (await read_queue(resources, NURSE, now=utc_now())).waiting
    assert row.alarming


async def test_an_alarm_counts_from_when_the_flag_came(resources: Resources) -> None:
    case = await tell(resources, "Chest pain")
    now = utc_now()
    stages = []
    for minutes in (0, 1.1, 2.1):
        queue = await read_queue(resources, NURSE, now=now + timedelta(minutes=minutes))
        stages.append((queue.waiting[0].alarm, len(queue.unheard)))
    assert stages == [("calling", 0), ("louder", 0), ("nobody", 1)]
    await decisions.acknowledge(resources, NURSE, seen=Seen(case.id, 0), now=now)
    assert (await read_queue(resources, NURSE, now=now + timedelta(hours=1))).unheard == ()


async def test_a_filter_never_hides_a_red_flag(resources: Resources) -> None:
    strange, chest = [await tell(resources, words) for words in (STRANGE, "Chest pain")]
    waiting = (await read_queue(resources, NURSE, now=utc_now())).waiting
    assert [row.case.id for row in Filter("1").kept(waiting)] == [chest.id]
    assert [row.case.id for row in Filter("none").kept(waiting)] == [chest.id, strange.id]
    assert [row.case.id for row in Filter(department="dentistry").kept(waiting)] == [chest.id]
    assert Filter().kept(waiting) == waiting


async def test_the_figures_count_who_waits(resources: Resources) -> None:
    for words in (STRANGE, "Chest pain", "He is choking", "Chest pain"):
        await tell(resources, words)
    queue = await read_queue(resources, NURSE, now=utc_now() + timedelta(minutes=11))
    assert {level: count for level, count in queue.counts.items() if count} == {Level.I: 1, Level.II: 2, None: 1}
    assert (queue.longest, queue.overdue) == (11, 4)


async def test_a_model_suggestion_may_wait_for_the_nurse(resources: Resources, settings: Settings) -> None:
    case = await tell(resources, "Knee pain")
    rows(settings.database_url, "UPDATE triage_case SET suggested_level = 3, automatic_level = 3 RETURNING 1")
    after = replace(resources, settings=settings.model_copy(update={"triage_suggestion": "after"}))
    shown = await read_case(resources, NURSE, case_id=case.id, now=utc_now())
    assert (shown.suggestion, shown.suggestion_hidden) == (Level.III, False)
    hidden = await read_case(after, NURSE, case_id=case.id, now=utc_now())
    assert (hidden.suggestion, hidden.suggestion_hidden) == (None, True)
    await decisions.set_level(resources, NURSE, seen=Seen(case.id, 0), choice=Choice(Level.III))
    told = await read_case(after, NURSE, case_id=case.id, now=utc_now())
    assert (told.suggestion, told.suggestion_hidden) == (Level.III, False)


async def test_a_kiosk_knows_whether_a_board_is_watched(app: FastAPI) -> None:
    resources: Resources = app.state.resources
    now = utc_now()
    assert not await watched(resources, now=now)
    async with resources.database.work() as session:
        _, login = await logins.begin(session, vault=resources.vault, who=NURSE, now=now)
    await keep_open(resources, replace(NURSE, session_id=login.id), now=now)
    assert await watched(resources, now=now + timedelta(seconds=29))
    assert not await watched(resources, now=now + timedelta(seconds=31))
    async with resources.database.work() as session:
        await beat(session, uuid.uuid4(), now=now + timedelta(days=2))
    assert rows(resources.settings.database_url, "SELECT count(*) FROM triage_board") == [(1,)]


async def test_pages_of_the_board_answer_and_refuse(client: httpx.AsyncClient, app: FastAPI, log_in: LogIn) -> None:
    case = await tell(app.state.resources, "Chest pain")
    client.cookies.update(await log_in(Role.NURSE))
    assert (await client.get("/board?level=9")).status_code == 422
    board = await client.get("/board?level=4&department=none-such")
    assert "Chest pain" in board.text
    page = await client.get(f"/board/cases/{case.id}?lang=en")
    assert "<mark>Chest pain</mark>" in page.text
    wrong = await client.post(f"/board/cases/{case.id}/vitals", data={"spo2": "910", "pulse": "88"})
    assert wrong.status_code == 422
    assert 'value="88"' in wrong.text
    assert "SpO2 lies between" in wrong.text
    part = await client.post(f"/board/cases/{case.id}/vitals", data={"spo2": "910"}, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith("<section")
    taken = await client.post(f"/board/cases/{case.id}/vitals", data={"pulse": "88"}, headers={"HX-Request": "true"})
    assert taken.headers["hx-redirect"] == f"/board/cases/{case.id}"


async def test_the_interview_shows_who_wrote_a_question_and_what_of_an_answer_matched(resources: Resources) -> None:
    case = await tell(resources, STRANGE)
    asked = Form(topic="danger", kind="yes_no", options=("Yes", "No"), says=("I have chest pain", ""))
    async with resources.database.work() as session:
        row = await session.get_one(TriageCase, case.id)
        talk = await conversation.read(session, resources, case=row)
        before = len(talk.turns)
        for new in (
            NewTurn(Speaker.MODEL, "Do you have chest pain?", asked),
            NewTurn(Speaker.PATIENT, "Yes"),
            NewTurn(Speaker.HOSPITAL, "Do you have chest pain?", replace(asked, again=talk.next_ordinal)),
        ):
            talk = await conversation.add(session, resources, talk=talk, case=row, new=new)
        await session.flush()
        await reassess(session, resources, case=row, heard=talk.heard)
    view = await read_case(resources, NURSE, case_id=case.id, now=utc_now())
    model, hospital = view.asked[-2:]
    assert (model.by_model, model.standing, model.answer) == (True, False, (Piece("Yes", marked=True),))
    assert (hospital.by_model, hospital.standing, hospital.answer) == (False, True, None)
    assert view.answers_to_model == {before + 1}
    assert [(fired.rule.id, fired.words) for fired in view.trace] == [("chest-pain", ("chest pain",))]
    assert view.row.alarming


@pytest.mark.parametrize("words", ["Chest pain", "He is choking", "I have black tarry stools and feel faint"])
async def test_the_board_knows_the_name_of_a_department(resources: Resources, words: str) -> None:
    await tell(resources, words)
    queue = await read_queue(resources, NURSE, now=utc_now())
    assert queue.departments
    assert set(queue.departments) <= department_names().keys()
