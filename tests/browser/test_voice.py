"""Speaking at the kiosk in a real browser, whose microphone hears a tone: the words come back into the field."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import expect

from hospital_hub.main import create_app
from hospital_hub.settings import Settings
from tests.browser.conftest import OpenPage
from tests.fakes.serving import served
from tests.fakes.transcriber import FakeTranscriber

pytestmark = pytest.mark.browser
WORDS = "膝盖疼了一周"
EBML = b"\x1a\x45\xdf\xa3"  # how every WebM file begins
LANGUAGES = {"zh-CN": "zh", "en": "en"}
NOTHING = {"zh-CN": "没有听到声音。", "en": "Nothing was heard."}


@pytest_asyncio.fixture
async def transcriber() -> AsyncIterator[FakeTranscriber]:
    fake = FakeTranscriber()
    async with served(fake.app()) as origin:
        fake.url = f"{origin}/v1"
        yield fake


@pytest_asyncio.fixture
async def hub(settings: Settings, transcriber: FakeTranscriber) -> AsyncIterator[str]:
    own = settings.model_copy(update={"transcription_url": transcriber.url})
    application = create_app(own)
    async with application.router.lifespan_context(application), served(application) as origin:
        yield origin


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_said_stands_in_the_field_to_be_checked(
    hub: str, open_page: OpenPage, transcriber: FakeTranscriber, language: str
) -> None:
    seen = await open_page(f"{hub}/kiosk?lang={language}", language=language, size=(1080, 1920), touch=True)
    page = seen.page
    await page.tap("a[href*='ai=no']")
    button, state = page.locator("[data-voice] button"), page.locator("[data-voice] [role=status]")
    await expect(button).to_have_attribute("aria-pressed", "false")
    assert await seen.accessibility() == []
    await button.tap()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await page.wait_for_timeout(500)  # some sound
    assert transcriber.asked == []
    await button.tap()
    await expect(page.locator("#complaint")).to_have_value(WORDS)
    await expect(page.locator("#complaint")).to_be_focused()
    await expect(button).to_have_attribute("aria-pressed", "false")
    (asked,) = transcriber.asked
    assert (asked["language"], asked["kind"], asked["name"]) == (LANGUAGES[language], "audio/webm", "speech.webm")
    assert isinstance(asked["audio"], bytes)
    assert asked["audio"].startswith(EBML)
    seen.assert_clean()
    transcriber.mode = "silent"
    await button.tap()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await button.tap()
    await expect(state).to_contain_text(NOTHING[language])
    await expect(page.locator("#complaint")).to_have_value(WORDS)
    await page.tap("#tell .button-big")
    await page.wait_for_url("**/kiosk/cases/*")
    assert (seen.foreign, seen.violations) == ([], [])
    assert len(transcriber.asked) == 2


async def test_without_a_server_for_it_there_is_no_button(app: FastAPI, open_page: OpenPage) -> None:
    async with served(app) as origin:
        seen = await open_page(f"{origin}/kiosk?lang=en", language="en")
        await seen.page.click("a[href*='ai=no']")
        await expect(seen.page.locator("#complaint")).to_be_visible()
        await expect(seen.page.locator("[data-voice]")).to_have_count(0)
        seen.assert_clean()
