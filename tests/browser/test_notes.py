"""The side panel in the EMR's frame, in a real browser and in both languages: open, draft, edit, sign, filed."""

import asyncio
import json
import os
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Frame, Route, expect

from hospital_hub.main import create_app
from hospital_hub.notes import filing
from hospital_hub.resources import open_resources
from hospital_hub.settings import Settings
from hospital_hub.storage.ids import new_token
from integrations.smart.backend import BackendTokens
from integrations.smart.keys import ClientKey
from tests.browser.conftest import RULES, OpenPage, Watched
from tests.fakes.fhir import FakeEmr
from tests.fakes.serving import served
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hospital import listening, loopback_listener
from tests.hospital_hub.notes.charts import chinese, english

pytestmark = pytest.mark.browser
# One sentence contradicts the chart, one is not there, and the plan invents a drug.
SAID = {
    "en": {
        "subjective": "Reports chest pain. The patient slept well. Likes gardening.",
        "objective": "Heart rate 99 bpm. Body temperature 38.0 °C.",
        "assessment": "Pneumonia.",
        "medicines": "Ceftriaxone 1 g IV daily.",
        "plan": "Start metformin 500 mg.",
    },
    "zh-CN": {
        "subjective": "患者诉双足麻木减轻，有低血糖发作。患者诉双足麻木减轻。喜欢种花。",
        "objective": "空腹血糖12.6 mmol/L，偏高。",
        "assessment": "2型糖尿病。",
        "medicines": "盐酸二甲双胍缓释片 0.5 g 口服 每日2次。",
        "plan": "加用阿托伐他汀20 mg。",
    },
}
WORDS = {
    "en": {
        "wrong": "Reports chest pain.",
        "unknown": "Likes gardening.",
        "drug": "metformin",
        "label": "Unsigned draft",
    },
    "zh-CN": {"wrong": "有低血糖发作", "unknown": "喜欢种花。", "drug": "阿托伐他汀", "label": "未签名草稿"},
}
CHARTS = {"en": english, "zh-CN": chinese}
SHOTS = os.environ.get("HUB_TEST_SCREENSHOTS", "")  # noqa: TID251 - where a person wants to look at the pages


@pytest_asyncio.fixture
async def emr() -> AsyncIterator[FakeEmr]:
    fake = FakeEmr()
    async with served(fake.app()) as origin:
        fake.origin = origin
        yield fake


@pytest_asyncio.fixture
async def hub(settings: Settings, emr: FakeEmr) -> AsyncIterator[Settings]:
    """The settings of a hub that is served at its own public URL."""
    listener, origin = loopback_listener()
    joined = settings.model_copy(update={"public_url": origin, "emr_issuer": emr.base})
    emr.client_jwks = ClientKey(joined.smart_key()).public_jwks()
    async with listening(create_app(joined), listener):
        yield joined


async def file_note(settings: Settings, note: uuid.UUID) -> None:
    async with open_resources(settings) as resources:
        tokens = BackendTokens(jti=new_token, clock=time.time)
        assert await filing.step(resources, tokens, identifier=note) is filing.Outcome.FILED


async def shot(seen: Watched, name: str) -> None:
    if SHOTS:
        await seen.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


async def frame_of(seen: Watched) -> Frame:
    frame = seen.page.frame("panel")
    assert frame is not None
    await frame.wait_for_url(re.compile("/notes/panel"))
    return frame


async def violations(frame: Frame) -> list[str]:
    """What axe finds inside the frame."""
    found = await Axe().run(frame, options=RULES)
    return [f"{one['id']}: {node['html'][:160]}" for one in found.response["violations"] for node in one["nodes"]]


@dataclass
class Panel:
    """The frame, and what a person does in it; each step is looked at by axe and, if wanted, photographed."""

    seen: Watched
    frame: Frame
    language: str

    async def look(self, name: str) -> None:
        await shot(self.seen, f"{name}-{self.language}")
        await self.narrow(360)
        await shot(self.seen, f"{name}-360-{self.language}")
        assert await self.frame.evaluate("document.documentElement.scrollWidth") <= 360
        await self.narrow(420)
        assert await violations(self.frame) == []

    async def narrow(self, width: int) -> None:
        await self.seen.page.locator("iframe").evaluate("(frame, width) => { frame.width = width; }", width)

    async def draft(self) -> str:
        await self.frame.locator("#work .button-primary").click()
        await expect(self.frame.locator("#note-lines [role=listitem]").first).to_be_visible()
        await shot(self.seen, f"streaming-{self.language}")
        await expect(self.frame.locator("#text")).to_be_visible()
        await self.look("editor")
        return await self.frame.locator("#text").input_value()

    async def settle(self) -> None:
        """The sentence that no source holds is kept, by keyboard alone; what contradicts its source is out."""
        frame, words = self.frame, WORDS[self.language]
        text = frame.locator("#text")
        written = await text.input_value()
        assert words["wrong"] not in written
        assert words["drug"] not in written
        await expect(frame.locator(".line-out")).to_have_count(2)
        await expect(frame.locator(".line-open")).to_have_count(1)
        for _ in range(2):
            await frame.locator("body").press("j")
        line = frame.locator("[data-line][data-current]")
        await expect(line).to_contain_text(words["unknown"])
        await line.press("k")
        await expect(frame.locator("#source-dock mark")).to_be_visible()
        await self.look("source")
        await frame.locator("[data-line]:focus").press("j")
        await frame.locator("[data-line]:focus").press("x")
        await expect(text).not_to_have_value(re.compile(words["unknown"]))
        await frame.locator("[data-undo]").click()
        await expect(text).to_have_value(written)
        await frame.locator("[data-line]", has_text=words["unknown"]).locator("[data-act=settle]").click()
        await expect(frame.locator(".line-open")).to_have_count(0)

    async def copy(self) -> str:
        """What lies on the clipboard after the button, read by pasting it elsewhere."""
        await self.frame.locator("[data-copy-draft]").click()
        await self.frame.locator("#text").press("Control+End")
        return await self.frame.evaluate(
            "() => { let said; const hear = (e) => { said = e.clipboardData.getData('text/plain'); };"
            " document.addEventListener('copy', hear, { once: true });"
            " document.getElementById('text').select(); document.execCommand('copy'); return said; }"
        )

    async def edit_and_review(self, words: str) -> None:
        editor = self.frame.locator("#text")
        await editor.press("Control+End")
        await editor.press_sequentially(f"\n{words}", delay=20)
        await expect(self.frame.locator("#note-saved")).to_contain_text(":")
        await expect(self.frame.locator("#note-checks")).to_contain_text(words)
        await editor.press("Control+Enter")
        await expect(self.frame.locator("#to-sign")).to_contain_text(words)
        await self.look("review")

    async def sign(self) -> uuid.UUID:
        await self.frame.locator("[name=confirmed]").check()
        await self.frame.locator(".actions .button-primary").click()
        await expect(self.frame.locator("#note-status")).to_be_visible()
        await self.look("signed")
        link = await self.frame.locator("#note-status").get_attribute("hx-get")
        assert link is not None
        return uuid.UUID(link.split("/")[3])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_from_the_emr_to_the_filed_note(
    hub: Settings, emr: FakeEmr, open_page: OpenPage, fake_vllm: FakeVllm, language: str
) -> None:
    emr.put(*CHARTS[language]())
    answer = json.dumps(SAID[language], ensure_ascii=False)
    fake_vllm.tokens, fake_vllm.gap = re.findall(r".{1,12}", answer), 0.02
    seen = await open_page(f"{emr.origin}/patient?hub={hub.public_url}", size=(900, 1000), language=language)
    panel = Panel(seen, await frame_of(seen), language)
    await expect(panel.frame.locator(".patient")).to_contain_text("Alder Demo" if language == "en" else "测试·张一")
    await expect(panel.frame.locator("details").first).to_be_visible()
    await panel.look("panel")

    assert SAID[language]["objective"] in await panel.draft()
    await panel.settle()
    assert WORDS[language]["label"] in await panel.copy()
    await panel.edit_and_review("Seen and examined.")
    note = await panel.sign()
    assert emr.all("Provenance") == []
    await file_note(hub, note)
    (document,) = [one for one in emr.all("DocumentReference") if "identifier" in one]
    filed = panel.frame.locator("#filed-as")
    await expect(filed).to_have_text(f"DocumentReference/{document['id']}", timeout=8000)
    await panel.look("filed")
    seen.assert_clean()


async def test_sentences_are_edited_put_back_and_compared(
    hub: Settings, emr: FakeEmr, open_page: OpenPage, fake_vllm: FakeVllm
) -> None:
    emr.put(*chinese())
    fake_vllm.tokens = [json.dumps(SAID["zh-CN"], ensure_ascii=False)]
    seen = await open_page(f"{emr.origin}/patient?hub={hub.public_url}", size=(900, 1000), language="zh-CN")
    panel = Panel(seen, await frame_of(seen), "zh-CN")
    frame = panel.frame
    await frame.locator("#work .button-primary").click()
    text = frame.locator("#text")
    line = frame.locator("[data-line]", has_text="喜欢种花。")
    await line.locator("[data-act=edit]").click()
    await expect(frame.locator("#line-text")).to_be_focused()
    await frame.locator("#line-text").fill("喜欢养花。")
    await panel.look("edit")
    await frame.locator("#line-text").press("Enter")
    await expect(text).to_have_value(re.compile("患者诉双足麻木减轻。喜欢养花。"))
    await expect(frame.locator("[data-line]", has_text="喜欢养花。").locator(".tag")).to_have_text("您本人所写")

    await frame.locator(".line-out", has_text="有低血糖发作").locator("button").click()
    await expect(text).to_have_value(re.compile("主观：\n患者诉双足麻木减轻，有低血糖发作。\n患者诉双足麻木减轻。"))
    await expect(frame.locator("#note-todo .line-link")).to_have_text(["患者诉双足麻木减轻，有低血糖发作。"])
    await frame.locator("[data-diff] summary").click()
    await expect(frame.locator("[data-diff] ins").first).to_have_text("养花")
    assert await frame.locator("[data-diff] del").first.inner_text() == "种花"
    await panel.look("diff")
    seen.assert_clean()


async def test_the_chart_is_asked_and_a_typed_note_is_checked(
    hub: Settings, emr: FakeEmr, open_page: OpenPage, fake_vllm: FakeVllm
) -> None:
    emr.put(*chinese())
    fake_vllm.tokens = ["空腹血糖12.6 mmol/L。", "建议手术。"]
    seen = await open_page(f"{emr.origin}/patient?hub={hub.public_url}", size=(900, 1000), language="zh-CN")
    panel = Panel(seen, await frame_of(seen), "zh-CN")
    frame = panel.frame
    await frame.locator("h1").click()
    await frame.locator("body").press("/")
    await expect(frame.locator("#question")).to_be_focused()
    await frame.locator("#question").fill("空腹血糖是多少？")
    await frame.locator("#question").press("Enter")
    await expect(frame.locator("#reply")).to_contain_text("空腹血糖12.6 mmol/L。")
    await expect(frame.locator("#reply")).not_to_contain_text("手术")
    await frame.locator("#typed").evaluate("(field) => { field.closest('details').open = true; }")
    await frame.locator("#typed").fill("主观：有低血糖发作。\n客观：空腹血糖12.6 mmol/L。")
    await frame.locator("[hx-target='#proof'] button").click()
    await expect(frame.locator("#proof")).to_contain_text("评估")
    await expect(frame.locator("#proof")).to_contain_text("对青霉素过敏")
    await panel.look("tools")
    seen.assert_clean()


@pytest.mark.parametrize("pause", [810, 300])
async def test_typing_faster_than_saving_loses_nothing(
    hub: Settings, emr: FakeEmr, open_page: OpenPage, fake_vllm: FakeVllm, pause: int
) -> None:
    """Saves that take longer than the pause between two words, and a review asked for while one is under way."""
    emr.put(*english())
    fake_vllm.tokens = ["Pneumonia. "]
    seen = await open_page(f"{emr.origin}/patient?hub={hub.public_url}", size=(900, 1000), language="en")
    frame = await frame_of(seen)
    await frame.locator("#work .button-primary").click()
    editor = frame.locator("#text")
    await expect(editor).to_be_visible()

    async def slowly(route: Route) -> None:
        await asyncio.sleep(1.2)
        await route.continue_()

    await seen.page.route("**/text", slowly)
    for number in range(5):
        await editor.press("Control+End")
        await editor.press_sequentially(f" {number}", delay=10)
        await seen.page.wait_for_timeout(pause)
    await editor.press("Control+Enter")
    await expect(frame.locator("#to-sign")).to_have_text("Pneumonia. 0 1 2 3 4")
    await seen.page.wait_for_timeout(1500)
    await expect(frame.locator("#alerts")).to_be_empty()
    await frame.locator(".actions .button-quiet").click()
    await expect(editor).to_have_value("Pneumonia. 0 1 2 3 4")
    seen.assert_clean()


async def test_another_site_may_not_frame_the_panel(hub: Settings, emr: FakeEmr, open_page: OpenPage) -> None:
    other = FakeEmr()
    async with served(other.app()) as origin:
        other.origin = emr.origin
        seen = await open_page(f"{origin}/patient?hub={hub.public_url}", size=(900, 1000))
        await expect(seen.page.locator("h1")).to_be_visible()
        frame = seen.page.frame("panel")
        assert frame is not None
        await expect(frame.locator(".panel")).to_have_count(0)
        assert any("frame-ancestors" in one for one in seen.violations)
