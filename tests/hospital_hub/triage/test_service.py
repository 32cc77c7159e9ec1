"""From a complaint to the board: what is stored the moment it is told, whatever a model does."""

import asyncio

import pytest
from fastapi import FastAPI

from hospital_hub.errors import NotFound, Refused, TooLong
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import service
from hospital_hub.triage.answering import Desk
from hospital_hub.triage.kiosk_login import renew
from tests.fixtures.hub import rows
from tests.hospital_hub.triage.kiosks import CHEST, QUICK, UNKNOWN, somebody, told


@pytest.fixture
def desk(app: FastAPI) -> Desk:
    return Desk(app.state.resources, app.state.models, QUICK)


async def test_a_complaint_is_stored_sealed_with_its_flags_and_an_audit_event(desk: Desk, settings: Settings) -> None:
    who = somebody()
    case = await told(desk, who, CHEST)

    assert case.level == 2
    assert {flag["rule"] for flag in case.flags} == {"chest-pain", "chest-pain-heart", "shock-signs"}
    assert case.number == "A001"
    stored = rows(settings.database_url, "SELECT automatic_level, final_level, flags::text, login_id FROM triage_case")
    assert stored[0][:2] == (2, None)
    assert "疼" not in str(stored[0][2])
    assert stored[0][3] == who.session_id
    (sealed,) = rows(settings.database_url, "SELECT text FROM triage_turn")[0]
    assert CHEST.encode() not in bytes(sealed)  # type: ignore[call-overload]
    subject = desk.resources.vault.blind(f"triage_case/{case.id}")
    assert rows(settings.database_url, "SELECT deed, who, entity, subject FROM audit_event") == [
        ("CREATE", who.id, f"triage_case/{case.id}", subject)
    ]


async def test_what_no_rule_knows_has_no_level_at_all(desk: Desk, settings: Settings) -> None:
    case = await told(desk, somebody(), UNKNOWN)
    assert case.level is None
    assert rows(settings.database_url, "SELECT automatic_level, final_level FROM triage_case") == [(None, None)]


@pytest.mark.parametrize("ai", [True, False])
async def test_without_danger_an_interview_begins(desk: Desk, settings: Settings, *, ai: bool) -> None:
    await told(desk, somebody(), ai=ai)
    found = rows(settings.database_url, "SELECT interview, answer_state FROM triage_case")
    assert found == [("ASKING", "WAITING" if ai else "NONE")]
    assert rows(settings.database_url, "SELECT count(*) FROM triage_turn") == [(1 if ai else 2,)]


@pytest.mark.parametrize("ai", [True, False])
async def test_with_danger_nothing_is_asked(desk: Desk, settings: Settings, *, ai: bool) -> None:
    await told(desk, somebody(), CHEST, ai=ai)
    found = rows(settings.database_url, "SELECT interview, answer_state, summary IS NOT NULL FROM triage_case")
    assert found == [("NONE", "NONE", True)]


async def test_numbers_go_on_when_many_come_at_once(desk: Desk) -> None:
    cases = await asyncio.gather(*(told(desk, somebody()) for _ in range(8)))
    assert sorted(case.number for case in cases) == [f"A00{number}" for number in range(1, 9)]


@pytest.mark.parametrize("words", ["", "   \n\t ", "\x00"])
async def test_no_words_are_refused(desk: Desk, words: str) -> None:
    with pytest.raises(Refused) as refused:
        await told(desk, somebody(), words)
    assert refused.value.code == "empty_text"


async def test_too_many_words_are_refused_and_the_longest_are_taken(desk: Desk) -> None:
    with pytest.raises(TooLong):
        await told(desk, somebody(), "痛" * 4001)
    assert (await told(desk, somebody(), "a" * 4000)).level is None


async def test_only_the_log_in_that_told_it_sees_the_case(desk: Desk) -> None:
    case = await told(desk, somebody())
    with pytest.raises(NotFound):
        await service.own_case(desk.resources, somebody(), case_id=case.id)


async def test_a_call_marks_the_own_case_or_makes_one_without_words(desk: Desk, settings: Settings) -> None:
    who, other = somebody(), somebody()
    case = await told(desk, who)
    assert (await service.call_nurse(desk.resources, who, language="zh-CN", now=utc_now())).id == case.id
    alone = await service.call_nurse(desk.resources, other, language="en", now=utc_now())
    assert alone.called
    assert alone.level is None
    assert rows(settings.database_url, "SELECT count(*) FROM triage_case WHERE called_at IS NOT NULL") == [(2,)]


async def test_a_new_person_at_the_kiosk_ends_the_log_in_before(resources: Resources, settings: Settings) -> None:
    first = await renew(resources, token=None, now=utc_now())
    second = await renew(resources, token=first, now=utc_now())
    assert first != second
    assert rows(settings.database_url, "SELECT count(*), count(ended_at) FROM login") == [(2, 1)]
