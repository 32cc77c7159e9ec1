"""The hub's cards in the demonstration EMR, and what became of them on the page of operations, in a real browser."""

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from hospital_hub.embedded.emr.app import create_app as create_emr
from hospital_hub.embedded.emr.config import EmrConfig
from hospital_hub.embedded.hook_clients import keep_registration
from hospital_hub.identity.permissions import Role
from hospital_hub.main import create_app
from hospital_hub.settings import Settings
from tests.browser.conftest import OpenPage
from tests.fixtures.hospital import FhirServer, listening, loopback_listener
from tests.fixtures.hub import LogIn

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
PATIENT = "demo-en-alder"


@dataclass
class Hospital:
    emr: str
    hub: str


@pytest_asyncio.fixture
async def hospital(settings: Settings, hospital_fhir: FhirServer, tmp_path: Path) -> AsyncIterator[Hospital]:
    (hub_socket, hub), (emr_socket, emr) = loopback_listener(), loopback_listener()
    config = EmrConfig(origin=emr, private_fhir=hospital_fhir.url, hub=hub, data=tmp_path, clock=time.time)
    clients = keep_registration(tmp_path / "clients.toml", emr=emr)
    joined = settings.model_copy(
        update={"public_url": hub, "emr_issuer": f"{emr}/fhir", "emr_origin": emr, "cds_clients": clients}
    )
    app = create_app(joined)
    async with listening(create_emr(config), emr_socket), listening(app, hub_socket):
        app.state.cds = replace(app.state.cds, read_seconds=1.0)  # the machine of the tests is shared
        yield Hospital(emr, hub)


async def log_in_at(page: Page) -> None:
    await page.fill("#name", "dr.chen")
    await page.fill("#password", "demo-chen-2026")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("table")


@pytest.mark.parametrize(
    ("language", "summary", "panel_title"),
    [("en", "Since the last visit", "Discharge summary"), ("zh-CN", "上次就诊", "出院小结")],
)
async def test_cards_from_the_chart_to_the_panel(
    hospital: Hospital, open_page: OpenPage, log_in: LogIn, language: str, summary: str, panel_title: str
) -> None:
    seen = await open_page(f"{hospital.emr}/login", size=(1360, 1000), language=language)
    page = seen.page
    await log_in_at(page)
    await page.goto(f"{hospital.emr}/patients/{PATIENT}")
    cards, panel = page.frame_locator("iframe[name=cards]"), page.frame_locator("iframe[name=panel]")
    first = cards.locator("article", has_text=summary)
    await expect(first).to_be_visible()
    await expect(panel.locator("h1")).to_be_visible()
    assert [one for one in await seen.accessibility() if 'class="cards"' in one] == []
    await first.locator("summary", has_text="Dismiss").click()
    await first.locator("input[name=reason]").first.check()
    await first.locator("button", has_text="Dismiss").click()
    await expect(first).to_contain_text("the hub was told")
    await expect(panel.locator("h1")).to_be_visible()  # what is done with a card leaves the panel alone
    await page.click("text=办理出院")
    await cards.locator("a[target=panel]").first.click()
    await expect(panel.locator(".alert-info")).to_contain_text(panel_title)
    frame = page.frame("panel")
    assert frame is not None
    assert re.search(r"/notes/panel\?document=discharge$", frame.url)
    assert (seen.foreign, seen.violations) == ([], [])
    table = await open_page(f"{hospital.hub}/cds/outcomes", language=language, cookies=await log_in(Role.OPERATIONS))
    await expect(table.page.locator("tbody tr", has_text="encounter-discharge").first).to_be_visible()
    assert await table.accessibility() == []
    table.assert_clean()
