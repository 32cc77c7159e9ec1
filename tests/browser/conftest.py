"""A real Chromium whose pages reach this machine only, and that remembers what a page must not do."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, Route, async_playwright

from tests.browser import chromium

LOCAL = frozenset({"127.0.0.1", "localhost"})
# A microphone that hears a tone, and nobody who must be asked for it.
MICROPHONE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *MICROPHONE]
# WCAG 2.2 A and AA, and axe's own advice
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy-violation", event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber));
"""


@dataclass
class Watched:
    """A page and what it did wrong: requests to other machines, policy violations, script errors."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def accessibility(self) -> list[str]:
        """Rule and element of each violation that axe finds."""
        found = await Axe().run(self.page, options=RULES)
        return [
            f"{violation['id']}: {node['html'][:160]}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]

    def assert_clean(self) -> None:
        assert (self.foreign, self.violations, self.errors) == ([], [], [])


OpenPage = Callable[..., Awaitable[Watched]]


@pytest.fixture(scope="session")
def executable() -> str:
    """Found while no event loop runs, as the search asks Playwright's synchronous side."""
    found = chromium.find()
    if found is None and os.environ.get("CI"):  # noqa: TID251 - where everything is tested, nothing is left out
        pytest.fail(chromium.MISSING)
    if found is None:
        pytest.skip(chromium.MISSING)
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(executable: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """`await open_page(url, size=(1280, 900), language="zh-CN", cookies={}, touch=False, scripts=True)`."""
    contexts = []

    async def one(
        url: str,
        *,
        size: tuple[int, int] = (1280, 900),
        language: str = "zh-CN",
        theme: str = "light",
        cookies: dict[str, str] | None = None,
        touch: bool = False,
        scripts: bool = True,
    ) -> Watched:
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            reduced_motion="reduce",
            has_touch=touch,
            java_script_enabled=scripts,
        )
        contexts.append(context)
        await context.add_cookies(
            [{"name": name, "value": value, "url": url} for name, value in (cookies or {}).items()]
        )
        await context.add_init_script(f"localStorage.setItem('hub-theme', '{theme}');{REPORT_VIOLATIONS}")
        watched = _watch(await context.new_page())
        await context.route("**/*", lambda route: _local_only(route, watched))
        await watched.page.goto(url)
        await watched.page.wait_for_load_state("load")
        return watched

    yield one
    for context in contexts:
        await context.close()


def _watch(page: Page) -> Watched:
    watched = Watched(page)

    def hear(message: ConsoleMessage) -> None:
        if "policy-violation" in message.text or "Content Security Policy" in message.text:
            watched.violations.append(message.text)
        elif message.type == "error":
            watched.errors.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    return watched


async def _local_only(route: Route, watched: Watched) -> None:
    target = urlsplit(route.request.url)
    if target.scheme in {"data", "blob"} or target.hostname in LOCAL:
        await route.continue_()
        return
    watched.foreign.append(route.request.url)
    await route.abort()
