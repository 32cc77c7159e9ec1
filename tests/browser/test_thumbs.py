"""The thumbs beside an answer, by keyboard and in both languages: press, change, take back."""

import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import expect

from hospital_hub.identity.permissions import Role
from hospital_hub.research.shift import work_on
from hospital_hub.resources import Resources, open_resources
from hospital_hub.settings import Settings
from tests.browser.conftest import OpenPage
from tests.fakes.serving import served
from tests.fixtures.hub import LogIn, rows
from tests.hospital_hub.research.conftest import questions

pytestmark = pytest.mark.browser
NAMES = {"zh-CN": ("这条回答有帮助", "这条回答没有帮助"), "en": ("This answer helped", "This answer did not help")}
THUMBS = "SELECT value FROM routing_outcome WHERE kind = 'THUMB'"


@pytest_asyncio.fixture
async def hub(app: FastAPI) -> AsyncIterator[str]:
    async with served(app) as origin:
        yield origin


@pytest_asyncio.fixture
async def worker_resources(settings: Settings, hub: str) -> AsyncIterator[Resources]:
    async with open_resources(settings.model_copy(update={"internal_url": hub})) as opened:
        yield opened


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_thumb_by_keyboard(
    hub: str,
    open_page: OpenPage,
    log_in: LogIn,
    worker_resources: Resources,
    settings: Settings,
    language: str,
) -> None:
    cookies = await log_in(Role.RESEARCHER)
    seen = await open_page(f"{hub}/research?lang={language}", language=language, cookies=cookies)
    page = seen.page
    batch = await page.evaluate(
        """async (body) => (await (await fetch("/api/research/batches", {
             method: "POST", headers: {"content-type": "application/jsonl"}, body})).json()).id""",
        questions(2).decode(),
    )
    await work_on(worker_resources, uuid.UUID(batch), stopping=lambda: False)
    await page.goto(f"{hub}/research/{batch}")
    up, down = (page.get_by_role("button", name=name, exact=True).first for name in NAMES[language])
    assert await seen.accessibility() == []
    for button, pressed, stored in (
        (up, (True, False), [(1.0,)]),
        (down, (False, True), [(0.0,)]),
        (down, (False, False), []),
    ):
        await button.focus()
        await page.keyboard.press("Enter")
        await expect(up).to_have_attribute("aria-pressed", str(pressed[0]).lower())
        await expect(down).to_have_attribute("aria-pressed", str(pressed[1]).lower())
        await expect(button).to_be_focused()
        assert rows(settings.database_url, THUMBS) == stored
    await up.press("Space")
    await expect(up).to_have_attribute("aria-pressed", "true")
    assert await seen.accessibility() == []
    await page.reload()
    await expect(up).to_have_attribute("aria-pressed", "true")
    assert await page.locator("button[aria-pressed=true][name=rating]").count() == 1
    seen.assert_clean()
