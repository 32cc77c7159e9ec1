"""Every component in each theme, language and size: accessible, offline, within the policy, nothing cut off."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.fakes.serving import served
from tests.hospital_hub.web.conftest import make_app

pytestmark = pytest.mark.browser
PAGES = {"look": (1280, 900), "look/kiosk": (1080, 1920), "look/panel": (420, 900)}


@pytest_asyncio.fixture(loop_scope="session")
async def gallery() -> AsyncIterator[str]:
    async with served(make_app()) as origin:
        yield origin


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_accessible_offline_and_within_the_policy(
    gallery: str, open_page: OpenPage, path: str, language: str, theme: str
) -> None:
    seen = await open_page(f"{gallery}/{path}?lang={language}", size=PAGES[path], language=language, theme=theme)
    await seen.page.evaluate("document.fonts.ready")
    assert await seen.page.evaluate("document.documentElement.dataset.theme") == theme
    assert await seen.page.evaluate("[...document.fonts].some((slice) => slice.status === 'loaded')")
    assert await seen.accessibility() == []
    seen.assert_clean()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_nothing_is_wider_than_the_window(gallery: str, open_page: OpenPage, path: str, language: str) -> None:
    """From a phone or a narrow side panel to a desk, also with very large text (WCAG 1.4.10)."""
    seen = await open_page(f"{gallery}/{path}?lang={language}")
    for width, text in [(360, "1"), (360, "3"), (420, "1"), (768, "3"), (1280, "3")]:
        await seen.page.set_viewport_size({"width": width, "height": 900})
        await seen.page.evaluate(f"document.documentElement.dataset.text = '{text}'")
        assert await seen.page.evaluate("document.documentElement.scrollWidth") <= width, (width, text)
    await seen.page.set_viewport_size({"width": 360, "height": 900})
    assert await seen.accessibility() == []


SMALLEST = """(least) => [...document.querySelectorAll("a.button, button, summary, input, select, textarea, .nav a")]
  .map((element) => [element, (element.closest("label") ?? element).getBoundingClientRect()])
  .filter(([element, box]) => box.width && (box.height < least || box.width < 24) && !element.closest(".skip-link"))
  .map(([element, box]) => `${element.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)"""


@pytest.mark.parametrize(("path", "least"), [("look", 44), ("look/kiosk", 64), ("look/panel", 44)])
async def test_what_is_touched_is_large_enough(gallery: str, open_page: OpenPage, path: str, least: int) -> None:
    seen = await open_page(f"{gallery}/{path}", size=PAGES[path])
    assert await seen.page.evaluate(SMALLEST, least) == []


async def test_looks_are_kept_and_follow_the_system(gallery: str, open_page: OpenPage) -> None:
    seen = await open_page(f"{gallery}/look?lang=en", theme="auto")
    page = seen.page
    await page.emulate_media(color_scheme="dark")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.emulate_media(color_scheme="light", contrast="more")
    await expect(page.locator("html")).to_have_attribute("data-theme", "contrast")
    await page.get_by_label("Display").click()
    await page.get_by_role("button", name="Very large text").click()
    assert await page.evaluate("localStorage.getItem('hub-text')") == "3"
    assert await page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") > 20
    seen.assert_clean()


async def test_the_switch_keeps_the_page(gallery: str, open_page: OpenPage) -> None:
    seen = await open_page(f"{gallery}/look/kiosk")
    await seen.page.get_by_role("button", name="English").click()
    await seen.page.wait_for_url("**/look/kiosk")
    assert await seen.page.get_attribute("html", "lang") == "en"
    seen.assert_clean()


async def test_keys_press_their_buttons_and_can_be_listed_and_switched_off(gallery: str, open_page: OpenPage) -> None:
    seen = await open_page(f"{gallery}/look?lang=en")
    page = seen.page
    await page.evaluate(
        "window.pressed = 0; document.querySelector('[data-key=n]').addEventListener('click', () => window.pressed++)"
    )
    await page.keyboard.press("n")
    await page.get_by_label("Reason").press("n")  # typing is typing
    assert await page.evaluate("window.pressed") == 1
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("?")
    assert "Take the next patient" in await page.locator("#keys").inner_text()
    await page.keyboard.press("Escape")
    await page.get_by_label("Display").click()
    await page.get_by_role("checkbox", name="Keyboard shortcuts").uncheck()
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("n")
    assert await page.evaluate("window.pressed") == 1
    seen.assert_clean()


async def test_copied_text_carries_the_label(gallery: str, open_page: OpenPage) -> None:
    seen = await open_page(f"{gallery}/look")
    await seen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await seen.page.get_by_role("button", name="复制").click()
    await seen.page.locator(".toast").wait_for()
    assert (await seen.page.evaluate("navigator.clipboard.readText()")).endswith("[AI 草稿，未经核对]")


async def test_leaving_with_unsaved_words_is_asked_about(gallery: str, open_page: OpenPage) -> None:
    seen = await open_page(f"{gallery}/look/panel")
    asked: list[str] = []

    async def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        await dialog.accept()  # type: ignore[attr-defined]

    seen.page.on("dialog", stay)
    await seen.page.goto(f"{gallery}/look/panel")
    assert asked == []
    await seen.page.locator("#text").type("。")
    await seen.page.goto(f"{gallery}/look/panel")
    assert asked == ["beforeunload"]
