"""A ticket goes on at another kiosk, says nothing about health, and outlives the log-in that made it."""

import dataclasses
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from hospital_hub.clinical.levels import Level
from hospital_hub.errors import WrongSetup
from hospital_hub.main import create_app
from hospital_hub.settings import Settings
from hospital_hub.triage.service import Told
from hospital_hub.triage.tables import AnswerState
from hospital_hub.triage.ticket_pages import grouped, plain, qr, zone
from hospital_hub.triage.zones import load_zones
from tests.fixtures.hub import rows
from tests.hospital_hub.triage.test_pages import HTML, answer_url, at_kiosk, question, tell

ZONE = re.compile(r'<p class="ticket-zone"><b>([^<]+)</b></p>')
CODE = re.compile(r'<p class="ticket-letters">([0-9A-Z]{4}(?:-[0-9A-Z]{4}){4})</p>')


def code_on(page: httpx.Response) -> str:
    (code,) = CODE.findall(page.text)
    return str(code)


async def to_ticket(client: httpx.AsyncClient, words: str = "膝盖疼", *, ai: str = "no") -> httpx.Response:
    place = (await tell(client, words, ai=ai)).headers["location"]
    return await client.get(place + "/ticket", headers=HTML)


async def test_the_ticket_says_where_to_wait_and_nothing_about_health(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    page = await to_ticket(client)
    paper = page.text.partition('class="card ticket"')[2].partition("</section>")[0]
    assert "A001" in paper
    assert re.search("分诊台旁|候诊区 [AB]", paper)
    assert "按病情轻重就诊" in paper
    assert "如感觉加重" in paper
    assert "不使用 AI" in paper
    assert "<svg viewBox=" in paper
    assert not re.search("膝盖|疼|level|[一二三四]级|危险", paper)


async def test_looked_at_again_it_is_the_same_ticket(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    first = await to_ticket(client)
    again = await client.get(first.url.path, headers=HTML)
    assert code_on(again) == code_on(first)


async def test_after_an_end_the_person_goes_on_where_she_stopped(client: httpx.AsyncClient, settings: Settings) -> None:
    await at_kiosk(client)
    place = (await tell(client, "膝盖疼", ai="no")).headers["location"]
    first = await client.get(place, headers=HTML)
    await client.post(answer_url(first), data={"tapped": "不是"}, headers=HTML)
    second = question(await client.get(place, headers=HTML))
    code = code_on(await client.get(place + "/ticket", headers=HTML))
    await client.post("/kiosk/leave", headers=HTML)
    assert rows(settings.database_url, "SELECT left_at IS NOT NULL FROM triage_case") == [(True,)]
    await at_kiosk(client)
    for typed in (code, code.lower().replace("-", " "), code.replace("0", "O")):
        resumed = await client.post("/kiosk/resume", data={"code": typed}, headers=HTML)
        assert (resumed.status_code, resumed.headers["location"]) == (303, place)
        assert question(await client.get(place, headers=HTML)) == second
    assert code_on(await client.get(place + "/ticket", headers=HTML)) == code  # the paper in her hand stays good
    assert rows(settings.database_url, "SELECT left_at IS NULL FROM triage_case") == [(True,)]


@pytest.mark.parametrize("code", ["", "0000-0000", "膝盖疼", "x" * 5000, "\u0000", "' OR 1=1 --"])
async def test_an_unknown_code_gets_a_sentence(client: httpx.AsyncClient, code: str) -> None:
    await at_kiosk(client)
    await to_ticket(client)
    answer = await client.post("/kiosk/resume", data={"code": code}, headers=HTML)
    assert answer.status_code == 404
    assert 'id="code-error"' in answer.text


async def test_an_expired_code_is_an_unknown_one(client: httpx.AsyncClient, settings: Settings) -> None:
    await at_kiosk(client)
    code = code_on(await to_ticket(client))
    rows(settings.database_url, "UPDATE triage_case SET ticket_until = now() - interval '1 second' RETURNING id")
    assert (await client.post("/kiosk/resume", data={"code": code}, headers=HTML)).status_code == 404


async def test_another_persons_ticket_is_not_shown(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    page = await to_ticket(client)
    await at_kiosk(client)
    assert (await client.get(page.url.path, headers=HTML)).status_code == 404


async def test_a_code_never_stands_in_an_address(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    page = await to_ticket(client)
    assert not re.search(rf'(?:href|action|src)="[^"]*(?:{code_on(page)}|{plain(code_on(page))})', page.text)


@pytest.mark.parametrize(
    ("level", "flags", "called", "place"),
    [
        (None, (), False, "At the triage desk"),
        (Level.I, (), False, "At the triage desk"),
        (Level.II, (), False, "At the triage desk"),
        (Level.III, (), False, "Waiting area A"),
        (Level.IV, (), False, "Waiting area B"),
        (Level.IV, ({"rule": "chest-pain"},), False, "At the triage desk"),
        (Level.IV, (), True, "At the triage desk"),
    ],
)
def test_who_is_not_known_to_be_well_enough_waits_at_the_desk(
    level: Level | None, flags: tuple[dict[str, str], ...], place: str, *, called: bool
) -> None:
    told = Told.__new__(Told)
    for name, value in {"level": level, "flags": flags, "called": called, "answer_state": AnswerState.NONE}.items():
        object.__setattr__(told, name, value)
    zones = load_zones(None)
    assert zone(told, zones, language="en") == place
    assert zone(told, zones, language="zh-CN") == {"A": "候诊区 A", "B": "候诊区 B"}.get(place[-1], "分诊台旁")


HOUSE = """
desk = ["一楼导诊台", "Reception, ground floor"]
III = ["红区", "Red zone"]
IV = ["绿区", "Green zone"]
"""


async def test_the_ticket_names_the_site_s_own_waiting_areas(
    client: httpx.AsyncClient, app: FastAPI, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "zones.toml"
    file.write_text(HOUSE, "utf-8")
    own = settings.model_copy(update={"triage_zones_file": file})
    app.state.resources = dataclasses.replace(app.state.resources, settings=own)
    await at_kiosk(client)
    page = await to_ticket(client)
    english = await client.get(f"{page.url.path}?lang=en", headers=HTML)
    named = [ZONE.findall(one.text) for one in (page, english)]
    assert named in (
        [["红区"], ["Red zone"]],
        [["绿区"], ["Green zone"]],
        [["一楼导诊台"], ["Reception, ground floor"]],
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("desk = [", "cannot be read"),
        (HOUSE.replace("III", "V"), "III"),
        (HOUSE.replace('"红区"', '""'), "III.0"),
        (HOUSE.replace("红区", "红" * 41), "III.0"),
        (HOUSE + 'VIP = ["贵宾", "VIP"]', "VIP"),
    ],
)
def test_zones_that_cannot_be_used_stop_the_start(settings: Settings, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "zones.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(WrongSetup, match=says):
        create_app(settings.model_copy(update={"triage_zones_file": file}))
    with pytest.raises(WrongSetup, match="cannot be read"):
        create_app(settings.model_copy(update={"triage_zones_file": tmp_path / "nowhere.toml"}))


def test_a_code_is_read_in_groups_and_typed_in_any_way() -> None:
    assert grouped("0123456789ABCDEFGHJK") == "0123-4567-89AB-CDEF-GHJK"
    for typed in ("0123-4567", " 0123 4567\n", "0123 4567", "０１２３－４５６７"):
        assert plain(typed) == "01234567"
    assert plain("oil-Abc") == "011ABC"


def test_the_picture_is_drawn_without_styles() -> None:
    drawn = str(qr("0123456789ABCDEFGHJK"))
    assert drawn.startswith("<svg")
    assert "style" not in drawn
    assert "0123" not in drawn
