"""The start page, the log-in, operations and audit in a real browser: both languages, every theme, axe."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import expect

from hospital_hub.audit.events import Deed, record
from hospital_hub.identity.demonstration import DEMO, seed_demonstration
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.principal import Principal
from hospital_hub.inference.tables import Outcome
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now
from tests.browser.conftest import OpenPage
from tests.fakes.serving import served
from tests.fixtures.hub import LogIn
from tests.hospital_hub.operations.calls import call, store

pytestmark = pytest.mark.browser
LANGUAGES = ["zh-CN", "en"]
NURSE = Principal(id="nurse", role=Role.NURSE, display_name="Nurse")


@pytest_asyncio.fixture
async def hub(app: FastAPI, resources: Resources) -> AsyncIterator[str]:
    await seed_demonstration(resources, now=utc_now())
    async with served(app) as origin:
        yield origin


@pytest.mark.parametrize("language", LANGUAGES)
async def test_from_the_front_page_through_the_log_in_and_out_again(
    hub: str, open_page: OpenPage, language: str
) -> None:
    seen = await open_page(f"{hub}/", language=language)
    page = seen.page
    assert await seen.accessibility() == []
    await page.click('a[href="/operations"]')
    await page.wait_for_url(f"{hub}/login?next=/operations")
    assert await seen.accessibility() == []
    operations = next(account for account in DEMO if account.role is Role.OPERATIONS)
    await page.fill("#name", operations.name)
    await page.fill("#password", "wrong")
    await page.click("main form button")
    await expect(page.locator("[role=alert] .alert-error")).to_be_visible()
    assert await page.input_value("#name") == operations.name
    assert await seen.accessibility() == []
    await page.fill("#password", operations.password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{hub}/operations")
    await page.click("form[action='/logout'] button")
    await expect(page).to_have_url(f"{hub}/")
    await expect(page.locator(".who")).to_have_count(0)
    # The browser itself notes the 401 of the wrong password.
    assert [error for error in seen.errors if "401" not in error] == []
    assert (seen.foreign, seen.violations) == ([], [])


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_figures_as_pictures_and_as_tables(
    hub: str, open_page: OpenPage, log_in: LogIn, resources: Resources, language: str, theme: str
) -> None:
    await store(resources, call(), call("r1-70b"), call("r1-671b"), call(outcome=Outcome.REFUSED))
    cookies = await log_in(Role.OPERATIONS)
    seen = await open_page(f"{hub}/operations", language=language, theme=theme, cookies=cookies)
    page = seen.page
    await expect(page.locator("svg[role=img]")).to_have_count(8)
    bar = page.locator("svg[role=img] rect").first
    ground = await page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
    assert await bar.evaluate("element => getComputedStyle(element).fill") not in {ground, "rgb(0, 0, 0)"}
    await page.locator("main details > summary").first.click()
    await expect(page.locator("main details[open] table").first).to_be_visible()
    assert await seen.accessibility() == []
    async with page.expect_response("**/operations/fleet") as refreshed:
        pass
    assert (await refreshed.value).status == 200
    await expect(page.locator("[hx-get] tbody tr")).to_have_count(3)
    seen.assert_clean()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_auditor_narrows_and_finds(
    hub: str, open_page: OpenPage, log_in: LogIn, resources: Resources, language: str
) -> None:
    async with resources.database.work() as session:
        record(session, NURSE, deed=Deed.READ, entity="triage_case/1", subject=resources.vault.blind("Patient/1"))
        record(session, NURSE, deed=Deed.SIGN, entity="note/2", subject=resources.vault.blind("Patient/2"))
    seen = await open_page(f"{hub}/audit", language=language, cookies=await log_in(Role.AUDITOR))
    page = seen.page
    assert await seen.accessibility() == []
    await page.fill("#reference", "Patient/2")
    await page.locator("#reference").press("Enter")
    await page.wait_for_url("**/audit?subject=*")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody")).to_contain_text("note/2")
    assert "Patient" not in page.url
    await page.select_option("#deed", "login")
    await page.locator("form[method=get] button").click()
    await page.wait_for_url("**/audit?deed=login*")
    await expect(page.locator(".empty")).to_be_visible()
    assert await seen.accessibility() == []
    seen.assert_clean()


@pytest.mark.parametrize("path", ["/login", "/operations", "/audit"])
async def test_nothing_is_cut_off_on_a_narrow_screen(hub: str, open_page: OpenPage, log_in: LogIn, path: str) -> None:
    role = Role.AUDITOR if path == "/audit" else Role.OPERATIONS
    seen = await open_page(f"{hub}{path}", size=(360, 740), cookies=await log_in(role))
    assert await seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
