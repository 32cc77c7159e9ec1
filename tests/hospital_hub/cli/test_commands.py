"""What the commands say and how they end: 0 done, 1 something is wrong, 2 cannot be done; never a traceback."""

import base64
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hospital_hub import __version__
from hospital_hub.embedded.postgres import Postgres
from hospital_hub.identity.demonstration import DEMO
from integrations.smart.keys import ClientKey
from tests.fixtures.hub import rows
from tests.fixtures.servers import create_database
from tests.hospital_hub.cli.conftest import Run

COMMANDS = ("demo", "doctor", "route", "serve", "worker", "publisher", "db", "users", "secrets", "version")


def test_help_shows_every_command(run: Run) -> None:
    said = run("--help")
    assert said.exit_code == 0
    assert all(name in said.stdout for name in COMMANDS)


def test_version(run: Run) -> None:
    assert run("version").stdout.strip() == __version__


@pytest.mark.parametrize(
    "command",
    [("db", "upgrade"), ("db", "check"), ("users", "list"), ("serve",), ("secrets", "metrics-token")],
)
def test_a_missing_setting_is_one_line(run: Run, command: tuple[str, ...]) -> None:
    said = run(*command)
    assert said.exit_code == 2
    assert said.stdout == ""
    assert said.stderr.startswith("HUB_")
    assert len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [("db", "upgrade"), ("db", "check"), ("serve",)])
def test_a_database_that_does_not_answer_is_one_line(
    run: Run, environment: dict[str, str], command: tuple[str, ...]
) -> None:
    said = run(*command, env=environment | {"HUB_DATABASE_URL": "postgresql+psycopg://hub:geheim@127.0.0.1:1/hub"})
    assert (said.exit_code, len(said.stderr.splitlines())) == (2, 1), said.stderr
    assert "does not answer" in said.stderr
    assert "geheim" not in said.stderr


def test_an_empty_database_is_brought_up(run: Run, environment: dict[str, str], postgres_server: Postgres) -> None:
    env = environment | {"HUB_DATABASE_URL": postgres_server.url(create_database(postgres_server))}
    refused = run("db", "check", env=env)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "hospital-hub db upgrade" in refused.stderr
    assert run("serve", env=env).stderr == refused.stderr
    for _ in range(2):
        assert run("db", "upgrade", env=env).exit_code == 0
    assert run("db", "check", env=env).exit_code == 0


def test_keys_are_private_and_never_overwritten(run: Run, tmp_path: Path) -> None:
    assert run("secrets", "create", "master.key").exit_code == 0
    assert run("secrets", "create-smart", "smart.pem").exit_code == 0
    master, smart = tmp_path / "master.key", tmp_path / "smart.pem"
    assert len(base64.b64decode(master.read_text())) == 32
    key = load_pem_private_key(smart.read_bytes(), password=None)
    assert isinstance(key, EllipticCurvePrivateKey)
    assert isinstance(key.curve, SECP384R1)
    assert run("secrets", "create-smart", "--rs384", "rsa.pem").exit_code == 0
    assert ClientKey((tmp_path / "rsa.pem").read_text()).algorithm == "RS384"
    for file in (master, smart):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        before = file.read_bytes()
        again = run("secrets", "create", file.name)
        assert (again.exit_code, len(again.stderr.splitlines())) == (2, 1)
        assert file.read_bytes() == before
    lost = run("secrets", "create", "nowhere/master.key")
    assert (lost.exit_code, len(lost.stderr.splitlines())) == (2, 1)


def test_an_account_from_the_command_line(run: Run, environment: dict[str, str]) -> None:
    password = "seven quiet lamps\n"
    made = run("users", "create", "li", "--role", "nurse", "--password-file", "-", env=environment, stdin=password)
    assert made.exit_code == 0, made.stderr
    again = run("users", "create", "li", "--role", "nurse", "--password-file", "-", env=environment, stdin=password)
    assert (again.exit_code, again.stderr) == (2, "An account of this name exists. Choose another name.\n")
    assert run("users", "disable", "li", env=environment).exit_code == 0
    assert "closed" in run("users", "list", env=environment).stdout
    reset = run("users", "reset-password", "li", "--password-file", "-", env=environment, stdin=password)
    assert reset.exit_code == 0
    assert "open" in run("users", "list", env=environment).stdout
    told = rows(environment["HUB_DATABASE_URL"], "SELECT count(*) FROM audit_event WHERE who = 'command-line'")
    assert told == [(3,)]


def test_a_role_without_password_is_refused(run: Run, environment: dict[str, str]) -> None:
    said = run("users", "create", "k", "--role", "kiosk", "--password-file", "-", env=environment, stdin="x" * 3)
    assert (said.exit_code, len(said.stderr.splitlines())) == (2, 1)


def test_the_demonstrations_accounts(run: Run, environment: dict[str, str]) -> None:
    assert run("users", "demonstration", env=environment).stdout == f"{len(DEMO)} demonstration accounts made.\n"
    assert run("users", "demonstration", env=environment).stdout == "0 demonstration accounts made.\n"
    refused = run("users", "demonstration", env=environment | {"HUB_DEMO": "false"})
    assert refused.exit_code == 2
    assert "users create" in refused.stderr


def test_a_decision_is_explained(run: Run) -> None:
    said = run("route", "dose of warfarin with clarithromycin", "--surface", "note")
    assert said.exit_code == 0
    assert said.stdout.startswith("r1-70b")
    assert all(step in said.stdout for step in ("task", "floor", "need", "room"))
    urgent = run("route", "I have chest pain", "--surface", "triage", "--red-flag", "chest-pain")
    assert "floor r1-70b" in urgent.stdout


def test_a_process_of_its_own_ends_the_same_way(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "hospital_hub.cli", "db", "check")
    said = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False, timeout=60)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == "HUB_DATABASE_URL is not set: name your PostgreSQL there\n"
