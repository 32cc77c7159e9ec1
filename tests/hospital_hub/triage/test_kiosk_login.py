"""A kiosk forgets a person: when she is done, when nobody is there, and when the browser has died."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from hospital_hub.identity.guard import KIOSK_COOKIE
from hospital_hub.main import create_app
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from hospital_hub.triage import kiosk_login
from tests.fixtures.hub import rows
from tests.hospital_hub.triage.test_pages import HTML, at_kiosk, tell

LIVING = "SELECT count(*) FROM login WHERE ended_at IS NULL"
CASES = "SELECT left_at IS NOT NULL FROM triage_case"


async def test_leaving_ends_the_log_in_and_clears_the_browser_but_not_the_board(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    await at_kiosk(client)
    place = (await tell(client, "胸痛", ai="no")).headers["location"]
    answer = await client.post("/kiosk/leave", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    dropped = answer.headers.get_list("set-cookie")
    for name in ("hub_kiosk_for", "hub_kiosk_look", "hub_kiosk_ticket", "hub_lang"):
        assert any(one.startswith(f'{name}=""') for one in dropped), name
    assert rows(settings.database_url, LIVING) == [(0,)]
    assert rows(settings.database_url, CASES) == [(True,)]
    assert (await client.get(place, headers=HTML)).headers["location"] == "/kiosk"


async def test_the_page_for_the_next_person_is_new(client: httpx.AsyncClient, settings: Settings) -> None:
    await client.get("/kiosk?lang=en", headers=HTML)
    await client.post("/kiosk/for", data={"whom": "other"}, headers=HTML)
    before = client.cookies[KIOSK_COOKIE]
    answer = await client.get("/kiosk?next=1", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk")
    page = await client.get("/kiosk", headers=HTML)
    assert 'lang="zh-CN"' in page.text
    assert 'value="other" aria-pressed="false"' in page.text
    assert client.cookies[KIOSK_COOKIE] != before
    assert rows(settings.database_url, LIVING) == [(1,)]


async def test_a_page_that_beats_lives_and_one_that_falls_silent_ends(
    client: httpx.AsyncClient, resources: Resources, settings: Settings
) -> None:
    await at_kiosk(client)
    assert (await tell(client, "膝盖疼", ai="no")).status_code == 303
    assert (await client.post("/kiosk/alive")).status_code == 204
    now = utc_now()
    assert await kiosk_login.end_silent(resources, now=now + timedelta(seconds=110)) == 0
    assert await kiosk_login.end_silent(resources, now=now + timedelta(seconds=130)) == 1
    assert await kiosk_login.end_silent(resources, now=now + timedelta(seconds=150)) == 0
    assert rows(settings.database_url, LIVING) == [(0,)]
    assert rows(settings.database_url, CASES) == [(True,)]
    assert rows(settings.database_url, "SELECT count(*) FROM audit_event WHERE deed = 'LOGOUT'") == [(1,)]


async def test_who_types_slowly_keeps_the_page(
    client: httpx.AsyncClient, resources: Resources, settings: Settings
) -> None:
    """Forty minutes over one complaint, with a beat every 20 s."""
    await at_kiosk(client)
    await client.post("/kiosk/alive")
    rows(settings.database_url, "UPDATE login SET created_at = now() - interval '40 minutes' RETURNING id")
    assert await kiosk_login.end_silent(resources, now=utc_now() + timedelta(seconds=20)) == 0
    assert (await tell(client, "膝盖疼", ai="no")).headers["location"].startswith("/kiosk/cases/")


async def test_a_program_or_a_page_without_scripts_never_beat_and_is_not_ended_for_it(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    await at_kiosk(client)
    assert await kiosk_login.end_silent(resources, now=utc_now() + timedelta(minutes=10)) == 0
    assert (await tell(client, "膝盖疼", ai="no")).status_code == 303


async def test_a_beat_of_an_ended_log_in_is_sent_to_the_start(client: httpx.AsyncClient) -> None:
    await at_kiosk(client)
    await client.post("/kiosk/leave")
    answer = await client.post("/kiosk/alive")
    assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk")


async def test_the_process_looks_by_itself(client: httpx.AsyncClient, resources: Resources, settings: Settings) -> None:
    await at_kiosk(client)
    await client.post("/kiosk/alive")
    rows(settings.database_url, "UPDATE login SET seen_at = now() - interval '3 minutes' RETURNING id")
    watching = asyncio.create_task(kiosk_login.watch(resources, every=0.01))
    async with asyncio.timeout(5):
        while rows(settings.database_url, LIVING) != [(0,)]:
            await asyncio.sleep(0.02)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_hub_that_fails_ends_its_look_out(settings: Settings) -> None:
    app = create_app(settings)

    async def fail() -> None:
        async with app.router.lifespan_context(app):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert not [task for task in asyncio.all_tasks() if "watch" in repr(task.get_coro())]
