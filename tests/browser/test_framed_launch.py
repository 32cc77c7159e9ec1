"""The panel inside the page of an EMR of another site, in a Chromium that blocks third-party cookies.

`localhost` and `127.0.0.1` are two sites; both count as secure, so that cookies behave there as they do under https.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from hospital_hub.main import create_app
from hospital_hub.settings import Settings
from integrations.smart.keys import ClientKey
from tests.browser.conftest import ARGUMENTS
from tests.fakes.authority import Authority
from tests.fakes.serving import served
from tests.fixtures.hospital import listening, loopback_listener

pytestmark = pytest.mark.browser
BLOCK_THIRD_PARTY = {"block_third_party_cookies": True, "cookie_controls_mode": 1}
# As a browser without partitioned cookies: in the EMR's pages the hub's site keeps nothing at all.
KEEP_NOTHING_IN_FRAMES = {
    "content_settings": {"exceptions": {"cookies": {"http://127.0.0.1,http://localhost": {"setting": 2}}}}
}


@pytest_asyncio.fixture
async def emr() -> AsyncIterator[Authority]:
    fake = Authority()
    async with served(fake.app()) as origin:
        fake.origin = f"http://localhost:{urlsplit(origin).port}"
        yield fake


@pytest_asyncio.fixture
async def hub(settings: Settings, emr: Authority) -> AsyncIterator[str]:
    listener, origin = loopback_listener()
    joined = settings.model_copy(update={"public_url": origin, "emr_issuer": emr.base})
    emr.client_jwks = ClientKey(joined.smart_key()).public_jwks()
    emr.redirect_uris = {f"{origin}/notes/callback"}
    async with listening(create_app(joined), listener):
        yield origin


@pytest_asyncio.fixture
async def context(executable: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[BrowserContext]:
    """A browser of its own with the preferences that the test names."""
    profile = tmp_path / "profile" / "Default"
    profile.mkdir(parents=True)
    (profile / "Preferences").write_text(json.dumps({"profile": request.param}))
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch_persistent_context(
            profile.parent, executable_path=executable, args=ARGUMENTS, locale="en"
        )
        yield opened
        await opened.close()


async def shown(context: BrowserContext, emr: Authority, hub: str) -> Page:
    page = await context.new_page()
    await page.goto(f"{emr.origin}/patient?hub={hub}")
    return page


async def third_party_cookie(page: Page) -> str:
    """What a frame of the hub's site gets back of an ordinary cookie that it has set."""

    async def give(_: Request) -> Response:
        response = RedirectResponse("/seen")
        response.set_cookie("ordinary", "kept", samesite="none", secure=True)
        return response

    async def seen(request: Request) -> Response:
        return PlainTextResponse(f"cookie: {request.cookies.get('ordinary', 'none')}")

    async with served(Starlette(routes=[Route("/set", give), Route("/seen", seen)])) as origin:
        await page.evaluate(
            "src => document.body.append(Object.assign(document.createElement('iframe'), {name: 'probe', src}))",
            f"{origin}/set",
        )
        body = page.frame_locator("iframe[name=probe]").locator("body")
        await expect(body).to_contain_text("cookie:")
        return await body.inner_text()


@pytest.mark.parametrize("context", [BLOCK_THIRD_PARTY], indirect=True)
async def test_the_panel_works_where_third_party_cookies_are_blocked(
    context: BrowserContext, emr: Authority, hub: str
) -> None:
    page = await shown(context, emr, hub)
    assert await third_party_cookie(page) == "cookie: none"  # they are
    panel = page.frame_locator("iframe[name=panel]")
    await expect(panel.locator(".patient")).to_contain_text("Alder Demo")
    await expect(panel.locator("#work button").first).to_be_visible()
    kept = {one["name"]: one for one in await context.cookies() if one["domain"] == "127.0.0.1"}
    assert kept["hub_session"]["sameSite"] == "None"
    assert kept["hub_session"]["secure"]
    assert kept["hub_session"]["httpOnly"]
    assert emr.living >= set(emr.bearers)
    # The log-in is the EMR page's alone: the hub's own site, opened by itself, knows nobody.
    alone = await context.new_page()
    await alone.goto(f"{hub}/notes/panel")
    assert "Alder Demo" not in await alone.content()


@pytest.mark.parametrize("context", [KEEP_NOTHING_IN_FRAMES], indirect=True)
async def test_where_nothing_is_kept_in_a_frame_the_launch_goes_on_in_a_window(
    context: BrowserContext, emr: Authority, hub: str
) -> None:
    page = await shown(context, emr, hub)
    link = page.frame_locator("iframe[name=panel]").locator("a.button-primary")
    await expect(link).to_be_visible()
    assert emr.asked == []  # the EMR's launch is not spent yet
    async with context.expect_page() as opening:
        await link.click()
    window = await opening.value
    await expect(window.locator(".patient")).to_contain_text("Alder Demo")
    assert emr.asked[-1]["launch"] == "l1"
