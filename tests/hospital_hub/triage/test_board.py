"""The nurses' side: order, what is opened and recorded, levels with their reasons, undo, news between workers."""

import asyncio
import uuid
from contextlib import aclosing
from dataclasses import replace

import pytest
from fastapi import FastAPI
from starlette.requests import Request

from hospital_hub.clinical.levels import Level
from hospital_hub.errors import Conflict, NotFound, Refused
from hospital_hub.identity import logins
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import decisions, service
from hospital_hub.triage.board import read_queue
from hospital_hub.triage.board_pages import live_queue
from hospital_hub.triage.case_view import read_case
from hospital_hub.triage.decisions import Seen
from hospital_hub.triage.final_level import Choice
from hospital_hub.triage.live import changes
from hospital_hub.triage.service import Complaint, Told
from tests.fixtures.hub import rows

NURSE = Principal(id="nurse-1", role=Role.NURSE, display_name="Nurse One")
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
    case = await tell(resources, "Knee pain")
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


async def test_every_worker_hears_of_a_change_when_it_is_committed(resources: Resources, settings: Settings) -> None:
    async with aclosing(changes(settings.database_url, beat=30.0)) as news:
        await anext(news)
        heard = asyncio.ensure_future(anext(news))
        await asyncio.sleep(0.1)
        assert not heard.done()
        await tell(resources, "Chest pain")
        async with asyncio.timeout(2):
            await heard


async def test_a_board_beats_without_news(settings: Settings) -> None:
    async with aclosing(changes(settings.database_url, beat=0.05)) as news:
        async with asyncio.timeout(2):
            for _ in range(3):
                await anext(news)


async def test_the_live_board_ends_with_its_log_in(app: FastAPI) -> None:
    resources: Resources = app.state.resources
    async with resources.database.work() as session:
        _, login = await logins.begin(session, vault=resources.vault, who=NURSE, now=utc_now())
    nurse = replace(NURSE, session_id=login.id)
    scope = {"type": "http", "app": app, "path": "/board/events", "query_string": b"", "headers": [], "method": "GET"}
    async with aclosing(live_queue(Request(scope), nurse)) as board:
        assert "article" not in str((await anext(board)).data)
        await tell(resources, "Chest pain")
        assert "Chest pain" in str((await anext(board)).data)
        async with resources.database.work() as session:
            await logins.end(session, who=nurse, now=utc_now())
        await tell(resources, "Knee pain")
        with pytest.raises(StopAsyncIteration):
            await anext(board)
