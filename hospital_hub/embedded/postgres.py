"""The embedded database: PostgreSQL on a private unix socket, open only to the account that runs the hub.

No password exists: the server asks the operating system who is at the other end (peer authentication).
"""

import os
import pwd
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from hospital_hub.embedded import folder
from hospital_hub.embedded.account import Account, give, server_account
from hospital_hub.embedded.parts import Part
from hospital_hub.embedded.process import Program
from hospital_hub.embedded.ready import LogSays
from hospital_hub.embedded.wheels import postgres_program
from hospital_hub.errors import WrongSetup

SUPERUSER = "postgres"
ROLE = "hub"
DATABASE = "hub"
FIRST_STATEMENTS = f"CREATE ROLE {ROLE} LOGIN\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n"
INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    "--auth=reject",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-instructions",
)
SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "48MB",
    "io_method": "sync",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    # Statements and key values in error messages are patient data; they stay out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
ORPHAN_WITHIN = 10.0


@dataclass(frozen=True)
class Postgres:
    home: Path
    sockets: Path
    account: Account | None
    extra_settings: tuple[tuple[str, str], ...] = ()

    def url(self, database: str = DATABASE, *, role: str = ROLE) -> str:
        return f"postgresql+psycopg://{role}@/{database}?host={quote(str(self.sockets), safe='')}"

    def part(self) -> Part:
        settings = {**SERVER_SETTINGS, "unix_socket_directories": _quoted(self.sockets), **dict(self.extra_settings)}
        argv = [postgres_program("postgres"), "-D", str(self.home)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        program = Program(argv=tuple(argv), env={}, account=self.account, stop_signal=signal.SIGINT, grace=15.0)
        return Part(
            name="postgres",
            title="PostgreSQL",
            program=program,
            ready=LogSays("database system is ready to accept connections"),
            before=self.prepare,
        )

    def prepare(self) -> None:
        """Makes the cluster once, and clears what a killed server left behind."""
        if not (self.home / "PG_VERSION").exists():
            self._make_cluster()
        self._admit_own_account()
        _end_orphan(self.home)

    def _make_cluster(self) -> None:
        """Made aside and renamed, so that a broken attempt is never taken for a database."""
        fresh = self.home.with_name(self.home.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        give(fresh, self.account)
        self._run("initdb", "-D", str(fresh), *INITDB_OPTIONS)
        self._run("postgres", "--single", "-D", str(fresh), SUPERUSER, statements=FIRST_STATEMENTS)
        fresh.rename(self.home)

    def _run(self, name: str, *arguments: str, statements: str = "") -> None:
        program = Program(argv=(postgres_program(name), *arguments), env={}, account=self.account)
        done = subprocess.run(  # noqa: S603 # our own arguments, no shell
            program.launch_argv(), input=statements, capture_output=True, text=True, check=False, env={}
        )
        if done.returncode != 0:
            raise WrongSetup(f"PostgreSQL's {name} failed in {self.home}: {done.stderr.strip()[-600:]}")

    def _admit_own_account(self) -> None:
        """Only the account that runs the hub gets in, under the two names used here."""
        me = pwd.getpwuid(os.geteuid()).pw_name
        self._write("pg_hba.conf", "local all all peer map=own\n")
        self._write("pg_ident.conf", f'own "{me}" {ROLE}\nown "{me}" {SUPERUSER}\n')

    def _write(self, name: str, text: str) -> None:
        path = self.home / name
        path.write_text(text, encoding="utf-8")
        give(path, self.account)


def embedded_postgres(home: Path, *, sockets: Path, extra_settings: tuple[tuple[str, str], ...] = ()) -> Postgres:
    account = server_account(home, Path(postgres_program("postgres")), sockets)
    return Postgres(home, folder.socket_folder(sockets, account), account, extra_settings)


def _quoted(path: Path) -> str:
    return '"' + str(path).replace('"', '""') + '"'


def _end_orphan(home: Path) -> None:
    """A server of this cluster that outlived its supervisor is stopped; a stale note of one is removed.

    PostgreSQL itself takes any living process with the noted number for a server, and refuses to start.
    """
    note = home / "postmaster.pid"
    if not note.exists():
        return
    server = _server(int(note.read_text(encoding="utf-8").split(maxsplit=1)[0]), home)
    if server is not None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(ORPHAN_WITHIN)
        except psutil.TimeoutExpired:
            raise WrongSetup(f"PostgreSQL (process {server.pid}) still runs in {home}: stop it first") from None
    note.unlink(missing_ok=True)


def _server(number: int, home: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(number)
        is_ours = str(home) in process.cmdline()
    except psutil.Error:
        return None
    return process if is_ours else None
