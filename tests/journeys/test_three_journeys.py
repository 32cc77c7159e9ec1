"""A nurse, a doctor and a researcher, through the running demonstration, the real small model and a real browser.

What happened is read back from PostgreSQL and from the FHIR server, never from the page that did it.
"""

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Frame, Page, expect

from hospital_hub.embedded.emr.accounts import DEMO_LOGINS
from hospital_hub.identity.demonstration import DEMO
from hospital_hub.identity.permissions import Role
from tests.browser.conftest import OpenPage
from tests.journeys.demonstration import Demonstration

pytestmark = [pytest.mark.embedded, pytest.mark.browser, pytest.mark.timeout(400)]
MODEL_MS = 90_000
ASKED = "#asked"  # the model's checked question, or the hospital's fixed one in its place
CHEST = {
    "zh-CN": "胸口像压着石头一样疼，出冷汗，已经半个小时",
    "en": "Crushing chest pain and sweating for half an hour",
}
KNEE = {"zh-CN": "膝盖疼了两个星期，上楼时更明显", "en": "My knee has hurt for two weeks, worse on stairs"}
LEVEL_II = 2


def password(role: Role) -> tuple[str, str]:
    account = next(account for account in DEMO if account.role is role)
    return account.name, account.password


async def log_in(page: Page, hub: Demonstration, *, role: Role, path: str) -> None:
    name, secret = password(role)
    await page.goto(f"{hub.hub}/login?next={path}")
    await page.fill("[name=name]", name)
    await page.fill("[name=password]", secret)
    await page.press("[name=password]", "Enter")
    await page.wait_for_url(f"**{path}")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_triage_from_the_kiosk_to_the_nurses_level(
    hub: Demonstration, open_page: OpenPage, language: str
) -> None:
    board = await open_page(f"{hub.hub}/login?lang={language}", language=language)
    await log_in(board.page, hub, role=Role.NURSE, path="/board")
    kiosk = await open_page(f"{hub.hub}/kiosk?lang={language}", language=language, size=(1080, 1920))
    flagged = await tell(kiosk.page, CHEST[language])
    await expect(board.page.locator("main")).to_contain_text(CHEST[language], timeout=5_000)
    await kiosk.page.goto(f"{hub.hub}/kiosk?lang={language}")
    calm = await tell(kiosk.page, KNEE[language])
    await expect(kiosk.page.locator(ASKED)).to_be_visible(timeout=MODEL_MS)

    await board.page.goto(f"{hub.hub}/board/cases/{flagged}")
    await board.page.click(f"button[name=level][value='{LEVEL_II}']")
    await until(lambda: levels(hub, flagged) == (LEVEL_II, LEVEL_II))
    automatic, final = levels(hub, calm)
    assert automatic is not None
    assert automatic > LEVEL_II
    assert final is None
    await until(lambda: answered(hub, f"triage_case/{calm}") == 1, within=MODEL_MS / 1000)
    assert deeds(hub, f"triage_case/{flagged}") >= {"CREATE", "READ"}
    for seen in (board, kiosk):
        seen.assert_clean()


async def tell(page: Page, words: str) -> uuid.UUID:
    await page.click("a[href*='ai=yes']")
    await page.fill("#complaint", words)
    await page.click("form[action='/kiosk/cases'] button")
    await page.wait_for_url("**/kiosk/cases/*")
    return uuid.UUID(page.url.rpartition("/")[2].partition("?")[0])


def levels(hub: Demonstration, case: uuid.UUID) -> tuple[int | None, int | None]:
    """Automatic and final."""
    (found,) = hub.rows("SELECT automatic_level, final_level FROM triage_case WHERE id = %s", case)
    return found[0], found[1]


def answered(hub: Demonstration, entity: str) -> int:
    """Usage rows that are closed, found over the audit event of the same question."""
    query = (
        "SELECT count(*) FROM audit_event e JOIN model_call c ON c.id::text = e.detail->>'model_call'"
        " WHERE e.entity = %s AND c.outcome <> 'OPEN' AND c.tier <> ''"
    )
    return int(hub.rows(query, entity)[0][0])


def deeds(hub: Demonstration, entity: str) -> set[str]:
    return {deed for (deed,) in hub.rows("SELECT deed FROM audit_event WHERE entity = %s", entity)}


async def until(holds: Callable[[], bool], within: float = 30.0) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(("language", "patient"), [("zh-CN", "测试·张一"), ("en", "Alder Demo")])
async def test_note_from_the_emr_to_the_document_in_the_fhir_server(
    hub: Demonstration, open_page: OpenPage, language: str, patient: str
) -> None:
    seen = await open_page(hub.emr, size=(1400, 1000), language=language)
    await open_patient(seen.page, patient)
    frame = await panel_of(seen.page)
    signed_text = await draft_and_edit(frame, f"Seen and examined {uuid.uuid4().hex[:8]}.")
    reference = await sign_and_wait(frame)

    document, provenance = from_the_fhir_server(hub, reference)
    assert document["docStatus"] == "final"
    assert base64.b64decode(document["content"][0]["attachment"]["data"]).decode() == signed_text
    assert "AIAST" in {label["code"] for label in document["meta"]["security"]}
    assert reference in {target["reference"].partition("/_history")[0] for target in provenance["target"]}
    (note,) = hub.rows("SELECT id, state FROM note_draft WHERE resource = %s", reference)
    assert note[1] == "FILED"
    assert deeds(hub, f"note_draft/{note[0]}") >= {"ASK", "SIGN"}
    assert deeds(hub, reference) >= {"FILE"}
    await seen.page.reload()
    await expect(seen.page.locator(".chart .ai").first).to_be_visible()
    seen.assert_clean()


async def open_patient(page: Page, patient: str) -> None:
    await page.fill("#name", DEMO_LOGINS[0].name)
    await page.fill("#password", DEMO_LOGINS[0].password)
    await page.press("#password", "Enter")
    await page.get_by_role("link", name=patient).first.click()


async def draft_and_edit(frame: Frame, words: str) -> str:
    """The text as it stands in the editor when it is handed to the review."""
    await frame.locator("#work button").click()
    editor = frame.locator("#text")
    await expect(editor).to_be_visible(timeout=MODEL_MS)
    await editor.press("Control+End")
    await editor.press_sequentially(f"\n{words}")
    await expect(frame.locator("#note-checks")).to_contain_text(words, timeout=10_000)
    text = await editor.input_value()
    while count := await frame.locator(".line-open").count():
        await frame.locator(".line-open [data-act=settle]").first.click()
        await expect(frame.locator(".line-open")).to_have_count(count - 1)
    await editor.press("Control+Enter")
    await expect(frame.locator("#to-sign")).to_contain_text(words)
    return text


async def sign_and_wait(frame: Frame) -> str:
    """The reference under which the signed text was filed."""
    confirm = frame.locator("[name=confirmed]")
    if await confirm.count():
        await confirm.check()
    await frame.locator(".actions .button-primary").click()
    filed = frame.locator("#filed-as")
    await expect(filed).to_contain_text("DocumentReference/", timeout=60_000)
    return str(await filed.text_content()).strip()


async def panel_of(page: Page) -> Frame:
    element = await page.wait_for_selector("iframe[name=panel]")
    assert element is not None
    frame = await element.content_frame()
    assert frame is not None
    await frame.wait_for_url(re.compile("/notes/panel"))
    return frame


def from_the_fhir_server(hub: Demonstration, reference: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Asked at its private port, past the EMR and past the hub."""
    port = re.search(r"--port (\d+)", " ".join(hub.part("hospital")[0].cmdline()))
    assert port
    base = f"http://127.0.0.1:{port[1]}/fhir"
    document = httpx.get(f"{base}/{reference}").json()
    found = httpx.get(f"{base}/Provenance", params={"target": reference}).json()
    (entry,) = found["entry"]
    return document, entry["resource"]


def test_research_from_the_terminal_to_the_results_file(hub: Demonstration, tmp_path: Path) -> None:
    questions, answers = tmp_path / "questions.jsonl", tmp_path / "answers.jsonl"
    lines = [{"id": f"q{number}", "question": f"Name one sign of sepsis. ({number})"} for number in range(20)]
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    name, secret = password(Role.RESEARCHER)
    hub_command(tmp_path, "login", "--url", hub.hub, "--user", name, typed=f"{secret}\n")
    hub_command(tmp_path, "batch", "submit", str(questions), "--wait", "--output", str(answers))

    results = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    assert {result["id"] for result in results} == {line["id"] for line in lines}
    (job,) = hub.rows("SELECT id, state, item_count FROM job ORDER BY created_at DESC LIMIT 1")
    assert job[1:] == ("DONE", 20)
    kept = "SELECT count(*), count(DISTINCT ordinal) FROM job_result WHERE job_id = %s"
    assert hub.rows(kept, job[0]) == [(20, 20)]
    usage = "SELECT count(*) FROM model_call WHERE task = 'research' AND outcome = 'ANSWERED'"
    assert hub.rows(usage)[0][0] >= 20
    assert deeds(hub, f"job/{job[0]}") >= {"CREATE"}


def hub_command(home: Path, *arguments: str, typed: str = "") -> str:
    """A command of `hospital-hub` as a researcher types it, with a home folder of its own."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    command = [sys.executable, "-m", "hospital_hub.cli", *arguments]
    done = subprocess.run(
        command, input=typed, capture_output=True, text=True, env=environment, cwd=home, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_research_from_the_page(hub: Demonstration, open_page: OpenPage, tmp_path: Path) -> None:
    file = tmp_path / "batch.jsonl"
    file.write_text(
        '{"question": "列举一个脓毒症的早期表现。"}\n{"question": "Name one cause of fever."}\n', encoding="utf-8"
    )
    seen = await open_page(f"{hub.hub}/login?lang=zh-CN", language="zh-CN")
    await log_in(seen.page, hub, role=Role.RESEARCHER, path="/research")
    await seen.page.set_input_files("#file", file)
    await seen.page.click("form[data-guard] button")
    await seen.page.wait_for_url("**/research/*-*")
    await expect(seen.page.locator("progress")).to_have_attribute("value", "2", timeout=MODEL_MS)
    await expect(seen.page.locator("td .ai-label").first).to_be_visible(timeout=10_000)
    seen.assert_clean()
