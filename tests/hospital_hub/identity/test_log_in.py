"""In and out of the hub: by the page and by the API, with what stays behind in the audit."""

import httpx
import pytest
from fastapi import FastAPI

from hospital_hub.identity.demonstration import DemoAccount
from hospital_hub.identity.guard import COOKIE
from hospital_hub.identity.logins import FAILURES_BEFORE_LOCK
from hospital_hub.main import create_app
from hospital_hub.settings import Settings
from tests.fixtures.hub import ORIGIN, rows

HTML = {"accept": "text/html", "sec-fetch-dest": "document", "accept-language": "en"}
WRONG = "The name or the password is not right."


def form(account: DemoAccount, *, password: str = "", back: str = "/board") -> dict[str, str]:
    return {"name": account.name, "password": password or account.password, "next": back}


def deeds(url: str) -> list[tuple[object, ...]]:
    return rows(url, "SELECT deed, role FROM audit_event WHERE deed::text ILIKE 'log%' ORDER BY id")


async def test_the_page_logs_in_and_leads_on(client: httpx.AsyncClient, nurse: DemoAccount, settings: Settings) -> None:
    answer = await client.post("/login", data=form(nurse))
    assert (answer.status_code, answer.headers["location"]) == (303, "/board")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    start = await client.get("/", headers=HTML)
    assert nurse.display_name in start.text
    assert 'href="/board"' in start.text
    assert 'href="/audit"' not in start.text
    assert deeds(settings.database_url) == [("LOGIN", "NURSE")]


async def test_the_cookie_is_secure_where_people_come_by_https(settings: Settings, nurse: DemoAccount) -> None:
    app = create_app(settings.model_copy(update={"public_url": "https://hub.hospital.test"}))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="https://hub.hospital.test") as client:
            answer = await client.post("/api/login", json={"name": nurse.name, "password": nurse.password})
    assert "Secure" in answer.headers["set-cookie"].split("; ")


@pytest.mark.parametrize("back", ["//evil.test", "https://evil.test/", "/\\evil.test", "javascript:alert(1)"])
async def test_a_log_in_never_leads_to_another_site(client: httpx.AsyncClient, nurse: DemoAccount, back: str) -> None:
    answer = await client.post("/login", data=form(nurse, back=back))
    assert answer.headers["location"] == "/"
    page = await client.get("/login", params={"next": back})
    assert 'name="next" value="/"' in page.text


async def test_a_wrong_password_and_an_unknown_name_read_the_same(
    client: httpx.AsyncClient, nurse: DemoAccount, settings: Settings
) -> None:
    known = await client.post("/login", data=form(nurse, password="wrong"), headers=HTML)
    unknown = await client.post("/login", data=form(nurse, password="wrong") | {"name": "nobody"}, headers=HTML)
    assert known.status_code == unknown.status_code == 401
    assert WRONG in known.text
    assert known.text.replace(f'value="{nurse.name}"', "") == unknown.text.replace('value="nobody"', "")
    assert deeds(settings.database_url) == [("LOGIN_FAILED", "NURSE"), ("LOGIN_FAILED", None)]
    assert "nobody" not in str(rows(settings.database_url, "SELECT who, entity, detail FROM audit_event"))


async def test_five_wrong_passwords_lock_the_name(
    client: httpx.AsyncClient, nurse: DemoAccount, settings: Settings
) -> None:
    for _ in range(FAILURES_BEFORE_LOCK):
        refused = await client.post("/login", data=form(nurse, password="wrong"), headers=HTML)
        assert "lock a name for five minutes" in refused.text
    right = await client.post("/login", data=form(nurse), headers=HTML)
    assert right.status_code == 401
    assert COOKIE not in right.cookies
    locked = rows(
        settings.database_url, "SELECT detail->'locked' FROM audit_event WHERE deed::text ILIKE 'login_failed'"
    )
    assert [row[0] for row in locked] == [False] * (FAILURES_BEFORE_LOCK - 1) + [True, True]


async def test_a_new_log_in_ends_the_one_before(client: httpx.AsyncClient, nurse: DemoAccount) -> None:
    await client.post("/login", data=form(nurse))
    first = client.cookies[COOKIE]
    await client.post("/login", data=form(nurse))
    second = client.cookies[COOKIE]
    assert first != second
    client.cookies.set(COOKIE, first, domain="127.0.0.1")
    client.cookies.clear()
    client.cookies.set(COOKIE, first)
    assert nurse.display_name not in (await client.get("/", headers=HTML)).text


async def test_a_cookie_from_before_the_log_in_is_never_taken_over(
    client: httpx.AsyncClient, nurse: DemoAccount
) -> None:
    client.cookies.set(COOKIE, "planted")
    answer = await client.post("/login", data=form(nurse))
    assert f"{COOKIE}=planted" not in answer.headers["set-cookie"]


async def test_logging_out_ends_the_log_in_on_the_server(
    client: httpx.AsyncClient, nurse: DemoAccount, settings: Settings
) -> None:
    await client.post("/login", data=form(nurse))
    token = client.cookies[COOKIE]
    answer = await client.post("/logout")
    assert answer.headers["location"] == "/"
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, token)
    assert nurse.display_name not in (await client.get("/", headers=HTML)).text
    assert [row[0] for row in deeds(settings.database_url)] == ["LOGIN", "LOGOUT"]


async def test_programs_log_in_and_out(client: httpx.AsyncClient, nurse: DemoAccount) -> None:
    answer = await client.post("/api/login", json={"name": nurse.name, "password": nurse.password})
    assert (answer.status_code, answer.content) == (204, b"")
    assert COOKIE in client.cookies
    assert (await client.post("/api/logout")).status_code == 204
    assert COOKIE not in client.cookies


async def test_programs_are_told_what_is_wrong(client: httpx.AsyncClient, nurse: DemoAccount) -> None:
    refused = await client.post("/api/login", json={"name": nurse.name, "password": "wrong"})
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "wrong_name_or_password"
    extra = await client.post("/api/login", json={"name": "a", "password": "b", "role": "administrator"})
    assert (extra.status_code, extra.json()["errors"][0]["location"]) == (422, "body.role")
    broken = await client.post("/api/login", content=b"{", headers={"content-type": "application/json"})
    assert (broken.status_code, broken.json()["code"]) == (400, "broken_json")
    assert "wrong" not in refused.text.replace("wrong_name", "").replace("Five wrong", "")


async def test_another_sites_page_cannot_log_somebody_in(client: httpx.AsyncClient, nurse: DemoAccount) -> None:
    answer = await client.post("/login", data=form(nurse), headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert COOKIE not in client.cookies


async def test_a_browser_is_led_to_the_log_in_page_and_a_program_is_told(client: httpx.AsyncClient) -> None:
    led = await client.get("/operations", headers=HTML)
    assert (led.status_code, led.headers["location"]) == (303, "/login?next=/operations")
    told = await client.get("/operations", headers={"accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (401, "not_logged_in")


async def test_the_front_page_shows_every_entrance_in_both_languages(client: httpx.AsyncClient) -> None:
    english = (await client.get("/?lang=en", headers=HTML)).text
    chinese = (await client.get("/?lang=zh-CN", headers=HTML)).text
    for path in ("/kiosk", "/board", "/research", "/operations", "/audit", "http://127.0.0.1:8710"):
        assert f'href="{path}"' in english
        assert f'href="{path}"' in chinese
    assert "Nurse board" in english
    assert "护士看板" in chinese


async def test_only_the_demonstration_prints_passwords(app: FastAPI, settings: Settings, nurse: DemoAccount) -> None:
    real = create_app(settings.model_copy(update={"demo": False}))
    async with real.router.lifespan_context(real):
        for made, printed in ((app, True), (real, False)):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=made), base_url=ORIGIN) as client:
                page = await client.get("/login")
                start = await client.get("/")
            assert (nurse.password in page.text) is printed
            assert ("8710" in start.text) is printed
