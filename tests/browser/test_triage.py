"""Kiosk and nurse board in a real browser: a complaint becomes a case that a nurse levels, in both languages."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import Page, expect

from hospital_hub.identity.permissions import Role
from hospital_hub.settings import Settings
from tests.browser.conftest import OpenPage, Watched
from tests.fakes.serving import served
from tests.fakes.vllm import FakeVllm, Mode
from tests.fixtures.hub import LogIn, rows

pytestmark = pytest.mark.browser
LANGUAGES = ["zh-CN", "en"]
SIZES = [(1080, 1920), (1280, 900), (420, 800)]
CHEST = {"zh-CN": "胸口疼了半小时，出冷汗", "en": "Crushing chest pain for half an hour"}
KNEE = {"zh-CN": "膝盖疼了一周，上楼更疼", "en": "My knee has hurt for a week"}
QUESTION = {"zh-CN": ["是从什么时候", "开始疼的？", ""], "en": ["When did ", "it begin? ", "Take aspirin."]}
ASKED = {"zh-CN": "是从什么时候开始疼的？", "en": "When did it begin?"}


@pytest_asyncio.fixture
async def hub(app: FastAPI) -> AsyncIterator[str]:
    async with served(app) as origin:
        yield origin


async def tell(page: Page, words: str, *, ai: str = "yes") -> None:
    await page.click(f"a[href*='ai={ai}']")
    await page.fill("#complaint", words)
    await page.click("form[action='/kiosk/cases'] button")
    await page.wait_for_url("**/kiosk/cases/*")


async def is_fine(seen: Watched) -> None:
    """Nothing sideways, nothing foreign, nothing that axe finds."""
    await seen.page.wait_for_load_state("load")
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await seen.page.evaluate(wide)
    assert await seen.accessibility() == []
    seen.assert_clean()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_complaint_is_told_and_one_question_comes_back(
    hub: str, open_page: OpenPage, fake_vllm: FakeVllm, language: str, size: tuple[int, int]
) -> None:
    fake_vllm.tokens = QUESTION[language]
    seen = await open_page(f"{hub}/kiosk?lang={language}", language=language, size=size)
    page = seen.page
    await is_fine(seen)
    for button in await page.locator(".button-big").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 64
    await page.click("a[href*='ai=yes']")
    await expect(page.locator("#complaint")).to_be_visible()
    await is_fine(seen)
    await page.fill("#complaint", KNEE[language])
    await page.click("form[action='/kiosk/cases'] button")
    await expect(page.locator(".ai-text")).to_have_text(ASKED[language])
    await expect(page.locator(".ai-label")).to_be_visible()
    await expect(page.locator(".ticket-number")).to_have_text("A001")
    await expect(page.locator("body")).not_to_contain_text("aspirin")
    await is_fine(seen)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_red_flag_hands_over_at_once_and_the_board_shows_it_live(
    hub: str, open_page: OpenPage, log_in: LogIn, fake_vllm: FakeVllm, language: str
) -> None:
    fake_vllm.mode = Mode.HANG
    board = await open_page(f"{hub}/board?lang={language}", language=language, cookies=await log_in(Role.NURSE))
    await expect(board.page.locator(".empty")).to_be_visible()
    await is_fine(board)
    kiosk = await open_page(f"{hub}/kiosk?lang={language}", language=language, size=(1080, 1920))
    await tell(kiosk.page, CHEST[language])
    await expect(kiosk.page.locator(".care-urgent")).to_be_visible(timeout=1000)
    await expect(board.page.locator("article")).to_contain_text(CHEST[language], timeout=2000)
    await expect(board.page.locator("article .level-2")).to_be_visible()
    await expect(board.page.locator("#not-live")).to_be_hidden()
    await is_fine(kiosk)
    await is_fine(board)


@pytest.mark.parametrize("size", [(1280, 900), (420, 800)], ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_nurse_sets_the_level_in_two_taps_and_a_calmer_one_only_with_an_assessment(
    hub: str, open_page: OpenPage, log_in: LogIn, settings: Settings, language: str, size: tuple[int, int]
) -> None:
    kiosk = await open_page(f"{hub}/kiosk?lang={language}", language=language)
    await tell(kiosk.page, CHEST[language], ai="no")
    cookies = await log_in(Role.NURSE, "Nurse One")
    board = await open_page(f"{hub}/board?lang={language}", language=language, size=size, cookies=cookies)
    page = board.page
    await page.click("article a.button")
    await expect(page.locator("mark").first).to_be_visible()
    await is_fine(board)
    await page.click("form[action$='/acknowledge'] button")
    await page.wait_for_url("**/board/cases/*")
    await expect(page.locator("form[action$='/acknowledge']")).to_have_count(0)
    await page.click("button[name=level][value='1']")
    await expect(page.locator("form[action$='/take-back']")).to_be_visible()
    await page.click("form[action$='/take-back'] button")
    await expect(page.locator("form[action$='/take-back']")).to_have_count(0)
    await page.locator(".panes details summary").first.click()
    await page.locator("details[open] input[value=seen]").check()
    await page.locator("details[open] textarea").fill("ECG normal, pain on pressure only")
    await is_fine(board)
    await page.locator("details[open] button.button").click()
    await expect(page.locator("#facts .level-3").first).to_be_visible()
    await expect(page.locator("#facts .level-2").first).to_be_visible()
    await expect(page.locator("#queue article .level-2")).to_be_visible()
    await is_fine(board)
    assert rows(settings.database_url, "SELECT step, level, reason FROM triage_decision ORDER BY ordinal") == [
        ("ACKNOWLEDGED", None, ""),
        ("LEVEL", 1, ""),
        ("TAKEN_BACK", None, ""),
        ("LEVEL", 3, "seen"),
    ]


async def test_the_open_case_follows_what_the_model_says(
    hub: str, open_page: OpenPage, log_in: LogIn, fake_vllm: FakeVllm
) -> None:
    fake_vllm.tokens, fake_vllm.gap = ["Where does ", "it hurt most? ", "", ""], 0.6
    kiosk = await open_page(f"{hub}/kiosk?lang=en", language="en")
    await tell(kiosk.page, KNEE["en"])
    board = await open_page(f"{hub}/board?lang=en", language="en", cookies=await log_in(Role.NURSE))
    await board.page.click("article a.button")
    await expect(board.page.locator("#facts .ai-text")).to_have_text("Where does it hurt most?", timeout=6000)
    await expect(board.page.locator("#facts .ai-label")).to_be_visible()
    await is_fine(board)


async def test_a_board_that_lost_its_connection_says_so(app: FastAPI, open_page: OpenPage, log_in: LogIn) -> None:
    async with served(app) as origin:
        board = await open_page(f"{origin}/board?lang=en", language="en", cookies=await log_in(Role.NURSE))
        await expect(board.page.locator("#not-live")).to_be_hidden()
    await expect(board.page.locator("#not-live")).to_be_visible(timeout=5000)


async def test_an_idle_kiosk_asks_and_then_forgets(hub: str, open_page: OpenPage, settings: Settings) -> None:
    kiosk = await open_page(f"{hub}/kiosk?lang=en", language="en")
    page = kiosk.page
    await page.clock.install()
    await tell(page, CHEST["en"], ai="no")
    told = page.url
    await page.clock.fast_forward(71_000)
    await expect(page.locator("#idle")).to_be_visible()
    assert await kiosk.accessibility() == []
    await page.click("#idle button")
    await expect(page.locator("#idle")).to_be_hidden()
    await page.clock.fast_forward(71_000)
    await page.clock.fast_forward(20_000)
    await page.wait_for_url("**/kiosk")
    await page.goto(told)
    await expect(page.locator("body")).not_to_contain_text("A001")
    assert rows(settings.database_url, "SELECT count(*) FROM triage_case") == [(1,)]
    kiosk.errors.clear()  # the browser reports the refused case as an error of its own
    kiosk.assert_clean()


async def test_the_nurse_is_called_without_a_word(hub: str, open_page: OpenPage, log_in: LogIn) -> None:
    kiosk = await open_page(f"{hub}/kiosk?lang=en", language="en", size=(1080, 1920))
    await kiosk.page.click(".kiosk-bar .button-danger")
    await expect(kiosk.page.locator(".care-urgent")).to_be_visible()
    await is_fine(kiosk)
    board = await open_page(f"{hub}/board?lang=en", language="en", cookies=await log_in(Role.NURSE))
    await expect(board.page.locator("article")).to_contain_text("Nurse called")
    await expect(board.page.locator("article .level-none")).to_be_visible()
