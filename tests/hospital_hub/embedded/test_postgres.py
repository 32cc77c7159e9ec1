"""The embedded database: found again, after a kill too, under a long path, closed to everybody else."""

import asyncio
import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from hospital_hub.embedded.account import Account
from hospital_hub.embedded.postgres import Postgres, embedded_postgres
from hospital_hub.embedded.process import Child, Program
from hospital_hub.embedded.wheels import postgres_program
from tests.fixtures.servers import create_database, plain_url, running

FAST = (("fsync", "off"),)


@pytest.fixture
def home(servers_folder: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=servers_folder))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def closed_home(home: Path) -> Path:
    home.chmod(0o700)
    return home


def server_in(folder: Path) -> Postgres:
    return embedded_postgres(folder / "postgres", sockets=folder / "sockets", extra_settings=FAST)


def value(url: str, question: str) -> object:
    with psycopg.connect(plain_url(url), autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return row[0]


def write(url: str, statement: str) -> None:
    with psycopg.connect(plain_url(url), autocommit=True) as connection:
        connection.execute(statement.encode())


async def test_data_are_there_at_the_second_start(home: Path) -> None:
    server = server_in(home)
    async with running(server.part(), home):
        write(server.url(), "CREATE TABLE kept AS SELECT '胸痛' AS complaint")
    async with running(server_in(home).part(), home):
        assert value(server.url(), "SELECT complaint FROM kept") == "胸痛"


async def test_sorts_and_folds_text_the_same_on_every_machine(postgres_url: str) -> None:
    assert value(postgres_url, "SELECT datlocale FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    assert value(postgres_url, "SELECT lower('ÄÖ')") == "äö"


async def test_hub_is_not_a_superuser(postgres_url: str) -> None:
    assert value(postgres_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


async def test_starts_again_after_a_kill_with_committed_rows(home: Path) -> None:
    server = embedded_postgres(home / "postgres", sockets=home / "sockets")
    async with running(server.part(), home) as child:
        write(server.url(), "CREATE TABLE kept AS SELECT 7 AS seven")
        os.kill(child.group, signal.SIGKILL)
        await child.wait()
    assert (home / "postgres" / "postmaster.pid").exists()
    async with running(server.part(), home):
        assert value(server.url(), "SELECT seven FROM kept") == 7
        assert value(server.url(), "SHOW fsync") == "on"


async def test_stale_note_with_the_number_of_another_program_does_not_stop_the_start(home: Path) -> None:
    server = server_in(home)
    server.prepare()
    account = server.account
    stranger = await asyncio.create_subprocess_exec(
        "/bin/sleep", "60", user=account.uid if account else None, group=account.gid if account else None
    )
    try:
        (home / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n{home}\n1\n5432\n")
        async with running(server.part(), home):
            assert value(server.url(), "SELECT 1") == 1
        assert stranger.returncode is None
    finally:
        stranger.kill()
        await stranger.wait()


async def test_server_that_outlived_its_supervisor_is_ended_first(home: Path) -> None:
    server = server_in(home)
    async with running(server.part(), home) as old:
        server.prepare()
        await old.wait()  # its exit code goes to whoever waits first, and `prepare` waits too
        assert old.code is not None
        async with running(server.part(), home):
            assert value(server.url(), "SELECT 1") == 1


async def test_long_path_still_has_a_socket(home: Path) -> None:
    deep = home / ("a" * 60) / ("病历" * 12)
    deep.mkdir(parents=True)
    server = server_in(deep)
    try:
        assert server.sockets.parent == Path(tempfile.gettempdir())
        assert server_in(deep).sockets == server.sockets
        async with running(server.part(), home):
            assert value(server.url(), "SELECT 1") == 1
    finally:
        shutil.rmtree(server.sockets)


async def test_socket_folder_made_by_somebody_else_is_refused(home: Path) -> None:
    (home / "sockets").mkdir()
    (home / "sockets").chmod(0o777)
    with pytest.raises(Exception, match="not a private folder"):
        server_in(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can close a folder to the database's account")
async def test_root_may_keep_the_data_in_a_closed_folder(closed_home: Path) -> None:
    server = server_in(closed_home)
    assert server.account is not None
    assert server.account.keeps_reach
    async with running(server.part(), closed_home) as child:
        assert value(server.url(), "SELECT 1") == 1
        assert psutil.Process(child.group).uids().real == server.account.uid


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second account")
async def test_other_accounts_do_not_get_in_even_past_the_closed_folder(home: Path) -> None:
    server = server_in(home)
    daemon = pwd.getpwnam("daemon")
    stranger = Program(
        argv=(postgres_program("psql"), "--host", str(server.sockets), "--username", "hub", "--command", "SELECT 1"),
        env={},
        account=Account(daemon.pw_uid, daemon.pw_gid, keeps_reach=True),
    )
    async with running(server.part(), home):
        child = await Child.start(stranger, home / "stranger.log")
        assert await child.wait() == 2
        assert "Peer authentication failed" in child.log.text()


async def test_broken_first_attempt_is_made_anew(home: Path) -> None:
    half = home / "postgres.new"
    half.mkdir()
    (half / "base").touch()
    server = server_in(home)
    async with running(server.part(), home):
        assert value(server.url(), "SELECT 1") == 1
    assert not half.exists()


async def test_failed_statements_do_not_reach_the_log(home: Path) -> None:
    server = server_in(home)
    async with running(server.part(), home) as child:
        with pytest.raises(psycopg.Error):
            write(server.url(), "SELECT 'Zhang San' FROM nowhere")
        assert "Zhang San" not in child.log.text()


def test_copy_of_a_prepared_database_has_its_rows(postgres_server: Postgres) -> None:
    first = create_database(postgres_server)
    write(postgres_server.url(first), "CREATE TABLE prepared AS SELECT 1")
    copy = create_database(postgres_server, template=first)
    assert value(postgres_server.url(copy), "SELECT count(*) FROM prepared") == 1
