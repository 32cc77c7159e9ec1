"""Small parts that answer, ignore a stop, or fail at once, and a supervisor of them as a program of its own."""

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from hospital_hub.embedded import folder
from hospital_hub.embedded.parts import Part
from hospital_hub.embedded.ports import LOOPBACK
from hospital_hub.embedded.process import Program
from hospital_hub.embedded.ready import HttpOk, Started
from hospital_hub.embedded.restart import RestartPolicy
from hospital_hub.embedded.supervisor import Notice, Supervisor, stopped_by_signals

SERVER = (sys.executable, "-m", "tests.hospital_hub.embedded.stand_in", "serve")
QUICK = RestartPolicy(most=2, first_delay=0.05, longest_delay=0.1)


class Ok(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the name is the base class's
        del format, args


def server(name: str, port: int, *needs: str) -> Part:
    program = Program(argv=(*SERVER, str(port)), env={}, grace=2.0)
    ready = HttpOk(port, "/")
    return Part(name=name, title=name, program=program, ready=ready, needs=frozenset(needs), restart=QUICK)


def shell(name: str, script: str, *needs: str) -> Part:
    program = Program(argv=("/bin/sh", "-c", script), env={"PATH": "/bin:/usr/bin"}, grace=0.3)
    return Part(name=name, title=name, program=program, ready=Started(), needs=frozenset(needs), restart=QUICK)


def once(part: Part) -> Part:
    return replace(part, once=True)


@contextmanager
def supervisor_of(parts: list[Part], data: Path) -> Iterator[tuple[Supervisor, list[Notice]]]:
    notices: list[Notice] = []
    folder.prepare(data)
    with folder.opened_lock(data) as lock:
        yield Supervisor(parts, logs=data / "logs", lock=lock, report=notices.append), notices


def chain(ports: list[int]) -> list[Part]:
    return [server("first", ports[0]), server("second", ports[1], "first"), server("third", ports[2], "second")]


def say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


async def supervise(data: Path, ports: list[int]) -> None:
    with folder.opened_lock(folder.prepare(data)) as lock:
        await folder.take_lock(lock, data)
        supervisor = Supervisor(chain(ports), logs=data / "logs", lock=lock, report=lambda _: None)
        with stopped_by_signals(supervisor) as stop:
            await supervisor.run(stop, when_ready=say_ready)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("serve", "supervise"))
    parser.add_argument("ports", type=int, nargs="+")
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    if options.role == "supervise":
        asyncio.run(supervise(options.data, options.ports))
        return
    # A child of its own, as a Celery worker has: it must not outlive the part.
    with subprocess.Popen(["/bin/sleep", "300"]), HTTPServer((LOOPBACK, options.ports[0]), Ok) as http:
        http.serve_forever()


if __name__ == "__main__":
    main()
