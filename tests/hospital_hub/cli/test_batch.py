"""`hospital-hub login` and `hospital-hub batch` as a researcher types them, against a hub on a real port."""

import asyncio
import json
import os
import signal
import stat
import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hospital_hub.cli.hub_client import HubClient
from hospital_hub.errors import BadInput, Unavailable
from hospital_hub.identity import accounts
from hospital_hub.identity.accounts import TERMINAL, NewAccount
from hospital_hub.identity.permissions import Role
from hospital_hub.research.shift import work_on
from hospital_hub.resources import Resources, open_resources
from hospital_hub.settings import Settings
from hospital_hub.storage.clock import utc_now
from tests.fakes.serving import served
from tests.fakes.vllm import FakeVllm
from tests.fixtures.hub import rows

PASSWORD = "quiet-heron-42-river"
THREE = b"".join(b'{"id": "%d", "question": "Question %d?"}\n' % (number, number) for number in (1, 2, 3))


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """A home folder and a hub; each command is a process."""

    home: Path
    origin: str

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "hospital_hub.cli",
            *arguments,
            "--url",
            self.origin,
            cwd=self.home,
            env={"PATH": os.defpath, "HOME": str(self.home), "PYTHONSAFEPATH": "1", "COLUMNS": "200"},
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )

    async def type(self, *arguments: str, stdin: bytes = b"") -> Ended:
        process = await self.start(*arguments)
        out, err = await asyncio.wait_for(process.communicate(stdin), 60)
        return Ended(process.returncode or 0, out.decode(), err.decode())

    @property
    def session(self) -> Path:
        return self.home / ".config" / "hospital-hub" / "session.json"


@pytest_asyncio.fixture
async def origin(app: FastAPI) -> AsyncIterator[str]:
    async with served(app) as origin:
        yield origin


@pytest_asyncio.fixture
async def terminal(origin: str, resources: Resources, tmp_path: Path) -> Terminal:
    """Logged in as a researcher."""
    wanted = NewAccount(name="researcher", display_name="Researcher", role=Role.RESEARCHER)
    await accounts.create(resources, TERMINAL, wanted=wanted, password=PASSWORD, now=utc_now())
    made = Terminal(tmp_path, origin)
    ended = await made.type("login", "--user", "researcher", "--password-file", "-", stdin=PASSWORD.encode() + b"\n")
    assert ended.code == 0, ended.err
    return made


@pytest_asyncio.fixture
async def working(settings: Settings, origin: str) -> AsyncIterator[None]:
    """Somebody who takes up every job, as worker and publisher do."""
    own = settings.model_copy(update={"internal_url": origin})

    async def work() -> None:
        async with open_resources(own) as resources:
            while True:
                for (job,) in rows(settings.database_url, "SELECT id FROM job WHERE state IN ('SUBMITTED', 'RUNNING')"):
                    assert isinstance(job, uuid.UUID)
                    await work_on(resources, job, stopping=lambda: False)
                await asyncio.sleep(0.05)

    worker = asyncio.create_task(work())
    yield
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


async def test_the_log_in_is_kept_for_this_account_alone(terminal: Terminal) -> None:
    assert stat.S_IMODE(terminal.session.stat().st_mode) == 0o600
    assert set(json.loads(terminal.session.read_text())) == {terminal.origin}
    assert PASSWORD not in terminal.session.read_text()


async def test_a_wrong_password_and_no_log_in_are_one_line(terminal: Terminal) -> None:
    refused = await terminal.type("login", "--user", "researcher", "--password-file", "-", stdin=b"wrong-password")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.count("\n") == 1
    terminal.session.unlink()
    nobody = await terminal.type("batch", "list")
    assert nobody.code == 2
    assert "hospital-hub login" in nobody.err


@pytest.mark.usefixtures("working")
async def test_from_a_file_to_a_results_file(terminal: Terminal) -> None:
    (terminal.home / "questions.jsonl").write_bytes(THREE)
    done = await terminal.type("batch", "submit", "questions.jsonl", "--title", "Mine", "--output", "answers.jsonl")
    assert done.code == 0, done.err
    assert "3/3" in done.err
    lines = (terminal.home / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["1", "2", "3"]
    assert all(json.loads(line)["answer"] == "Please wait for a nurse." for line in lines)
    listed = json.loads((await terminal.type("batch", "list", "--json")).out)["batches"]
    assert [(one["title"], one["state"]) for one in listed] == [("Mine", "done")]
    table = await terminal.type("batch", "list")
    assert listed[0]["id"] in table.out
    text = await terminal.type("batch", "results", listed[0]["id"], "--format", "csv")
    assert text.out.count("Please wait for a nurse.") == 3


@pytest.mark.usefixtures("working")
async def test_from_stdin_with_json(terminal: Terminal) -> None:
    done = await terminal.type("batch", "submit", "-", "--wait", "--json", stdin=THREE)
    assert done.code == 0, done.err
    assert json.loads(done.out)["answered"] == 3


@pytest.mark.usefixtures("working")
async def test_a_question_without_an_answer_is_code_1(terminal: Terminal) -> None:
    body = THREE + json.dumps({"question": "长" * 8000}).encode()
    ended = await terminal.type("batch", "submit", "-", "--wait", stdin=body)
    assert ended.code == 1
    assert "3 of 4 questions have an answer." in ended.err


async def test_wrong_lines_are_named_and_nothing_is_stored(terminal: Terminal, settings: Settings) -> None:
    refused = await terminal.type("batch", "submit", "-", stdin=b'{"question": "a"}\n{"question": ""}\n')
    assert (refused.code, refused.out) == (2, "")
    assert "line 2: The question is empty." in refused.err
    assert rows(settings.database_url, "SELECT count(*) FROM job") == [(0,)]


async def test_a_missing_file_is_one_line(terminal: Terminal) -> None:
    refused = await terminal.type("batch", "submit", "nowhere.jsonl")
    assert refused.code == 2
    assert refused.err.count("\n") == 1


async def test_what_cannot_be_fetched_leaves_the_file_as_it_was(terminal: Terminal) -> None:
    file = terminal.home / "answers.jsonl"
    file.write_text("before")
    refused = await terminal.type("batch", "results", str(uuid.uuid4()), "--output", "answers.jsonl")
    assert refused.code == 2
    assert file.read_text() == "before"
    assert not list(terminal.home.glob(".answers*"))


async def test_cancel_resume_retry(terminal: Terminal) -> None:
    batch = (await terminal.type("batch", "submit", "-", stdin=THREE)).out.strip()
    assert "is cancelled" in (await terminal.type("batch", "cancel", batch)).out
    watched = await terminal.type("batch", "watch", batch)
    assert watched.code == 1
    assert "is submitted" in (await terminal.type("batch", "resume", batch)).out
    refused = await terminal.type("batch", "retry", batch)
    assert refused.code == 2
    assert "not possible" in refused.err


async def test_ctrl_c_ends_the_watching_and_not_the_batch(terminal: Terminal, fake_vllm: FakeVllm) -> None:
    batch = (await terminal.type("batch", "submit", "-", stdin=THREE)).out.strip()
    process = await terminal.start("batch", "watch", batch)
    assert process.stderr is not None
    assert b"Ctrl-C" in await asyncio.wait_for(process.stderr.readline(), 60)
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 130
    assert f"hospital-hub batch watch {batch}" in err.decode()
    state = json.loads((await terminal.type("batch", "list", "--json")).out)["batches"][0]["state"]
    assert state == "submitted"


async def test_a_hub_that_comes_back_is_waited_for(tmp_path: Path) -> None:
    """As while its database starts again."""
    ended = {"state": "done", "total": 1, "answered": 1, "failed": 0, "per_minute": 0.0, "seconds_left": None}
    answers = [503, 502, 200]

    async def batch(request: Request) -> Response:
        status = answers.pop(0)
        down = {"detail": "Not now.", "code": "unavailable"}
        return JSONResponse(ended if status == 200 else down, status)

    async with served(Starlette(routes=[Route("/api/research/batches/{batch}", batch)])) as origin:
        terminal = Terminal(tmp_path, origin)
        terminal.session.parent.mkdir(parents=True)
        terminal.session.write_text(json.dumps({origin: "token"}))
        watched = await terminal.type("batch", "watch", str(uuid.uuid4()))
    assert (watched.code, answers) == (0, [])


def test_an_address_that_is_none_and_one_where_nobody_is() -> None:
    with pytest.raises(BadInput):
        HubClient("ftp://somewhere").get("/")
    with pytest.raises(Unavailable):
        HubClient("http://127.0.0.1:1").get("/")
