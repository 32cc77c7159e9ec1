"""Takes the pictures of the README: starts a demonstration, walks the three journeys, looks at each page.

Run by `make screenshots`; writes to .screenshots/ in both languages.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from hospital_hub.identity.permissions import Role
from tests.browser import chromium
from tests.browser.conftest import ARGUMENTS
from tests.journeys.demonstration import Demonstration, demonstration
from tests.journeys.test_three_journeys import ASKED, CHEST, KNEE, MODEL_MS, log_in, open_patient, panel_of, tell

FOLDER = Path(__file__).resolve().parents[2] / ".screenshots"
LANGUAGES = {"zh": "zh-CN", "en": "en"}
PATIENTS = {"zh": "测试·张一", "en": "Alder Demo"}
QUESTIONS = {
    "zh": ["列举脓毒症的三个早期表现。", "什么情况下应复查血乳酸？", "解释 qSOFA 的三个条目。"],
    "en": [
        "Name three early signs of sepsis.",
        "When should lactate be measured again?",
        "Explain the items of qSOFA.",
    ],
}


class Camera:
    """Pages of one language; `shoot` saves what a person sees."""

    def __init__(self, browser: Browser, hub: Demonstration, short: str) -> None:
        self.browser, self.hub, self.short, self.language = browser, hub, short, LANGUAGES[short]

    async def context(self, width: int, height: int) -> BrowserContext:
        return await self.browser.new_context(
            viewport={"width": width, "height": height}, locale=self.language, reduced_motion="reduce"
        )

    async def shoot(self, page: Page, name: str) -> None:
        await page.wait_for_load_state("load")
        path = FOLDER / f"{name}-{self.short}.png"
        await page.screenshot(path=path)
        print(path.relative_to(FOLDER.parent))

    async def kiosk(self) -> None:
        page = await (await self.context(1080, 1320)).new_page()
        for words in (CHEST, KNEE):
            await page.goto(f"{self.hub.hub}/kiosk?lang={self.language}")
            await tell(page, words[self.language])
        await page.locator(ASKED).wait_for(timeout=MODEL_MS)
        await self.shoot(page, "kiosk")

    async def desk(self, role: Role, path: str, *, name: str) -> Page:
        page = await (await self.context(1280, 860)).new_page()
        await page.goto(f"{self.hub.hub}/login?lang={self.language}")
        await log_in(page, self.hub, role=role, path=path)
        await page.wait_for_timeout(1000)
        await self.shoot(page, name)
        return page

    async def panel(self) -> None:
        page = await (await self.context(1280, 860)).new_page()
        await page.goto(self.hub.emr)
        await open_patient(page, PATIENTS[self.short])
        frame = await panel_of(page)
        await frame.locator("#work button").click()
        await frame.locator("#text").wait_for(timeout=MODEL_MS)
        await self.shoot(page, "panel")

    async def research(self, folder: Path) -> None:
        file = folder / f"questions-{self.short}.jsonl"
        lines = [json.dumps({"question": question}, ensure_ascii=False) for question in QUESTIONS[self.short] * 4]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        page = await self.desk(Role.RESEARCHER, "/research", name="research")
        await page.set_input_files("#file", file)
        await page.click("form[data-guard] button")
        await page.wait_for_url("**/research/*-*")
        await page.locator(f"progress[value='{len(lines)}']").wait_for(timeout=2 * MODEL_MS)
        await page.wait_for_timeout(1500)
        await self.shoot(page, "research")

    async def all(self, folder: Path) -> None:
        start = await (await self.context(1280, 860)).new_page()
        await start.goto(f"{self.hub.hub}/?lang={self.language}")
        await self.shoot(start, "start")
        await self.kiosk()
        await self.desk(Role.NURSE, "/board", name="board")
        await self.panel()
        await self.research(folder)
        await self.desk(Role.OPERATIONS, "/operations", name="operations")


async def take(hub: Demonstration, folder: Path, executable: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for short in LANGUAGES:
            await Camera(browser, hub, short).all(folder)
        await browser.close()


def main() -> int:
    executable = chromium.find()
    if executable is None:
        print(chromium.MISSING, file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, demonstration(Path(scratch) / "data", first_port=22_500) as hub:
        asyncio.run(take(hub, Path(scratch), executable))
    return 0


if __name__ == "__main__":
    sys.exit(main())
