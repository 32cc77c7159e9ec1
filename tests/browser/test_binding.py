"""Whose case it is, in a real browser: look, compare, bind, undo, in both languages and on a narrow screen."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import expect

from hospital_hub.clinical.text import Language
from hospital_hub.identity.permissions import Role
from hospital_hub.main import create_app
from tests.browser.conftest import OpenPage
from tests.fakes.serving import served
from tests.fixtures.hub import LogIn
from tests.hospital_hub.triage.bound_cases import Ward
from tests.hospital_hub.triage.conftest import ward

__all__ = ["ward"]

pytestmark = pytest.mark.browser
WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "find": "Find the patient",
        "one": "One identifier is not enough.",
        "yes": "Yes, bind the case to this patient",
        "bound": "Bound",
        "filed": "Filed in the hospital system",
        "wrong": "This is the wrong patient",
        "undo": "Undo the binding",
        "undone": "A binding was undone.",
    },
    "zh-CN": {
        "find": "查找患者",
        "one": "只有一项身份信息不够。",
        "yes": "是，关联到这位患者",
        "bound": "已关联患者",
        "filed": "已归档到医院系统",
        "wrong": "关联错了患者",
        "undo": "撤销关联",
        "undone": "关联已被撤销。",
    },
}


@dataclass
class Place:
    origin: str
    ward: Ward


@pytest_asyncio.fixture
async def place(ward: Ward) -> AsyncIterator[Place]:
    made = create_app(ward.resources.settings)
    async with made.router.lifespan_context(made), served(made) as origin:
        yield Place(origin, ward)


@pytest.mark.parametrize(("language", "size"), [("zh-CN", (1280, 900)), ("en", (420, 800))])
async def test_a_nurse_finds_compares_binds_and_undoes(
    place: Place, open_page: OpenPage, log_in: LogIn, language: Language, size: tuple[int, int]
) -> None:
    words, case = WORDS[language], await place.ward.tell()
    cookies = await log_in(Role.NURSE, "Nurse One")
    seen = await open_page(f"{place.origin}/board?lang={language}", language=language, size=size, cookies=cookies)
    await seen.page.goto(f"{place.origin}/board/cases/{case}")
    part = seen.page.locator("#binding")
    await part.locator("#number").fill("H-1001")
    await part.get_by_role("button", name=words["find"]).click()
    await expect(seen.page.get_by_text(words["one"])).to_be_visible()
    await expect(part.locator("#number")).to_have_value("H-1001")
    await part.locator("#birth_date").fill("1960-05-18")
    await part.get_by_role("button", name=words["find"]).click()
    await expect(part.locator("#binding-found")).to_contain_text("Alder Anna")
    assert await seen.accessibility() == []
    await part.get_by_role("button", name=words["yes"]).click()
    await expect(part).to_contain_text(words["bound"])
    await expect(part).to_contain_text("H-1001")
    assert await seen.accessibility() == []
    await place.ward.file(case)
    await expect(part.locator("[role=status]")).to_have_text(words["filed"], timeout=8000)
    assert "H-1001" not in seen.page.url
    await part.get_by_text(words["wrong"]).click()
    await part.get_by_role("button", name=words["undo"]).click()
    await expect(part).to_contain_text(words["undone"])
    refused = [one for one in seen.errors if "422" not in one]  # the one that was provoked
    assert (seen.foreign, seen.violations, refused) == ([], [], [])
