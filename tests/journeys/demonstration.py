"""A running demonstration for the tests: `hospital-hub demo` as a person starts it, in a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

START_SECONDS = 180
STOP_SECONDS = 30
PARTS = {
    "hub": "hospital_hub.main:create_app",
    "worker": "hospital_hub.worker:app",
    "publisher": "hospital_hub.publisher",
    "emr": "hospital_hub.embedded.emr",
    "model": "hospital_hub.embedded.small_model",
    "hospital": "fhir_server",
    "valkey": "valkey-server",
    "postgres": "postgres",
}


def ports_from(first: int) -> dict[str, int]:
    """Wanted ports for one demonstration; the supervisor takes the next free ones where these are taken."""
    return {"hub": first, "emr": first + 20}


@dataclass
class Demonstration:
    """What a start printed, and the process that printed it."""

    process: subprocess.Popen[str]
    data: Path
    printed: list[str] = field(default_factory=list)
    listener: threading.Thread | None = None

    @property
    def text(self) -> str:
        return "".join(self.printed)

    @property
    def hub(self) -> str:
        return self._origin("/kiosk")

    @property
    def emr(self) -> str:
        found = re.search(r"EMR\S*\s+(http://127\.0\.0\.1:\d+)", self.text)
        assert found, self.text
        return found[1]

    def _origin(self, page: str) -> str:
        found = re.search(rf"(http://127\.0\.0\.1:\d+){page}", self.text)
        assert found, self.text
        return found[1]

    def seconds_to_ready(self) -> float:
        found = re.search(r"ready in ([\d.]+) s", self.text)
        assert found, self.text
        return float(found[1])

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def part(self, name: str) -> list[psutil.Process]:
        """The processes of one part, the first one first."""
        mark = PARTS[name]
        found = [child for child in self.children() if mark in _words(child)]
        return sorted(found, key=lambda child: child.pid)

    def database(self) -> str:
        """The address of the demonstration's PostgreSQL, as libpq takes it."""
        for child in self.part("hub"):
            return child.environ()["HUB_DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
        raise AssertionError("the hub does not run")

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database itself says; `values` stand for each %s."""
        with psycopg.connect(self.database()) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def stop(self, signal_number: int = signal.SIGINT) -> int:
        """Ctrl-C, and the exit code."""
        self.process.send_signal(signal_number)
        code = self.process.wait(STOP_SECONDS)
        assert self.listener is not None
        self.listener.join(STOP_SECONDS)
        return code


def _words(process: psutil.Process) -> str:
    """Its command line; empty when it is gone, as a database's short-lived ones often are."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def start(
    data: Path, *, first_port: int, arguments: tuple[str, ...] = (), program: tuple[str, ...] = ()
) -> Demonstration:
    """Start and wait until it says that it is ready."""
    ports = ports_from(first_port)
    command = [
        *(program or (sys.executable, "-m", "hospital_hub.cli")),
        *("demo", "--data", str(data), "--port", str(ports["hub"]), "--emr-port", str(ports["emr"])),
        *arguments,
    ]
    # A developer's own hub must not leak into the one under test.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**environment, "COLUMNS": "200"},
        cwd=data.parent,
        start_new_session=True,
    )
    running = Demonstration(process, data)
    running.listener = threading.Thread(target=_listen, args=(running,), daemon=True)
    running.listener.start()
    _wait_until_ready(running)
    return running


def _listen(running: Demonstration) -> None:
    """Take what it prints as it comes, so that its pipe never fills."""
    assert running.process.stdout is not None
    with running.process.stdout as printed:
        for line in printed:
            running.printed.append(line)


def _wait_until_ready(running: Demonstration) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "ready in" not in running.text:
        assert running.process.poll() is None, f"it ended with {running.process.returncode}:\n{running.text}"
        assert time.monotonic() < deadline, running.text
        time.sleep(0.05)


@contextmanager
def demonstration(data: Path, *, first_port: int) -> Iterator[Demonstration]:
    """One that is ended with the block, however the block ends."""
    running = start(data, first_port=first_port)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def free(port: int) -> bool:
    """Nobody listens on this loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
