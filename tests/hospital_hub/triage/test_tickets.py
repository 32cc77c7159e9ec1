"""The ticket: its code, how long it is good, and that a log-in that ends takes no case off the board."""

import asyncio
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI

from hospital_hub.errors import NotFound
from hospital_hub.identity import logins
from hospital_hub.identity.guard import lifetimes
from hospital_hub.identity.principal import Principal
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import interview_service, service, tickets
from hospital_hub.triage.answering import Desk
from hospital_hub.triage.tables import Interview
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import rows
from tests.hospital_hub.triage.kiosks import QUICK, answers, says, somebody, told

WRONG = ["", "0" * 20, "abc", "\x00", "'; DROP TABLE triage_case; --", "é" * 20]


@pytest.fixture
def desk(app: FastAPI) -> Desk:
    return Desk(app.state.resources, app.state.models, QUICK)


async def behind(resources: Resources, cookie: str, *, now: datetime) -> Principal:
    async with resources.database.work() as session:
        who = await logins.recognise(
            session, vault=resources.vault, token=cookie, lifetimes=lifetimes(resources), now=now
        )
    assert who is not None
    return who


async def test_the_code_is_random_readable_and_kept_as_a_hash(desk: Desk, settings: Settings) -> None:
    who = somebody()
    case = await told(desk, who, ai=False)
    codes = [await tickets.issue(desk.resources, who, case_id=case.id, now=utc_now()) for _ in range(2)]
    assert len(set(codes)) == 2
    for code in codes:
        assert len(code) == tickets.LENGTH
        assert set(code) <= set(tickets.SIGNS)
    (stored,) = rows(settings.database_url, "SELECT ticket, c::text FROM triage_case c")
    assert codes[1].encode() not in bytes(stored[0])  # type: ignore[call-overload]
    assert codes[1] not in str(stored[1])
    with pytest.raises(NotFound):  # the older one is no longer good
        await tickets.resume(desk.resources, token=codes[0], now=utc_now())


async def test_an_interview_goes_on_at_another_kiosk_where_it_stood(desk: Desk) -> None:
    who, now = somebody(), utc_now()
    case = await told(desk, who, "咳嗽两天", ai=False)
    before = await answers(desk, who, case, "不是")
    code = await tickets.issue(desk.resources, who, case_id=case.id, now=now)
    await tickets.leave(desk.resources, who, now=now)
    cookie, case_id = await tickets.resume(desk.resources, token=code.lower(), now=now + timedelta(hours=7))

    other = await behind(desk.resources, cookie, now=utc_now())
    assert case_id == case.id
    after = await interview_service.standing(desk.resources, other, case_id=case_id)
    assert after.asked == before.asked
    with pytest.raises(NotFound):  # the log-in before no longer sees it
        await service.own_case(desk.resources, who, case_id=case_id)
    assert (await answers(desk, other, case, "不是")).interview is Interview.ASKING


async def test_a_question_under_way_is_there_when_one_comes_back(desk: Desk, fake_vllm: FakeVllm) -> None:
    says(fake_vllm, "膝盖的什么部位疼？", topic="place")
    who = somebody()
    case = await told(desk, who)
    code = await tickets.issue(desk.resources, who, case_id=case.id, now=utc_now())
    stream = interview_service.next_question(desk, who, case_id=case.id)
    await anext(stream)
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.02)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    cookie, _ = await tickets.resume(desk.resources, token=code, now=utc_now())
    other = await behind(desk.resources, cookie, now=utc_now())
    events = [event async for event in interview_service.next_question(desk, other, case_id=case.id)]
    assert getattr(events[-1], "text", "") == "膝盖的什么部位疼？"
    assert len(fake_vllm.asked) == 1


@pytest.mark.parametrize("after", [timedelta(hours=8), timedelta(days=3)])
async def test_after_eight_hours_the_code_opens_nothing(desk: Desk, after: timedelta) -> None:
    who, now = somebody(), utc_now()
    case = await told(desk, who, ai=False)
    code = await tickets.issue(desk.resources, who, case_id=case.id, now=now)
    with pytest.raises(NotFound) as refused:
        await tickets.resume(desk.resources, token=code, now=now + after)
    assert refused.value.code == "no_such_ticket"


@pytest.mark.parametrize("code", WRONG)
async def test_a_wrong_code_opens_nothing(desk: Desk, code: str) -> None:
    who = somebody()
    case = await told(desk, who, ai=False)
    await tickets.issue(desk.resources, who, case_id=case.id, now=utc_now())
    with pytest.raises(NotFound):
        await tickets.resume(desk.resources, token=code, now=utc_now())


async def test_what_is_easily_misread_is_read_right(desk: Desk) -> None:
    who = somebody()
    case = await told(desk, who, ai=False)
    code = await tickets.issue(desk.resources, who, case_id=case.id, now=utc_now())
    misread = code.replace("0", "o").replace("1", "l")
    assert (await tickets.resume(desk.resources, token=misread, now=utc_now()))[1] == case.id


async def test_only_the_own_case_gets_a_ticket(desk: Desk) -> None:
    case = await told(desk, somebody(), ai=False)
    with pytest.raises(NotFound):
        await tickets.issue(desk.resources, somebody(), case_id=case.id, now=utc_now())


async def test_leaving_ends_nothing_that_nurses_or_tickets_have(desk: Desk, settings: Settings) -> None:
    who, now = somebody(), utc_now()
    flagged = await told(desk, who, "胸口疼了半小时")
    going_on = await told(desk, who, "膝盖疼", ai=False)
    await tickets.leave(desk.resources, who, now=now)
    await tickets.leave(desk.resources, who, now=now + timedelta(hours=1))
    assert set(rows(settings.database_url, "SELECT id, left_at, interview, automatic_level FROM triage_case")) == {
        (flagged.id, now, "NONE", 2),
        (going_on.id, now, "ASKING", 4),
    }


async def test_coming_back_is_seen_on_the_board(desk: Desk, settings: Settings) -> None:
    who, now = somebody(), utc_now()
    case = await told(desk, who, ai=False)
    code = await tickets.issue(desk.resources, who, case_id=case.id, now=now)
    await tickets.leave(desk.resources, who, now=now)
    await tickets.resume(desk.resources, token=code, now=now)
    assert rows(settings.database_url, "SELECT left_at FROM triage_case") == [(None,)]
