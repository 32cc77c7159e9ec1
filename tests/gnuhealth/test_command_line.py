"""`hospital-hub gnuhealth` as a person at the server calls it."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from typer.testing import Result

from hospital_hub.settings import Settings
from integrations.gnuhealth import evaluations
from integrations.gnuhealth.client import Session
from tests.gnuhealth.subject import Subject
from tests.hospital_hub.cli.conftest import Run

pytestmark = pytest.mark.timeout(300, func_only=True)  # the first start of a real server is not counted


class Terminal:
    """Each command in a thread: the fake answers in this one."""

    def __init__(self, run: Run, environment: dict[str, str], settings: Settings) -> None:
        self.run = run
        self.environment = {
            **environment,
            "HUB_GNUHEALTH_URL": settings.gnuhealth_url,
            "HUB_GNUHEALTH_LOGIN": settings.gnuhealth_login,
            "HUB_GNUHEALTH_PASSWORD_FILE": str(settings.gnuhealth_password_file),
        }

    async def type(self, *words: str, **changes: str) -> Result:
        env = {**self.environment, **changes}
        return await asyncio.to_thread(lambda: self.run("gnuhealth", *words, env=env))

    async def answer(self, *words: str) -> str:
        result = await self.type(*words)
        assert result.exit_code == 0, result.output
        return result.stdout.strip()


@pytest.fixture
def terminal(run: Run, environment: dict[str, str], settings: Settings) -> Terminal:
    return Terminal(run, environment, settings)


async def test_from_a_text_to_a_final_note(
    terminal: Terminal, his: Subject, session: Session, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    text = tmp_path / "note.txt"
    text.write_bytes("Chest pain.\r\n血压 150/90 mmHg。\r\n".encode())
    assert json.loads(await terminal.answer("patient", his.puid))["name"][0]["family"] == "Betz"
    note = await terminal.answer("begin", his.puid, "--professional", str(his.professional), "--text", str(text))
    name = await terminal.answer("send", note, "--level", "III")
    assert await terminal.answer("finalise", note) == "waiting"

    there = await evaluations.read(session, int(name.rpartition("/")[2]))
    assert (there.text, there.urgency) == ("Chest pain.\n血压 150/90 mmHg。", evaluations.Urgency.URGENT)
    await his.sign(http, there.id)
    assert await terminal.answer("finalise", note) == "final"

    await his.as_doctor(http, "write", [there.id], {"evaluation_summary": "Something else."})
    changed = await terminal.type("finalise", note)
    assert changed.exit_code == 2
    assert "changed in GNU Health after it was signed" in changed.stderr


async def test_what_cannot_be_done_is_said_in_one_line(terminal: Terminal, tmp_path: Path) -> None:
    unknown = await terminal.type("patient", "NOBODY000")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert unknown.stderr == "GNU Health has no such patient. Check the number on the card or wristband.\n"
    plain = await terminal.type("patient", "NOBODY000", HUB_GNUHEALTH_URL="http://his.example/health")
    assert plain.exit_code == 2
    assert plain.stderr.startswith("HUB_GNUHEALTH_URL is not usable")
    empty = tmp_path / "empty.txt"
    empty.write_text(" \n", encoding="utf-8")
    nothing = await terminal.type("begin", "NOBODY000", "--professional", "1", "--text", str(empty))
    assert (nothing.exit_code, nothing.stderr.startswith("This note is empty")) == (2, True)
