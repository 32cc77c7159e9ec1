"""Chinese unless asked otherwise; the switch stays inside the hub."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.web.languages import choose_language
from hospital_hub.web.pages import local_path


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "path", "language"),
    [
        (None, None, "", "/", "zh-CN"),
        (None, None, "en-GB,en;q=0.9", "/", "en"),
        (None, None, "fr, en;q=0.5, zh;q=0.6", "/", "zh-CN"),
        (None, None, "de", "/", "zh-CN"),
        (None, None, "en;q=0", "/", "zh-CN"),
        (None, None, "en;q=9, ;;,", "/", "zh-CN"),
        (None, "en", "zh-CN", "/", "en"),
        ("zh-CN", "en", "en", "/", "zh-CN"),
        ("klingon", "en", "", "/", "en"),
        ("klingon", "klingon", "en", "/", "en"),
        (None, None, "en", "/kiosk/start", "zh-CN"),
        (None, "en", "zh", "/kiosk/start", "en"),
        ("en", None, "zh", "/kiosk/start", "en"),
    ],
)
def test_choosing(query: str | None, cookie: str | None, accept: str, path: str, language: str) -> None:
    assert choose_language(query=query, cookie=cookie, accept=accept, path=path) == language


async def test_a_language_of_the_address_is_kept(shell: httpx.AsyncClient) -> None:
    answer = await shell.get("/page?lang=en")
    assert answer.json()["language"] == "en"
    assert "HttpOnly; SameSite=Lax" in answer.headers["set-cookie"]
    assert (await shell.get("/page")).json()["language"] == "en"


async def test_the_switch(shell: httpx.AsyncClient) -> None:
    answer = await shell.post("/language", data={"lang": "en", "back": "/look?lang=zh-CN&level=2"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/look?level=2")
    page = await shell.get("/look", headers={"accept-language": "zh-CN"})
    assert '<html lang="en"' in page.text


@pytest.mark.parametrize("form", [{"lang": "fr"}, {}, {"lang": "en", "more": "1"}, {"lang": "en", "back": "/" * 3000}])
async def test_a_switch_that_is_not_one(shell: httpx.AsyncClient, form: dict[str, str]) -> None:
    assert (await shell.post("/language", data=form)).status_code == 422


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.test", "//evil.test", "/\\evil.test", "\\\\evil.test", "/\t/evil.test", "/\n/evil.test",
        "javascript:alert(1)", "evil.test", "", "/ /evil.test", "///evil.test", "/%0d%0a\r\nx: y", "?lang=en",
    ],
)  # fmt: skip
def test_the_switch_leads_nowhere_else(back: str) -> None:
    assert local_path(back) == "/"


@given(st.text(alphabet="/\\:.@?#& \t\r\n%abc0", max_size=12))
def test_whatever_is_asked_the_way_back_is_a_path_of_the_hub(back: str) -> None:
    found = httpx.URL("http://hub.test").join(local_path(back))
    assert (found.scheme, found.host) == ("http", "hub.test")
    assert local_path(back).startswith("/")
    assert not local_path(back).startswith("//")


async def test_a_broken_cookie_header_is_no_language(shell: httpx.AsyncClient) -> None:
    answer = await shell.get("/page", headers={"cookie": 'hub_lang="en; \x01=;;'})
    assert answer.json()["language"] == "zh-CN"
