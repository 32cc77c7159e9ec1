"""The kiosk in a real browser: a whole interview by touch, in both languages, and everything that can happen in it."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

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
SIZES = [(1080, 1920), (1280, 800), (420, 800)]
CHEST = {"zh-CN": "胸口疼了半小时，出冷汗", "en": "Crushing chest pain for half an hour"}
KNEE = {"zh-CN": "膝盖疼，上楼更疼", "en": "My knee hurts, worse on stairs"}
WORSE = {"zh-CN": "现在胸口疼，喘不上气", "en": "Now my chest hurts and I cannot breathe"}
COMING = {"zh-CN": "护士已看到，正在赶来", "en": "A nurse has seen your call and is on the way"}
NONE = {"zh-CN": "没有", "en": "None"}
ASKED: dict[str, dict[str, Any]] = {
    "zh-CN": {"question": "膝盖是什么时候开始疼的？", "options": ["今天", "这几天", "很久了"]},
    "en": {
        "question": "When did the pain in your knee begin?",
        "options": ["Today", "A few days ago", "A long time ago"],
    },
}
MOST_QUESTIONS = 10
TOO_SMALL = """() => [...document.querySelectorAll("main a.button, main button, .kiosk-bar a, .kiosk-bar button")]
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.height < 64 || box.width < 44))
  .map(([one, box]) => `${one.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)"""
TOO_CLOSE = """() => {
  const boxes = [...document.querySelectorAll(".answer, .scale .button, .pad .button, .pair > *")]
    .filter((one) => one.offsetParent).map((one) => one.getBoundingClientRect());
  const apart = (one, other) => Math.max(other.left - one.right, one.left - other.right, other.top - one.bottom,
    one.top - other.bottom);
  return boxes.flatMap((one, at) => boxes.slice(at + 1).map((other) => apart(one, other))).filter((gap) => gap < 11.9);
}"""


@pytest_asyncio.fixture
async def hub(app: FastAPI) -> AsyncIterator[str]:
    async with served(app) as origin:
        yield origin


def says(fake: FakeVllm, language: str) -> None:
    asked = {"topic": "onset", "kind": "choice", "still_needed": ["severity"], "enough": False, **ASKED[language]}
    fake.tokens = [json.dumps(asked, ensure_ascii=False), ""]


async def tell(page: Page, words: str, *, ai: str = "yes") -> None:
    await page.click(f"a[href*='ai={ai}']")
    await page.fill("#complaint", words)
    await page.click("#tell .button-big")
    await page.wait_for_url("**/kiosk/cases/*")


async def is_fine(seen: Watched) -> None:
    """Nothing sideways, nothing foreign, nothing that axe finds, nothing too small or too close for a finger."""
    page = seen.page
    await page.wait_for_load_state("load")
    assert not await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert await seen.accessibility() == []
    assert await page.evaluate(TOO_SMALL) == []
    assert await page.evaluate(TOO_CLOSE) == []
    await expect(page.locator("#call-nurse")).to_be_in_viewport()
    seen.assert_clean()


async def answer(page: Page, language: str) -> str:
    """By one tap where there is one; tells what kind of question it was."""
    form = await page.locator(".own-words").get_attribute("action")
    if await page.locator(".scale").count():
        kind = "scale"
        await page.tap(".scale button[value='4']")
    elif await page.locator(".yes-no").count():
        kind = "yes_no"
        await page.locator(".yes-no .answer").nth(1).tap()
    elif await page.locator(".answer").count():
        kind = "choice"
        await page.locator(".answer").first.tap()
    elif await page.locator("#number").count():
        kind = "number"
        for digit in ("4", "7", "2"):
            await page.tap(f"[data-digit='{digit}']")
        await page.tap("[data-digit='']")
        await expect(page.locator("#number")).to_have_value("47")
        await page.tap("form:has(#number) .button-big")
    else:
        kind = "text"
        await page.fill("#words", NONE[language])
        await page.tap(".own-words .button-big")
    await expect(page.locator(f".own-words[action='{form}']")).to_have_count(0)
    await expect(page.locator("#asked, .ticket").first).to_be_visible(timeout=10_000)
    return kind


async def interview(seen: Watched, language: str) -> list[str]:
    """Answer all of it; the kinds of the questions, and `ai` for one that the model asked."""
    kinds: list[str] = []
    page = seen.page
    await expect(page.locator("#asked")).to_be_visible(timeout=10_000)
    while await page.locator("#asked").count():
        await expect(page.locator("#far")).to_contain_text(str(len(kinds) - kinds.count("ai") + 1))
        if await page.locator("#asked").inner_text() == ASKED[language]["question"]:
            await expect(page.locator("#asked")).to_have_attribute("lang", language)
            await expect(page.locator(".ai-label")).to_be_visible()
            await is_fine(seen)
            kinds.append("ai")
        kind = await answer(page, language)
        if kind not in kinds and await page.locator("#asked").count():
            await is_fine(seen)
        kinds.append(kind)
    return kinds


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_whole_interview_by_touch(
    hub: str, open_page: OpenPage, fake_vllm: FakeVllm, language: str, size: tuple[int, int]
) -> None:
    says(fake_vllm, language)
    seen = await open_page(f"{hub}/kiosk?lang={language}", language=language, size=size, touch=True)
    page = seen.page
    await is_fine(seen)
    boxes = [await one.bounding_box() for one in await page.locator("a[href*='ai=']").all()]
    assert [(box["width"], box["height"]) for box in boxes if box] == [(boxes[0]["width"], boxes[0]["height"])] * 2  # type: ignore[index]
    await page.tap("a[href*='ai=yes']")
    await expect(page.locator("#complaint")).to_be_visible()
    await is_fine(seen)
    await page.fill("#complaint", KNEE[language])
    await page.tap("#tell .button-big")
    kinds = await interview(seen, language)
    assert {"ai", "choice", "yes_no", "scale", "text"} <= set(kinds)
    assert len(kinds) <= MOST_QUESTIONS + 1
    await expect(page.locator(".ticket-number")).to_have_text("A001")
    await is_fine(seen)
    await page.tap("#leave")
    await page.wait_for_url("**/kiosk")
    await expect(page.locator("a[href*='ai=yes']")).to_be_visible()
    await is_fine(seen)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_ai_the_same_way_is_gone_and_no_model_hears_a_word(
    hub: str, open_page: OpenPage, fake_vllm: FakeVllm, settings: Settings, language: str
) -> None:
    seen = await open_page(f"{hub}/kiosk?lang={language}", language=language, size=SIZES[0], touch=True)
    await tell(seen.page, KNEE[language], ai="no")
    kinds = await interview(seen, language)
    assert {"yes_no", "number"} <= set(kinds)
    await expect(seen.page.locator(".ticket-number")).to_have_text("A001")
    assert fake_vllm.asked == []
    assert rows(settings.database_url, "SELECT count(*) FROM triage_turn WHERE speaker = 'MODEL'") == [(0,)]
    seen.assert_clean()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_red_flag_hands_over_at_once_in_the_complaint_and_in_an_answer(
    hub: str, open_page: OpenPage, language: str, size: tuple[int, int]
) -> None:
    seen = await open_page(f"{hub}/kiosk?lang={language}", language=language, size=size)
    page = seen.page
    await tell(page, CHEST[language])
    await expect(page.locator(".care-urgent")).to_be_visible(timeout=1000)
    await expect(page.locator("body")).not_to_contain_text("level-")
    await is_fine(seen)
    await page.goto(f"{hub}/kiosk?lang={language}")
    await tell(page, KNEE[language], ai="no")
    await page.fill("#words", WORSE[language])
    await page.click(".own-words .button-big")
    await expect(page.locator(".care-urgent, .care-emergency")).to_be_visible(timeout=2000)
    await is_fine(seen)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_with_no_board_listening_the_kiosk_says_so(
    hub: str, open_page: OpenPage, log_in: LogIn, language: str
) -> None:
    seen = await open_page(f"{hub}/kiosk?lang={language}", language=language, size=SIZES[0])
    await seen.page.click("#call-nurse")
    await expect(seen.page.locator(".loud")).to_be_visible()
    await is_fine(seen)
    await open_page(f"{hub}/board?lang={language}", language=language, cookies=await log_in(Role.NURSE))
    await seen.page.wait_for_timeout(500)
    await seen.page.reload()
    await expect(seen.page.locator(".loud")).to_have_count(0)
    await expect(seen.page.locator(".care-urgent")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_open_board_sees_what_the_kiosk_hands_over(
    hub: str, open_page: OpenPage, log_in: LogIn, language: str
) -> None:
    board = await open_page(f"{hub}/board?lang={language}", language=language, cookies=await log_in(Role.NURSE))
    kiosk = await open_page(f"{hub}/kiosk?lang={language}", language=language, size=SIZES[0])
    await tell(kiosk.page, CHEST[language])
    await expect(board.page.locator("main")).to_contain_text(CHEST[language], timeout=2000)
    await expect(kiosk.page.locator(".loud")).to_have_count(0)
    await kiosk.page.goto(f"{hub}/kiosk?lang={language}")
    await kiosk.page.click("#call-nurse")
    await expect(kiosk.page.locator(".care-urgent")).to_be_visible()
    await expect(board.page.locator("main")).to_contain_text("A002", timeout=2000)
    await is_fine(kiosk)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_who_waits_hears_by_herself_that_a_nurse_comes(
    hub: str, app: FastAPI, open_page: OpenPage, log_in: LogIn, settings: Settings, language: str
) -> None:
    seen = await open_page(f"{hub}/kiosk?lang={language}", language=language, size=SIZES[0])
    page = seen.page
    await tell(page, CHEST[language])
    await expect(page.locator(".loud")).to_be_visible()
    reads = "SELECT count(*) FROM audit_event WHERE deed = 'READ'"
    before = rows(settings.database_url, reads)
    async with page.expect_response(lambda answer: "/coming?" in answer.url and answer.status == 204):
        pass
    assert rows(settings.database_url, reads) == before  # asking for news reads nothing of the person
    board = await open_page(f"{hub}/board?lang={language}", language=language, cookies=await log_in(Role.NURSE))
    await expect(page.locator(".loud")).to_have_count(0, timeout=5000)
    await board.page.locator("[data-acknowledge]").click()
    await expect(page.locator("#coming h2")).to_contain_text(COMING[language], timeout=5000)
    await expect(page.locator(".ticket-number")).to_have_text("A001")
    await is_fine(seen)
    rows(settings.database_url, "UPDATE login SET ended_at = now() WHERE role = 'KIOSK' RETURNING id")
    await page.wait_for_url("**/kiosk")
    await expect(page.locator("a[href*='ai=yes']")).to_be_visible()


async def test_a_question_is_gone_back_to_and_the_consent_taken_back(
    hub: str, open_page: OpenPage, fake_vllm: FakeVllm
) -> None:
    says(fake_vllm, "en")
    seen = await open_page(f"{hub}/kiosk?lang=en", language="en", size=SIZES[0], touch=True)
    page = seen.page
    await tell(page, KNEE["en"])
    await expect(page.locator("#asked")).to_be_visible()
    first = await page.locator("#asked").inner_text()
    await expect(page.locator("#back")).to_have_count(0)
    await answer(page, "en")
    await page.click("#back")
    await expect(page.locator("#asked")).to_have_text(first)
    await page.click("#without-ai")
    await expect(page.locator("#without-ai")).to_have_count(0)
    asked = len(fake_vllm.asked)
    await answer(page, "en")
    await answer(page, "en")
    assert len(fake_vllm.asked) == asked
    await page.click("#enough")
    await expect(page.locator(".ticket-number")).to_be_visible()
    seen.assert_clean()


async def test_stages_are_shown_while_the_model_thinks(hub: str, open_page: OpenPage, fake_vllm: FakeVllm) -> None:
    says(fake_vllm, "en")
    fake_vllm.gap = 0.5
    seen = await open_page(f"{hub}/kiosk?lang=en", language="en", size=SIZES[0])
    await tell(seen.page, KNEE["en"])
    while not await seen.page.locator("[data-stream]").count():  # danger signs are asked at once, by no model
        await seen.page.locator(".yes-no .answer").nth(1).click()
        await seen.page.wait_for_load_state("load")
    await expect(seen.page.locator("[data-stream-stage]")).to_have_text("Thinking of the next question")
    assert await seen.accessibility() == []
    await expect(seen.page.locator("#asked")).to_have_text(ASKED["en"]["question"], timeout=5000)
    seen.assert_clean()


async def test_with_every_model_down_the_questions_go_on(hub: str, open_page: OpenPage, fake_vllm: FakeVllm) -> None:
    fake_vllm.mode = Mode.ERROR
    seen = await open_page(f"{hub}/kiosk?lang=en", language="en", size=SIZES[0], touch=True)
    await tell(seen.page, KNEE["en"])
    await expect(seen.page.locator("#asked")).to_be_visible(timeout=10_000)
    await expect(seen.page.locator(".ai-label")).to_have_count(0)
    await answer(seen.page, "en")
    seen.assert_clean()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_kiosk_left_alone_asks_then_forgets_and_the_board_keeps_the_case(
    hub: str, open_page: OpenPage, settings: Settings, language: str
) -> None:
    seen = await open_page(f"{hub}/kiosk?lang={language}", language=language)
    page = seen.page
    await tell(page, KNEE[language], ai="no")
    told = page.url
    await page.fill("#words", "half a sentence")
    await page.evaluate("document.getElementById('idle').dataset.askAfter = 0.5")
    await expect(page.locator("#idle")).to_be_visible()
    assert await seen.accessibility() == []
    await page.evaluate("document.getElementById('idle').dataset.askAfter = 70")
    await page.click("#idle button")
    await expect(page.locator("#idle")).to_be_hidden()
    await expect(page.locator("#words")).to_have_value("half a sentence")
    await page.evaluate("Object.assign(document.getElementById('idle').dataset, {askAfter: 0.5, closeAfter: 1.5})")
    await page.wait_for_url("**/kiosk")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    assert rows(settings.database_url, "SELECT left_at IS NOT NULL, steps FROM triage_case") == [(True, 0)]
    assert rows(settings.database_url, "SELECT count(*) FROM login WHERE ended_at IS NULL AND role = 'KIOSK'") == [(1,)]
    seen.assert_clean()
    await page.goto(told)
    await expect(page.locator("body")).not_to_contain_text(KNEE[language])
    await page.go_back()
    await expect(page.locator("#words")).to_have_count(0)


async def test_a_page_says_that_it_lives_and_keeps_a_complaint_whose_log_in_ended(
    hub: str, open_page: OpenPage, settings: Settings
) -> None:
    seen = await open_page(f"{hub}/kiosk?lang=en", language="en")
    page = seen.page
    await page.click("a[href*='ai=no']")
    await page.fill("#complaint", KNEE["en"])
    beats = "SELECT count(*) FROM login WHERE context IS NOT NULL"
    assert rows(settings.database_url, beats) == [(1,)]
    rows(settings.database_url, "UPDATE login SET ended_at = now() RETURNING id")
    async with page.expect_response(lambda answer: answer.url.endswith("/kiosk")):
        await page.evaluate("document.getElementById('idle').dataset.beat = 0.1")
    await page.evaluate("document.getElementById('idle').dataset.beat = 20")
    await page.click("#tell .button-big")
    await page.wait_for_url("**/kiosk/cases/*")
    await expect(page.locator("#asked")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_ticket_is_printed_and_goes_on_elsewhere(hub: str, open_page: OpenPage, language: str) -> None:
    seen = await open_page(f"{hub}/kiosk?lang={language}", language=language, size=SIZES[0], touch=True)
    page = seen.page
    await tell(page, KNEE[language], ai="no")
    await answer(page, language)
    stopped_at = await page.locator("#asked").inner_text()
    await page.click("#ticket")
    await expect(page.locator(".ticket .qr")).to_be_visible()
    await is_fine(seen)
    paper = await page.pdf(prefer_css_page_size=True)
    (width, height) = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)[0]
    assert float(width) == pytest.approx(80 / 25.4 * 72, abs=1)
    assert float(height) > float(width)
    assert len(re.findall(rb"/Type /Page\b", paper)) == 1
    code = await page.locator(".ticket-letters").inner_text()
    await page.click("#leave")
    other = await open_page(f"{hub}/kiosk?lang={language}", language=language, size=SIZES[2])
    await other.page.click("a[href$='/resume']")
    await expect(other.page.locator("#code")).to_be_focused()
    await is_fine(other)
    await other.page.keyboard.type("0000")
    await other.page.keyboard.press("Enter")
    await expect(other.page.locator("#code-error")).to_be_visible()
    assert await other.accessibility() == []
    await other.page.fill("#code", code.lower().replace("-", " "))  # a scanner types and presses Enter
    await other.page.keyboard.press("Enter")
    await expect(other.page.locator("#asked")).to_have_text(stopped_at)


async def test_the_paper_shows_the_ticket_and_nothing_else(hub: str, open_page: OpenPage) -> None:
    seen = await open_page(f"{hub}/kiosk?lang=en", language="en", size=SIZES[0])
    await tell(seen.page, KNEE["en"], ai="no")
    await seen.page.click("#enough")
    await expect(seen.page.locator(".ticket-number")).to_be_visible()
    await seen.page.emulate_media(media="print")
    for hidden in (".header", ".kiosk-bar", ".care", "h1", "[data-print]"):
        await expect(seen.page.locator(hidden).first).to_be_hidden()
    for shown in (".ticket-number", ".ticket .qr", ".ticket-letters", ".ticket-zone"):
        await expect(seen.page.locator(shown)).to_be_visible()


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_look_is_changed_where_it_stands_and_kept_on_every_page(
    hub: str, open_page: OpenPage, size: tuple[int, int]
) -> None:
    seen = await open_page(f"{hub}/kiosk?lang=en", language="en", size=size)
    page, root = seen.page, seen.page.locator("html")
    await page.click("a[href*='ai=no']")
    await page.fill("#complaint", KNEE["en"])
    await page.click("[data-text-set='3']")
    await page.click("[data-theme-toggle='contrast']")
    await expect(page.locator("#complaint")).to_have_value(KNEE["en"])
    await is_fine(seen)
    await page.click("#tell .button-big")
    await expect(page.locator("#asked")).to_be_visible()
    await expect(root).to_have_attribute("data-text", "3")
    await expect(root).to_have_attribute("data-theme", "contrast")
    await is_fine(seen)
    await page.click("#leave")
    await expect(page.locator("a[href*='ai=no']")).to_be_visible()
    assert await root.get_attribute("data-text") == "1"
    assert await root.get_attribute("data-theme") != "contrast"


async def test_a_whole_complaint_by_keyboard(hub: str, open_page: OpenPage) -> None:
    seen = await open_page(f"{hub}/kiosk?lang=en", language="en")
    page = seen.page
    await page.focus("a[href*='ai=no']")
    await page.keyboard.press("Enter")
    await page.focus("#complaint")
    await page.keyboard.type(KNEE["en"])
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#asked")).to_be_visible()
    await page.focus(".answer")
    asked = await page.locator("#asked").inner_text()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await expect(page.locator("#asked")).not_to_have_text(asked)
    seen.assert_clean()


async def test_without_scripts_the_whole_way_works(hub: str, open_page: OpenPage, fake_vllm: FakeVllm) -> None:
    says(fake_vllm, "en")
    seen = await open_page(f"{hub}/kiosk?lang=en", language="en", size=SIZES[0], scripts=False)
    page = seen.page
    await page.click("button[name=text][value='2']")
    await expect(page.locator("html")).to_have_attribute("data-text", "2")
    await tell(page, KNEE["en"])
    await expect(page.locator("#asked")).to_be_visible(timeout=10_000)
    for _ in range(MOST_QUESTIONS):
        if await page.locator(".ai-label").count():
            break
        await page.locator(".answer").nth(1).click()
        await expect(page.locator("#asked")).to_be_visible(timeout=10_000)
    await expect(page.locator("#asked")).to_have_text(ASKED["en"]["question"])
    await page.click("#enough")
    await expect(page.locator(".ticket-letters")).to_be_visible()
