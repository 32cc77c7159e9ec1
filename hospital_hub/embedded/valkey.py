"""The embedded broker: a Valkey server on a loopback port, behind a password, its queue kept on disk."""

from pathlib import Path

from hospital_hub.embedded import secret_files
from hospital_hub.embedded.parts import Part
from hospital_hub.embedded.ports import LOOPBACK
from hospital_hub.embedded.process import Program
from hospital_hub.embedded.ready import LogSays
from hospital_hub.embedded.wheels import valkey_program

CONFIGURATION = """\
bind {host}
port {port}
protected-mode yes
requirepass {password}
dir {folder}
daemonize no
logfile ""
loglevel notice
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
"""


class Valkey:
    """`home` keeps the data, `secrets` the password."""

    def __init__(self, home: Path, *, secrets: Path, port: int) -> None:
        self._home = home
        self._port = port
        self._password = secret_files.password(secrets, "valkey.password")

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self._port}/0"

    def part(self) -> Part:
        program = Program(argv=(valkey_program(), str(self._settings_file)), env={})
        return Part(
            name="valkey",
            title="Valkey (queue)",
            program=program,
            ready=LogSays("Ready to accept connections"),
            before=self._configure,
        )

    @property
    def _settings_file(self) -> Path:
        return self._home / "valkey.conf"

    def _configure(self) -> None:
        """In a file, because the arguments of a process can be read by everybody on the machine."""
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._settings_file.touch(mode=0o600)
        self._settings_file.write_text(
            CONFIGURATION.format(host=LOOPBACK, port=self._port, password=self._password, folder=_quoted(self._home)),
            encoding="utf-8",
        )


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
