"""The routes: who may use them, what bad input gets, and what one kiosk never learns of another's case."""

import re
import uuid

import httpx
import pytest

from hospital_hub.identity.guard import COOKIE, KIOSK_COOKIE
from hospital_hub.identity.permissions import Role
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage.watching import beat
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import LogIn, rows
from tests.hospital_hub.triage.kiosks import says

HTML = {"Accept": "text/html"}
SOMEBODY = str(uuid.UUID(int=7))
BOARD = ["/board", f"/board/cases/{SOMEBODY}", "/board/events"]
STEPS = ["level", "acknowledge", "take-back"]


async def at_kiosk(client: httpx.AsyncClient) -> None:
    client.cookies.clear()
    assert (await client.get("/kiosk", headers=HTML)).status_code == 200


async def tell(client: httpx.AsyncClient, words: str, *, ai: str = "yes") -> httpx.Response:
    return await client.post("/kiosk/cases", data={"complaint": words, "ai": ai}, headers=HTML)


def answer_url(page: httpx.Response) -> str:
    return re.findall(r'action="(/kiosk/cases/[^"]+/answers/\d+)"', page.text)[0]


def question(page: httpx.Response) -> str:
    return re.findall(r'<h1 id="asked"[^>]*>([^<]+)<', page.text)[0]


def names_in(events: httpx.Response) -> list[str]:
    return re.findall(r"^event: (\w+)\r?$", events.text, re.MULTILINE)


async def test_the_first_page_begins_a_log_in_that_scripts_cannot_read(client: httpx.AsyncClient) -> None:
    answer = await client.get("/kiosk", headers=HTML)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{KIOSK_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "请告诉我们您哪里不舒服" in answer.text
    assert "/kiosk/nurse" in answer.text
    assert "ai=no" in answer.text


async def test_a_page_whose_log_in_has_ended_begins_again(client: httpx.AsyncClient) -> None:
    for path in ("/kiosk/question", f"/kiosk/cases/{SOMEBODY}"):
        answer = await client.get(path, headers=HTML)
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk")


async def test_a_complaint_leads_to_the_stream_and_that_to_the_question(
    client: httpx.AsyncClient, fake_vllm: FakeVllm
) -> None:
    says(fake_vllm, "是从什么时候开始疼的？")
    await at_kiosk(client)
    told = await tell(client, "膝盖疼")
    assert told.status_code == 303
    page = await client.get(told.headers["location"], headers=HTML)
    assert "data-stream" in page.text
    assert "膝盖疼" not in page.text
    events = await client.get(told.headers["location"] + "/events")
    assert events.headers["content-type"].startswith("text/event-stream")
    assert names_in(events) == ["stage", "stage", "done"]
    assert len(re.findall(r"^id: [0-9a-f]{12}-\d\r?$", events.text, re.MULTILINE)) == 3
    assert "data-go" in events.text
    asked = await client.get(told.headers["location"], headers=HTML)
    assert "是从什么时候开始疼的？" in asked.text
    assert "ai-label" in asked.text
    assert "第 1 题，最多 10 题" in asked.text
    assert names_in(await client.get(told.headers["location"] + "/events")) == ["done"]


async def test_without_scripts_one_request_waits_for_the_question(
    client: httpx.AsyncClient, fake_vllm: FakeVllm
) -> None:
    says(fake_vllm, "是从什么时候开始疼的？")
    await at_kiosk(client)
    place = (await tell(client, "膝盖疼")).headers["location"]
    page = await client.get(place, headers=HTML)
    assert f'<noscript><meta http-equiv="refresh" content="0; url={place}/next">' in page.text
    waited = await client.get(place + "/next", headers=HTML)
    assert (waited.status_code, waited.headers["location"]) == (303, place)
    assert "是从什么时候开始疼的？" in (await client.get(place, headers=HTML)).text


async def test_what_a_model_writes_is_text(client: httpx.AsyncClient, fake_vllm: FakeVllm) -> None:
    says(fake_vllm, 'When did the "pain" begin & is it there?')
    await at_kiosk(client)
    place = (await tell(client, "My knee hurts")).headers["location"]
    await client.get(place + "/next")
    assert "&#34;pain&#34; begin &amp; is it there?" in (await client.get(place, headers=HTML)).text


async def test_answers_lead_from_question_to_question_and_to_the_ticket(
    client: httpx.AsyncClient, fake_vllm: FakeVllm
) -> None:
    await at_kiosk(client)
    place = (await tell(client, "膝盖疼", ai="no")).headers["location"]
    seen = []
    while (page := await client.get(place, headers=HTML)).status_code == 200:
        seen.append(re.findall(r"第 (\d+) 题", page.text)[0])
        assert "without-ai" not in page.text  # nothing is left to be taken back
        answered = await client.post(answer_url(page), data={"words": "没有"}, headers=HTML)
        assert (answered.status_code, answered.headers["location"]) == (303, place)
    assert seen[0] == "1"
    assert 3 <= len(seen) <= 10
    assert page.headers["location"] == f"{place}/ticket"
    assert fake_vllm.asked == []


async def test_an_answer_with_a_danger_sign_hands_over(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    place = (await tell(client, "膝盖疼", ai="no")).headers["location"]
    page = await client.get(place, headers=HTML)
    await client.post(answer_url(page), data={"words": "现在胸口疼得厉害，喘不上气"}, headers=HTML)
    page = await client.get(place, headers=HTML)
    assert re.search("care-(?:urgent|emergency)", page.text)


async def test_a_question_is_taken_back_and_one_that_is_pressed_twice_is_answered_once(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    await at_kiosk(client)
    place = (await tell(client, "膝盖疼", ai="no")).headers["location"]
    first = await client.get(place, headers=HTML)
    assert "/back" not in first.text
    for _ in range(2):
        twice = await client.post(answer_url(first), data={"tapped": "不是"}, headers=HTML)
        assert (twice.status_code, twice.headers["location"]) == (303, place)
    second = await client.get(place, headers=HTML)
    assert question(second) != question(first)
    assert rows(settings.database_url, "SELECT count(*) FROM triage_turn WHERE speaker = 'PATIENT'") == [(2,)]
    await client.post(place + "/back", headers=HTML)
    assert question(await client.get(place, headers=HTML)) == question(first)


@pytest.mark.parametrize("words", ["", "   "])
async def test_an_empty_answer_is_asked_for_again_with_a_sentence(client: httpx.AsyncClient, words: str) -> None:
    await at_kiosk(client)
    page = await client.get((await tell(client, "膝盖疼", ai="no")).headers["location"], headers=HTML)
    again = await client.post(answer_url(page), data={"words": words}, headers=HTML)
    assert again.status_code == 422
    assert "field-error" in again.text
    assert question(again) == question(page)


async def test_enough_ends_the_questions(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    place = (await tell(client, "膝盖疼", ai="no")).headers["location"]
    await client.post(place + "/enough", headers=HTML)
    assert (await client.get(place, headers=HTML)).headers["location"] == f"{place}/ticket"


async def test_the_consent_is_taken_back_in_the_middle(
    client: httpx.AsyncClient, fake_vllm: FakeVllm, settings: Settings
) -> None:
    await at_kiosk(client)
    place = (await tell(client, "膝盖疼")).headers["location"]
    await client.post(place + "/without-ai", headers=HTML)
    await client.get(place + "/next", headers=HTML)
    page = await client.get(place, headers=HTML)
    assert "ai-label" not in page.text
    assert "without-ai" not in page.text
    assert fake_vllm.asked == []
    assert rows(settings.database_url, "SELECT with_ai FROM triage_case") == [(False,)]


async def test_the_way_is_changed_while_words_are_typed_already(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    page = await client.post("/kiosk/question", data={"ai": "yes", "way": "no", "complaint": "膝盖疼"}, headers=HTML)
    assert ">膝盖疼</textarea>" in page.text
    assert 'name="ai" value="no"' in page.text


async def test_who_helps_somebody_is_spoken_to_as_that(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    chosen = await client.post("/kiosk/for", data={"whom": "other"}, headers=HTML)
    assert chosen.headers["location"] == "/kiosk"
    assert "您帮助的人今天哪里不舒服" in (await client.get("/kiosk/question", headers=HTML)).text
    place = (await tell(client, "我妈妈胸口疼了半小时")).headers["location"]
    assert "请让患者在这里坐下或躺下" in (await client.get(place, headers=HTML)).text
    await client.post("/kiosk/leave", headers=HTML)
    assert "您帮助的人" not in (await client.get("/kiosk", headers=HTML)).text


async def test_with_no_board_listening_the_kiosk_says_so(client: httpx.AsyncClient, resources: Resources) -> None:
    await at_kiosk(client)
    place = (await tell(client, "胸口疼了半小时")).headers["location"]
    alone = await client.get(place, headers=HTML)
    assert "现在没有护士能看到这台机器的信息" in alone.text
    assert "护士正在赶来" not in alone.text
    async with resources.database.work() as session:
        await beat(session, uuid.uuid4(), now=utc_now())
    seen = await client.get(place, headers=HTML)
    assert "现在没有护士" not in seen.text
    assert "护士正在赶来" in seen.text


async def test_the_look_is_kept_on_every_page_also_without_scripts(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    chosen = await client.post("/kiosk/look", data={"text": "3", "back": "/kiosk/question?ai=no"}, headers=HTML)
    assert chosen.headers["location"] == "/kiosk/question?ai=no"
    await client.post("/kiosk/look", data={"theme": "contrast"}, headers=HTML)
    for path in ("/kiosk/question", "/kiosk/resume"):
        page = await client.get(path, headers=HTML)
        assert 'data-text="3" data-theme-chosen="contrast" data-theme="contrast"' in page.text


@pytest.mark.parametrize(
    ("words", "manner"),
    [
        ("胸口疼了半小时", "care-urgent"),
        ("孩子噎住了", "care-emergency"),
        ("我不想活了", "您不是一个人"),
    ],
)
async def test_the_hand_over_is_on_the_first_page_and_names_no_level(
    client: httpx.AsyncClient, words: str, manner: str
) -> None:
    await at_kiosk(client)
    page = await client.get((await tell(client, words)).headers["location"], headers=HTML)
    assert manner in page.text
    assert "level-" not in page.text


@pytest.mark.parametrize(("words", "status"), [("", 422), ("  \n", 422), ("痛" * 4001, 413)])
async def test_wrong_words_come_back_with_a_sentence_and_are_not_lost(
    client: httpx.AsyncClient, words: str, status: int
) -> None:
    await at_kiosk(client)
    answer = await tell(client, words)
    assert answer.status_code == status
    assert "field-error" in answer.text
    assert words.strip() in answer.text


async def test_another_kiosk_does_not_see_the_case(client: httpx.AsyncClient, fake_vllm: FakeVllm) -> None:
    await at_kiosk(client)
    place = (await tell(client, "胸痛")).headers["location"]
    await at_kiosk(client)
    for path in (place, place + "/events"):
        assert (await client.get(path)).status_code == 404
    assert fake_vllm.asked == []


async def test_the_next_person_cannot_go_back(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    place = (await tell(client, "胸痛")).headers["location"]
    await client.get("/kiosk", headers=HTML)
    assert (await client.get(place)).status_code == 404


async def test_calling_a_nurse_needs_no_words(client: httpx.AsyncClient, settings: Settings) -> None:
    await at_kiosk(client)
    called = await client.post("/kiosk/nurse", headers=HTML)
    page = await client.get(called.headers["location"], headers=HTML)
    assert "请留在自助机旁" in page.text
    assert rows(settings.database_url, "SELECT automatic_level, called_at IS NOT NULL FROM triage_case") == [
        (None, True)
    ]


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.NURSE, Role.KIOSK}])
async def test_only_nurses_see_the_board(client: httpx.AsyncClient, log_in: LogIn, role: Role) -> None:
    client.cookies.update(await log_in(role))
    for path in BOARD:
        assert (await client.get(path)).status_code == 403
    for step in STEPS:
        assert (await client.post(f"/board/cases/{SOMEBODY}/{step}", data={"seen": 0})).status_code == 403


async def test_a_kiosk_does_not_see_the_board_and_a_nurse_is_no_kiosk(client: httpx.AsyncClient, log_in: LogIn) -> None:
    kiosk = await log_in(Role.KIOSK)
    client.cookies.update({**kiosk, COOKIE: kiosk[KIOSK_COOKIE]})
    assert (await client.get("/board")).status_code == 403
    client.cookies.clear()
    client.cookies.set(KIOSK_COOKIE, (await log_in(Role.NURSE))[COOKIE])
    assert (await client.post("/api/triage/cases", json={"text": "x"})).status_code == 403


async def test_a_nurse_levels_a_case_over_the_pages(client: httpx.AsyncClient, log_in: LogIn) -> None:
    await at_kiosk(client)
    case_id = (await tell(client, "Chest pain for an hour", ai="no")).headers["location"].rpartition("/")[2]
    client.cookies.clear()
    client.cookies.update(await log_in(Role.NURSE))
    page = await client.get(f"/board/cases/{case_id}?lang=en", headers=HTML)
    assert "<mark>Chest pain</mark>" in page.text
    assert "NICE CG95" in page.text
    url = f"/board/cases/{case_id}/level"
    refused = await client.post(url, data={"seen": 0, "level": 4}, headers={"hx-request": "true"})
    assert refused.status_code == 422
    assert refused.headers["hx-retarget"] == "#alerts"
    done = await client.post(url, data={"seen": 0, "level": 1}, headers={"hx-request": "true"})
    assert (done.status_code, done.headers["hx-redirect"]) == (204, f"/board/cases/{case_id}")
    stale = await client.post(url, data={"seen": 0, "level": 2})
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    "form",
    [
        {"seen": 0, "level": 5},
        {"seen": 0, "level": 0},
        {"seen": -1, "level": 1},
        {"level": 1},
        {"seen": 0, "level": 1, "x": 1},
    ],
)
async def test_a_level_that_is_none_is_refused(client: httpx.AsyncClient, log_in: LogIn, form: dict[str, int]) -> None:
    client.cookies.update(await log_in(Role.NURSE))
    answer = await client.post(f"/board/cases/{SOMEBODY}/level", data=form)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_the_api_tells_what_the_rules_found(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    answer = await client.post("/api/triage/cases", json={"text": "  No fever, but chest pain"})
    assert answer.status_code == 201
    body = answer.json()
    assert (body["level"], body["language"], body["number"]) == ("II", "en", "A001")
    (flag,) = body["red_flags"]
    assert (flag["rule"], flag["title"]) == ("chest-pain", "Chest pain or pressure")
    assert flag["start"] >= "No fever, but chest pain".index("chest")
    assert body["events"] is None  # no question comes after a red flag
    assert body["notice"]
    asked = (await client.post("/api/triage/cases", json={"text": "Knee pain"})).json()
    assert (asked["level"], asked["events"]) == ("IV", f"/kiosk/cases/{asked['id']}/events")
    calm = await client.post("/api/triage/cases", json={"text": "Knee pain", "with_ai": False})
    assert (calm.json()["level"], calm.json()["events"]) == ("IV", None)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": ""}, 422, "empty_text"),
        ({"text": "a" * 4001}, 413, "too_long"),
        ({"text": 5}, 422, "invalid_request"),
        ({"text": "x", "level": "IV"}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
        ([], 422, "invalid_request"),
    ],
)
async def test_bad_input_has_a_code_and_a_sentence(
    client: httpx.AsyncClient, settings: Settings, body: object, status: int, code: str
) -> None:
    await at_kiosk(client)
    answer = await client.post("/api/triage/cases", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert rows(settings.database_url, "SELECT count(*) FROM triage_case") == [(0,)]


async def test_half_a_character_is_bad_input_and_stores_nothing(client: httpx.AsyncClient, settings: Settings) -> None:
    await at_kiosk(client)
    answer = await client.post(
        "/api/triage/cases", content=b'{"text": "chest pain \\ud800"}', headers={"content-type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert rows(settings.database_url, "SELECT count(*) FROM triage_case") == [(0,)]


async def test_the_api_needs_a_kiosk(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/triage/cases", json={"text": "chest pain"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_logged_in")
