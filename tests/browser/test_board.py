"""The nurses' board in a real browser: live, loud, honest about its connection, and a case from words to level."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import expect

from hospital_hub.clinical.levels import Level
from hospital_hub.clinical.text import Language
from hospital_hub.identity.permissions import Role
from hospital_hub.main import create_app
from hospital_hub.settings import Settings
from tests.browser.board_cases import CHEST, COUGH, KNEE, Hour
from tests.browser.conftest import OpenPage, Watched
from tests.fakes.serving import served
from tests.fixtures.hub import LogIn, rows

pytestmark = pytest.mark.browser
LANGUAGES: list[Language] = ["zh-CN", "en"]
SIZES = [(1080, 1920), (1280, 900), (420, 800)]


@pytest_asyncio.fixture
async def hub(app: FastAPI) -> AsyncIterator[str]:
    async with served(app) as origin:
        yield origin


async def is_fine(seen: Watched) -> None:
    """Nothing sideways, nothing foreign, nothing that axe finds."""
    await seen.page.wait_for_load_state("load")
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await seen.page.evaluate(wide)
    assert await seen.accessibility() == []
    seen.assert_clean()


async def nurse_at(open_page: OpenPage, log_in: LogIn, url: str, *, size: tuple[int, int] = (1280, 900)) -> Watched:
    cookies = await log_in(Role.NURSE, "Nurse One")
    return await open_page(url, language="en" if "lang=en" in url else "zh-CN", size=size, cookies=cookies)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_busy_board_and_its_cases_are_fine(
    hub: str, app: FastAPI, open_page: OpenPage, log_in: LogIn, language: Language, size: tuple[int, int]
) -> None:
    case = await Hour(app.state.resources, language).all()
    seen = await nurse_at(open_page, log_in, f"{hub}/board?lang={language}", size=size)
    page = seen.page
    await expect(page.locator("#queue article.case")).to_have_count(5)
    await expect(page.locator(".alarm-nobody")).to_be_visible()
    await page.locator(".board-help summary").click()
    await is_fine(seen)
    await page.goto(f"{hub}/board/cases/{case.id}")
    await expect(page.locator("#facts .trace li")).to_have_count(2)
    await expect(page.locator("#facts .asked > li")).to_have_count(5)
    await expect(page.locator("#facts table tbody tr")).to_have_count(2)
    await page.locator("#decide details summary").first.click()
    await is_fine(seen)


async def test_a_red_flag_shows_and_sounds_within_a_second(
    hub: str, app: FastAPI, open_page: OpenPage, log_in: LogIn
) -> None:
    hour = Hour(app.state.resources, "en")
    seen = await nurse_at(open_page, log_in, f"{hub}/board?lang=en")
    page, sound = seen.page, seen.page.locator("#sound")
    await expect(sound).to_have_attribute("aria-pressed", "false")
    await sound.click()
    await expect(sound).to_have_text("Sound is on")
    await expect(sound).to_have_attribute("data-sounded", "calling")  # so that it can be heard that it works
    await expect(page.locator(".empty")).to_be_visible()
    case = await hour.tell(CHEST["en"])
    await expect(page.locator(f"#row-{case.id}.case-calling")).to_be_visible(timeout=1000)
    await expect(page.locator(".alarm")).to_contain_text("Chest pain or pressure", timeout=1000)
    await expect(sound).to_have_attribute("data-sounded", "calling calling", timeout=1000)
    await expect(sound).to_have_attribute("data-calls", "calling")
    await page.locator("[data-acknowledge]").click()
    await page.wait_for_url("**/board/cases/*")
    await expect(page.locator(".alarm")).to_have_count(0)
    await is_fine(seen)


async def test_an_alarm_repeats_until_it_is_acknowledged(
    hub: str, app: FastAPI, open_page: OpenPage, log_in: LogIn
) -> None:
    hour = Hour(app.state.resources, "en")
    case = await hour.tell(CHEST["en"])
    seen = await nurse_at(open_page, log_in, f"{hub}/board?lang=en")
    page, sound = seen.page, seen.page.locator("#sound")
    await expect(sound).to_have_attribute("data-calls", "calling")
    await page.clock.install()
    await sound.click()
    await expect(sound).to_have_attribute("data-sounded", "calling")
    await page.clock.fast_forward(15_100)
    await expect(sound).to_have_attribute("data-sounded", "calling calling")
    await hour.ago(case.id, 2.5)
    await hour.tell(KNEE["en"])
    await expect(page.locator(".alarm-nobody")).to_contain_text("for 2 minutes", timeout=2000)
    await expect(sound).to_have_attribute("data-sounded", "calling calling nobody")
    seen.assert_clean()


async def test_a_board_that_is_not_live_says_so_and_sounds(app: FastAPI, open_page: OpenPage, log_in: LogIn) -> None:
    async with served(app) as origin:
        seen = await nurse_at(open_page, log_in, f"{origin}/board?lang=en")
        await seen.page.locator("#sound").click()
        await expect(seen.page.locator("#sound")).to_have_text("Sound is on")
        await expect(seen.page.locator("#not-live")).to_be_hidden()
    await expect(seen.page.locator("#not-live")).to_be_visible(timeout=5000)
    await expect(seen.page.locator("#sound")).to_have_attribute("data-calls", "lost")
    await expect(seen.page.locator("#sound")).to_have_attribute("data-sounded", "calling lost")


async def test_by_keys_alone(hub: str, app: FastAPI, open_page: OpenPage, log_in: LogIn, settings: Settings) -> None:
    hour = Hour(app.state.resources, "en")
    for words in (CHEST["en"], KNEE["en"], COUGH["en"]):
        await hour.tell(words)
    seen = await nurse_at(open_page, log_in, f"{hub}/board?lang=en")
    page, keys = seen.page, seen.page.keyboard
    links = page.locator("[data-open]")
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1), ("k", 0)):
        await keys.press(key)
        await expect(links.nth(place)).to_be_focused()
    await keys.press("?")
    await expect(page.locator("#keys")).to_contain_text("Next case")
    await keys.press("Escape")
    await links.nth(0).focus()
    await keys.press("a")
    await page.wait_for_url("**/board/cases/*")
    await keys.press("3")
    await expect(page.locator("details[open] input[value=seen]")).to_be_focused()
    await keys.press("Space")
    await page.locator("details[open] textarea").fill("ECG normal, pain on pressure only")
    async with page.expect_navigation():
        await page.locator("details[open] button").click()
    await expect(page.locator("#facts h1 .level-3")).to_be_visible()
    async with page.expect_navigation():
        await keys.press("1")
    await expect(page.locator("#facts h1 .level-1")).to_be_visible()
    assert rows(settings.database_url, "SELECT step, level FROM triage_decision ORDER BY ordinal") == [
        ("ACKNOWLEDGED", None),
        ("LEVEL", 3),
        ("LEVEL", 1),
    ]
    await is_fine(seen)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_vital_signs_are_typed_and_a_wrong_one_loses_nothing(
    hub: str, app: FastAPI, open_page: OpenPage, log_in: LogIn, language: Language
) -> None:
    case = await Hour(app.state.resources, language).tell(KNEE[language])
    seen = await nurse_at(open_page, log_in, f"{hub}/board?lang={language}", size=(420, 800))
    page = seen.page
    await page.goto(f"{hub}/board/cases/{case.id}")
    await page.fill("#vital-temperature", "101.5 F")
    await page.fill("#vital-spo2", "910")
    await page.select_option("#vital-consciousness", "A")
    await page.click("#vitals button")
    await expect(page.locator("#vital-spo2-error")).to_be_visible()
    await expect(page.locator("#vital-temperature")).to_have_value("101.5 F")
    await expect(page.locator("#vital-consciousness")).to_have_value("A")
    seen.errors.clear()  # the browser reports the refused form as an error of its own
    await is_fine(seen)
    await expect(page.locator("#facts h1 :is(.level-1, .level-2)")).to_have_count(0)
    await page.fill("#vital-spo2", "84%")
    await page.click("#vitals button")
    await expect(page.locator("#facts table")).to_contain_text("38.6")
    await expect(page.locator("#facts table")).to_contain_text("84")
    await expect(page.locator("#facts h1 :is(.level-1, .level-2)")).to_be_visible()
    await expect(page.locator("#facts .trace li").first).to_contain_text("84")
    await expect(page.locator("#vital-spo2")).to_have_value("")
    await is_fine(seen)


async def test_what_is_being_typed_stays_when_the_case_changes(
    hub: str, app: FastAPI, open_page: OpenPage, log_in: LogIn
) -> None:
    hour = Hour(app.state.resources, "en")
    case = await hour.tell(CHEST["en"])
    seen = await nurse_at(open_page, log_in, f"{hub}/board?lang=en")
    page = seen.page
    await page.goto(f"{hub}/board/cases/{case.id}")
    await page.locator("#decide details summary").first.click()
    await page.locator("details[open] input[value=seen]").check()
    await page.locator("details[open] textarea").fill("ECG normal, pain on pressure only")
    await hour.measure(case.id, {"spo2": "97"})
    await expect(page.locator("#facts table")).to_contain_text("97", timeout=3000)
    await expect(page.locator("#decide [data-changed]")).to_be_visible()
    await expect(page.locator("details[open] textarea")).to_have_value("ECG normal, pain on pressure only")
    async with page.expect_navigation():
        await page.locator("details[open] button").click()
    await expect(page.locator("#facts h1 .level-3")).to_be_visible()
    await is_fine(seen)


async def test_looking_again_closing_and_putting_back(
    hub: str, app: FastAPI, open_page: OpenPage, log_in: LogIn, settings: Settings
) -> None:
    hour = Hour(app.state.resources, "en")
    case = await hour.tell(KNEE["en"])
    await hour.level(case.id, Level.III)
    await hour.look_due(case.id)
    seen = await nurse_at(open_page, log_in, f"{hub}/board?lang=en")
    page = seen.page
    await expect(page.locator("article.case")).to_contain_text("Look again now")
    await page.locator("[data-open]").click()
    async with page.expect_navigation():
        await page.locator("form[action$='/look'] button").click()
    await expect(page.locator("#facts .steps")).to_contain_text("looked again: unchanged")
    await page.locator("#decide details summary", has_text="Take off the board").click()
    await page.locator("details[open] input[value=doctor]").check()
    async with page.expect_navigation():
        await page.locator("details[open] button").click()
    await expect(page.locator("#closed")).to_contain_text("(1)")
    await is_fine(seen)
    async with page.expect_navigation():
        await page.locator("form[action$='/take-back'] button").click()
    await expect(page.locator("#closed")).to_have_count(0)
    steps = rows(settings.database_url, "SELECT step FROM triage_decision ORDER BY ordinal")
    assert [step for (step,) in steps] == ["LEVEL", "LOOKED", "CLOSED", "TAKEN_BACK"]


async def test_the_model_suggestion_is_hidden_until_the_nurse_has_chosen(
    settings: Settings, open_page: OpenPage, log_in: LogIn
) -> None:
    app = create_app(settings.model_copy(update={"triage_suggestion": "after"}))
    async with app.router.lifespan_context(app), served(app) as origin:
        hour = Hour(app.state.resources, "en")
        case = await hour.tell(KNEE["en"])
        await hour.suggest(case.id, Level.III)
        seen = await nurse_at(open_page, log_in, f"{origin}/board?lang=en")
        page = seen.page
        await page.goto(f"{origin}/board/cases/{case.id}")
        await expect(page.locator("#facts")).to_contain_text("shown once you have set a level")
        await expect(page.locator("#facts dd .ai-label")).to_have_count(0)
        async with page.expect_navigation():
            await page.click("button[name=level][value='2']")
        await expect(page.locator("#facts dd .ai-label")).to_be_visible()
        await is_fine(seen)


async def test_a_filter_is_in_the_address_and_stays_when_the_board_moves(
    hub: str, app: FastAPI, open_page: OpenPage, log_in: LogIn
) -> None:
    hour = Hour(app.state.resources, "en")
    await hour.tell(KNEE["en"])
    seen = await nurse_at(open_page, log_in, f"{hub}/board?lang=en")
    page = seen.page
    await page.locator("a.figure").nth(1).click()
    await page.wait_for_url("**/board?level=2*")
    await expect(page.locator("a.figure[aria-current]")).to_contain_text("Severe")
    await expect(page.locator("article.case")).to_have_count(0)
    await hour.tell(CHEST["en"])
    await expect(page.locator("article.case")).to_have_count(1)
    await expect(page.locator("a.figure[aria-current]")).to_contain_text("1")
    await is_fine(seen)


@pytest.mark.parametrize("size", [(1280, 900), (420, 800)], ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_level_in_two_taps_and_a_calmer_one_only_with_an_assessment(
    hub: str, app: FastAPI, open_page: OpenPage, log_in: LogIn, language: Language, size: tuple[int, int]
) -> None:
    await Hour(app.state.resources, language).tell(CHEST[language])
    seen = await nurse_at(open_page, log_in, f"{hub}/board?lang={language}", size=size)
    page = seen.page
    await page.click("[data-open]")  # one
    await expect(page.locator("#facts mark").first).to_be_visible()
    async with page.expect_navigation():
        await page.click("button[name=level][value='1']")  # two
    await expect(page.locator("#facts h1 .level-1")).to_be_visible()
    async with page.expect_navigation():
        await page.click("form[action$='/take-back'] button")
    await page.locator("#decide details summary").first.click()
    await page.locator("details[open] input[value=seen]").check()
    await page.locator("details[open] button").click()
    await expect(page.locator("#facts h1 .level-2")).to_be_visible()  # the browser itself asks for the assessment
    await page.locator("details[open] textarea").fill("ECG normal, pain on pressure only")
    async with page.expect_navigation():
        await page.locator("details[open] button").click()
    await expect(page.locator("#facts h1 .level-3")).to_be_visible()
    await expect(page.locator("#facts dd .level-2")).to_be_visible()
    await expect(page.locator("#queue article .level-2")).to_be_visible()
    await is_fine(seen)


async def test_the_summary_of_an_interview_can_be_copied(
    hub: str, app: FastAPI, open_page: OpenPage, log_in: LogIn
) -> None:
    case = await Hour(app.state.resources, "en").interviewed(COUGH["en"], answers=10)
    seen = await nurse_at(open_page, log_in, f"{hub}/board?lang=en")
    page = seen.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(f"{hub}/board/cases/{case.id}")
    await expect(page.locator("#summary-text")).to_contain_text(COUGH["en"])
    await page.locator("[data-copy='#summary-text']").click()
    await expect(page.locator(".toast")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert COUGH["en"] in copied
    assert "AI" not in copied
    await is_fine(seen)
