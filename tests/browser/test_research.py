"""The researcher's pages in a real browser, in both languages: hand in, watch, read, fetch."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import expect

from hospital_hub.identity.permissions import Role
from hospital_hub.research.shift import work_on
from hospital_hub.resources import Resources, open_resources
from hospital_hub.settings import Settings
from tests.browser.conftest import OpenPage, Watched
from tests.fakes.serving import served
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import LogIn
from tests.hospital_hub.research.conftest import jsonl, questions

pytestmark = pytest.mark.browser
LANGUAGES = ["zh-CN", "en"]


@pytest_asyncio.fixture
async def hub(app: FastAPI) -> AsyncIterator[str]:
    async with served(app) as origin:
        yield origin


@pytest_asyncio.fixture
async def worker_resources(settings: Settings, hub: str) -> AsyncIterator[Resources]:
    async with open_resources(settings.model_copy(update={"internal_url": hub})) as opened:
        yield opened


async def work(resources: Resources, page: Watched) -> None:
    job_id = uuid.UUID(page.page.url.rpartition("/")[2].partition("?")[0])
    await work_on(resources, job_id, stopping=lambda: False)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_from_the_empty_page_to_the_results(
    hub: str,
    open_page: OpenPage,
    log_in: LogIn,
    worker_resources: Resources,
    fake_vllm: FakeVllm,
    language: str,
    tmp_path: Path,
) -> None:
    cookies = await log_in(Role.RESEARCHER)
    seen = await open_page(f"{hub}/research?lang={language}", language=language, cookies=cookies)
    page = seen.page
    await expect(page.locator(".empty")).to_be_visible()
    assert await seen.accessibility() == []
    body = questions(24) + b"\n" + jsonl([{"id": "long", "question": "电话13800138000，MRN: A123456。" + "很长" * 200}])
    file = tmp_path / "batch.jsonl"
    file.write_bytes(body)
    fake_vllm.tokens = ["Sepsis ", "begins ", "with ", "fever. " * 50]
    await page.fill("#title", "Sepsis")
    await page.set_input_files("#file", file)
    await page.click("form[data-guard] button")
    await page.wait_for_url("**/research/*-*")
    await expect(page.locator("h1")).to_contain_text("Sepsis")
    assert await seen.accessibility() == []
    await work(worker_resources, seen)
    await expect(page.locator("svg[role=img]")).to_be_visible(timeout=10_000)
    await expect(page.locator("progress")).to_have_attribute("value", "25")
    await expect(page.locator("td .ai-label")).to_have_count(20)
    await page.locator("nav.row a").click()
    await expect(page.locator("td .ai-label")).to_have_count(5)
    assert await seen.accessibility() == []
    async with page.expect_download() as started:
        await page.locator("a[download]").first.click()
    lines = (await (await started.value).path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 25
    seen.assert_clean()
