"""Keeps a gate process beside a web server of several processes, and starts it again when it ends."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

COMMAND: Final = (sys.executable, "-m", "hospital_hub.cli", "gate")
AGAIN_SECONDS: Final = 0.2
END_SECONDS: Final = 5.0


@contextmanager
def gate_beside() -> Iterator[None]:
    stop = threading.Event()
    keeper = threading.Thread(target=_keep, args=(stop,), name="gate")
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _keep(stop: threading.Event) -> None:
    while not stop.is_set():
        with subprocess.Popen(COMMAND) as gate:  # noqa: S603 - our own program
            while gate.poll() is None and not stop.wait(AGAIN_SECONDS):
                pass
            _end(gate)
        stop.wait(AGAIN_SECONDS)


def _end(gate: subprocess.Popen[bytes]) -> None:
    gate.terminate()
    try:
        gate.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        gate.kill()
