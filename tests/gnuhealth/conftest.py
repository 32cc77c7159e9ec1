"""The GNU Health of these tests: the fake, and with --gnuhealth-python a real one on the embedded PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from hospital_hub.embedded.ports import next_free_port
from hospital_hub.embedded.postgres import Postgres
from hospital_hub.settings import Settings
from integrations.gnuhealth.client import Session, logged_in
from tests.fakes.gnuhealth import FakeGnuHealth
from tests.fakes.serving import served
from tests.fixtures.servers import running
from tests.gnuhealth.real_server import BIRTH, PORTS_FROM, RealGnuHealth
from tests.gnuhealth.subject import DOCTOR, HUB, Subject
from tests.hospital_hub.cli.conftest import environment, run

__all__ = ["environment", "run"]

OPTION = "--gnuhealth-python"
PARTY = {"name": "Ana", "lastname": "Betz", "gender": "f", "est_dob": False, "unidentified": None, "dob": BIRTH}
PATIENT = {"id": 1, "puid": "ABC123DEF", "active": True, "deceased": False, "dod": None, "party.": PARTY}


def _interpreter(path: str) -> Path:
    return Path(path).absolute()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, default=None, type=_interpreter, help="the interpreter of an environment with GNU Health")


@pytest.fixture(scope="session")
def his(request: pytest.FixtureRequest) -> Subject:
    """Started once; each test writes a note of its own."""
    real = request.config.getoption(OPTION, None) is not None
    subject: Subject = request.getfixturevalue("real_his" if real else "fake_his")
    return subject


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def real_his(
    request: pytest.FixtureRequest, postgres_server: Postgres, servers_folder: Path
) -> AsyncIterator[Subject]:
    python, folder = request.config.getoption(OPTION), servers_folder / "gnuhealth"
    server = RealGnuHealth(python, postgres=postgres_server, folder=folder, port=next_free_port(PORTS_FROM))
    async with running(server.part(), servers_folder):
        yield await server.peopled()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fake_his() -> AsyncIterator[Subject]:
    accounts = {one.login: one.password for one in (HUB, DOCTOR)}
    fake = FakeGnuHealth(accounts=accounts, professionals={DOCTOR.login: 1}, patients=[PATIENT])

    def rows(code: str) -> dict[str, Any]:
        (found,) = [one for one in fake.evaluations.values() if one["code"] == code]
        return found

    def tamper(code: str, text: str) -> None:
        rows(code)["evaluation_summary"] = text

    async with served(fake.app()) as origin:
        fake.origin = origin
        yield Subject(fake.base, str(PATIENT["puid"]), 1, rows, tamper)


@pytest.fixture
def settings(settings: Settings, his: Subject, tmp_path: Path) -> Settings:
    """A hub that is connected to it."""
    secret = tmp_path / "gnuhealth.password"
    secret.write_text(HUB.password + "\n", encoding="utf-8")
    named = {"gnuhealth_url": his.base, "gnuhealth_login": HUB.login, "gnuhealth_password_file": secret}
    return settings.model_copy(update=named)


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture
async def session(http: aiohttp.ClientSession, his: Subject) -> AsyncIterator[Session]:
    """The hub's own log-in there."""
    async with logged_in(http, his.server, account=HUB) as opened:
        yield opened
