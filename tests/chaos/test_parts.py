"""kill -9 of any one part, of the whole, and Ctrl-C: what is said, what comes back, what is left behind."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.journeys.demonstration import PARTS, Demonstration, free, start

pytestmark = [pytest.mark.chaos, pytest.mark.embedded, pytest.mark.timeout(400)]
BACK_WITHIN = 45
GONE_WITHIN = 15


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    running = start(tmp_path_factory.mktemp("chaos") / "data", first_port=21_000)
    yield running
    if running.process.poll() is None:
        running.process.kill()


def until(holds: Callable[[], bool], within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


def ready(hub: Demonstration) -> bool:
    try:
        return httpx.get(f"{hub.hub}/readyz", timeout=2).is_success
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_killed_is_shown_and_comes_back(hub: Demonstration, part: str) -> None:
    old = hub.part(part)[0]
    said = len(hub.text)
    old.kill()
    assert until(lambda: "ended" in hub.text[said:], BACK_WITHIN), hub.text
    assert until(lambda: any(new.pid != old.pid for new in hub.part(part)), BACK_WITHIN), hub.text
    assert until(lambda: "ready " in hub.text[said:].split("ended", 1)[1], BACK_WITHIN), hub.text
    assert until(lambda: ready(hub), BACK_WITHIN)
    assert hub.process.poll() is None


def test_ctrl_c_ends_everything_and_a_second_start_finds_its_data(hub: Demonstration) -> None:
    accounts = hub.rows("SELECT id FROM account ORDER BY name")
    children, ports = hub.children(), [int(hub.hub.rsplit(":", 1)[1]), int(hub.emr.rsplit(":", 1)[1])]
    assert hub.stop() == 0
    assert until(lambda: not any(alive(child) for child in children), GONE_WITHIN)
    assert all(free(port) for port in ports)

    again = start(hub.data, first_port=21_000)
    try:
        assert again.rows("SELECT id FROM account ORDER BY name") == accounts
    finally:
        assert again.stop(signal.SIGTERM) == 0


def test_kill_9_of_the_supervisor_leaves_nothing_running(tmp_path: Path) -> None:
    running = start(tmp_path / "data", first_port=21_200)
    children, port = running.children(), int(running.hub.rsplit(":", 1)[1])
    running.process.kill()
    running.process.wait()
    assert until(lambda: not any(alive(child) for child in children), GONE_WITHIN)
    assert free(port)


def test_a_second_start_on_the_same_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    running = start(tmp_path / "data", first_port=21_400)
    try:
        with pytest.raises(AssertionError, match="ended with 1") as refused:
            start(tmp_path / "data", first_port=21_500)
        assert "data" in str(refused.value)
    finally:
        running.stop()


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
