"""A model's answer as it arrives: never markup, whole after a lost connection, honest when it fails."""

import asyncio
import re
from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio
from fastapi import FastAPI, Request
from playwright.async_api import Page, expect
from starlette.responses import Response, StreamingResponse

from hospital_hub.errors import ModelsUnavailable, NotLoggedIn
from hospital_hub.web.templates import environment, render
from tests.browser.conftest import OpenPage
from tests.fakes.serving import served
from tests.hospital_hub.web.conftest import make_app

pytestmark = pytest.mark.browser
EVIL = '<img src=x onerror="window.hurt = 1"><script>window.hurt = 1</script><b hx-get="/evil" hx-trigger="load">'
WORDS = ["胸痛", " 30 分钟，\n", EVIL, "完"]
WHOLE = re.compile("完$")


def make_stream_app() -> FastAPI:
    app = make_app()
    page = (
        environment("zh-CN")
        .overlay()
        .from_string(
            """{% extends "base.html" %}{% from "macros/blocks.html" import stream_box %}
        {% block content %}<h1>x</h1><div id="place">{{ stream_box(url) }}</div>
        <form hx-post="/ended" hx-target="#place">
        <textarea name="t" aria-label="t">typed</textarea><button>go</button></form>
        {% endblock %}"""
        )
    )

    @app.get("/show/{kind}")
    async def show(request: Request, kind: str) -> Response:
        answer = render(request, "base.html")
        context = {"request": request, "path": "/", "here": "/", "principal": None, "demo": True}
        answer.body = page.render({**context, "url": f"/events/{kind}"}).encode()
        answer.headers["content-length"] = str(len(answer.body))
        return answer

    @app.post("/ended")
    async def ended() -> None:
        raise NotLoggedIn("This log-in has ended.", "Please log in again.")

    app.state.connections = count(1)
    app.state.resumed = []
    app.state.last_word = asyncio.Event()
    _add_streams(app)
    return app


def _add_streams(app: FastAPI) -> None:
    @app.get("/events/{kind}")
    async def events(request: Request, kind: str) -> StreamingResponse:
        if kind == "refused":
            raise ModelsUnavailable("No model can answer now.", "A nurse takes over.")
        app.state.resumed.append(request.headers.get("last-event-id"))
        return StreamingResponse(_events(kind, app), media_type="text/event-stream")


def sent(event: str, data: str, number: int | None = None) -> str:
    lines = [f"event: {event}"] if event else []
    lines += [f"id: {number}"] if number else []
    lines += [f"data: {line}" for line in data.split("\n")]
    return "\n".join(lines) + "\n\n"


async def _events(kind: str, app: FastAPI) -> AsyncIterator[str]:
    connection = next(app.state.connections)
    yield sent("stage", f"阅读病历 {EVIL}")
    for number, word in enumerate(WORDS, start=1):
        if kind == "cut" or (kind in {"resumes", "restarts"} and connection == 1 and number == 3):
            return
        if kind != "resumes" or connection == 1 or number >= 3:
            yield sent("token", word, number if kind == "resumes" else None)
    yield sent("", EVIL)  # nobody should send this
    await app.state.last_word.wait()
    if kind == "fails":
        yield sent("error", f"模型中断。{EVIL}")
    else:
        yield sent("done", '<p id="final">终稿\n<b>已核对</b></p>')


@pytest_asyncio.fixture(loop_scope="session")
async def hub() -> AsyncIterator[tuple[str, FastAPI]]:
    app = make_stream_app()
    async with served(app) as origin:
        yield origin, app


async def unhurt(page: Page) -> bool:
    await page.wait_for_timeout(150)
    elements = await page.locator("[data-stream] img, [data-stream] script, [data-stream] b[hx-get]").count()
    return elements == 0 and await page.evaluate("window.hurt === undefined")


async def test_tokens_are_text_and_the_end_is_ours(hub: tuple[str, FastAPI], open_page: OpenPage) -> None:
    origin, app = hub
    seen = await open_page(f"{origin}/show/whole")
    text = seen.page.locator("[data-stream-text]")
    await expect(text).to_have_text(WHOLE)
    assert await text.text_content() == "".join(WORDS)
    assert "阅读病历 <img" in await seen.page.locator("[data-stream-stage]").inner_text()
    assert await unhurt(seen.page)
    app.state.last_word.set()
    await seen.page.locator("#final").wait_for()
    assert await seen.page.locator("[data-stream]").get_attribute("aria-busy") == "false"
    assert await text.count() == 0
    await seen.page.wait_for_timeout(800)
    assert app.state.resumed == [None]  # and the connection is not opened again
    seen.assert_clean()


async def test_a_failure_is_a_sentence_and_keeps_what_came(hub: tuple[str, FastAPI], open_page: OpenPage) -> None:
    origin, app = hub
    seen = await open_page(f"{origin}/show/fails")
    app.state.last_word.set()
    alert = seen.page.locator("[data-stream-error]")
    await alert.wait_for()
    assert "模型中断。<img" in await alert.inner_text()
    assert await seen.page.locator("[data-stream-text]").text_content() == "".join(WORDS)
    assert await unhurt(seen.page)
    await seen.page.wait_for_timeout(800)
    assert app.state.resumed == [None]
    seen.assert_clean()


@pytest.mark.parametrize(("kind", "last"), [("resumes", "2"), ("restarts", None)])
async def test_a_lost_connection_leaves_the_text_whole(
    hub: tuple[str, FastAPI], open_page: OpenPage, kind: str, last: str | None
) -> None:
    origin, app = hub
    seen = await open_page(f"{origin}/show/{kind}")
    await expect(seen.page.locator("[data-stream-text]")).to_have_text(WHOLE)
    assert await seen.page.locator("[data-stream-text]").text_content() == "".join(WORDS)
    app.state.last_word.set()
    await seen.page.locator("#final").wait_for()
    assert app.state.resumed == [None, last]
    seen.assert_clean()


async def test_a_stream_that_is_always_cut_ends_with_a_sentence(hub: tuple[str, FastAPI], open_page: OpenPage) -> None:
    origin, app = hub
    seen = await open_page(f"{origin}/show/cut")
    await seen.page.locator("[data-stream-error]").wait_for()
    assert "连接已中断" in await seen.page.locator("[data-stream-error]").inner_text()
    assert len(app.state.resumed) == 5
    seen.assert_clean()


async def test_a_refused_stream_is_an_alert(hub: tuple[str, FastAPI], open_page: OpenPage) -> None:
    seen = await open_page(f"{hub[0]}/show/refused")
    await seen.page.locator("#alerts .alert").wait_for()
    assert "No model can answer now." in await seen.page.locator("#alerts").inner_text()
    assert await seen.page.locator("[data-stream]").get_attribute("aria-busy") == "false"


async def test_an_ended_log_in_is_an_alert_and_nothing_typed_is_lost(
    hub: tuple[str, FastAPI], open_page: OpenPage
) -> None:
    seen = await open_page(f"{hub[0]}/show/whole")
    await seen.page.get_by_role("button", name="go").click()
    await seen.page.locator("#alerts .alert a[href='/login']").wait_for()
    assert await seen.page.locator("textarea").input_value() == "typed"
    assert await seen.page.locator("[data-stream]").count() == 1
