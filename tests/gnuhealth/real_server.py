"""Starts GNU Health on the embedded PostgreSQL, with one patient, one doctor and the hub's account in it."""

import subprocess
from pathlib import Path
from urllib.parse import quote

import aiohttp
import psycopg

from hospital_hub.embedded.parts import Part
from hospital_hub.embedded.ports import LOOPBACK
from hospital_hub.embedded.postgres import SUPERUSER, Postgres
from hospital_hub.embedded.process import Program
from hospital_hub.embedded.ready import LogSays
from integrations.gnuhealth.client import Account, Server, Session, logged_in
from tests.fixtures.servers import plain_url
from tests.gnuhealth.subject import DOCTOR, EVALUATIONS, HUB, Subject, only

DATABASE = "health"
PORTS_FROM = 30_000
ADMINISTRATOR = Account("admin", "the-administrator's-own-password")
DOCTORS = "Health Doctor"  # the smallest group of GNU Health that may write evaluations
# health_crypto keeps the digest of a signed evaluation.
MODULES = ("ir", "res", "health", "health_crypto")
BIRTH = {"__class__": "date", "year": 1985, "month": 10, "day": 4}
PERSON = {"is_person": True, "fed_country": "ESP"}


class RealGnuHealth:
    """`python` is the interpreter of the environment with GNU Health."""

    def __init__(self, python: Path, *, postgres: Postgres, folder: Path, port: int) -> None:
        self.python, self.postgres, self.folder, self.port = python, postgres, folder, port
        self.base = f"http://{LOOPBACK}:{port}/{DATABASE}"
        self.configuration = folder / "trytond.conf"

    def part(self) -> Part:
        argv = (*self._program("trytond"), "-c", str(self.configuration), "-d", DATABASE)
        program = Program(argv=argv, env={})
        return Part(
            name="gnuhealth",
            title="GNU Health",
            program=program,
            ready=LogSays("Running on"),
            before=self.prepare,
            ready_within=120.0,
        )

    def prepare(self) -> None:
        """An empty database, then GNU Health's own tables and data in it."""
        self.folder.mkdir()
        uri = f"postgresql://hub@{quote(str(self.postgres.sockets), safe='')}/"
        listen = f"{LOOPBACK}:{self.port}"
        self.configuration.write_text(
            f"[database]\nuri = {uri}\n[web]\nlisten = {listen}\nroot = {self.folder / 'nothing'}\n", encoding="utf-8"
        )
        secret = self.folder / "password"
        secret.write_text(ADMINISTRATOR.password, encoding="utf-8")
        with psycopg.connect(plain_url(self.postgres.url("postgres", role=SUPERUSER)), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER hub".encode())
        command = [*self._program("trytond-admin"), "-c", str(self.configuration), "-d", DATABASE]
        command += ["-u", *MODULES, "--activate-dependencies", "--email", "admin@example.org"]
        done = subprocess.run(command, env={"TRYTONPASSFILE": str(secret)}, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-4000:]

    async def peopled(self) -> Subject:
        async with (
            aiohttp.ClientSession() as http,
            logged_in(http, Server(self.base), account=ADMINISTRATOR) as session,
        ):
            puid = await _patient(session)
            await _user(session, HUB)
            professional = await _professional(session, await _user(session, DOCTOR))
        return Subject(self.base, puid, professional, self._row, self._tamper)

    def _program(self, name: str) -> tuple[str, str]:
        return str(self.python), str(self.python.with_name(name))

    def _row(self, code: str) -> dict[str, object]:
        columns = ("state", "urgency", "evaluation_summary", "signed_by")
        with psycopg.connect(plain_url(self.postgres.url(DATABASE))) as connection:
            query = f"SELECT {', '.join(columns)} FROM {EVALUATIONS} WHERE code = %s"  # noqa: S608 - constants
            (row,) = connection.execute(query.encode(), (code,)).fetchall()
        return dict(zip(columns, row, strict=True))

    def _tamper(self, code: str, text: str) -> None:
        with psycopg.connect(plain_url(self.postgres.url(DATABASE))) as connection:
            query = f"UPDATE {EVALUATIONS} SET evaluation_summary = %s WHERE code = %s"  # noqa: S608 - constants
            assert connection.execute(query.encode(), (text, code)).rowcount == 1


async def _patient(session: Session) -> str:
    named = {"name": "Ana", "lastname": "Betz", "gender": "f", "dob": BIRTH}
    party = await only(session, "party.party", {**PERSON, **named, "is_patient": True, "create_target": True})
    (found,) = await session.records("gnuhealth.patient", [["party", "=", party]], fields=["puid"])
    return str(found["puid"])


async def _user(session: Session, account: Account) -> int:
    (group,) = await session.records("res.group", [["name", "=", DOCTORS]], fields=["id"])
    values = {"login": account.login, "name": account.login, "password": account.password}
    return await only(session, "res.user", {**values, "groups": [["add", [group["id"]]]]})


async def _professional(session: Session, user: int) -> int:
    named = {"name": "Cameron", "lastname": "Cordara", "gender": "f", "is_healthprof": True, "internal_user": user}
    party = await only(session, "party.party", {**PERSON, **named})
    return await only(session, "gnuhealth.healthprofessional", {"party": party})
