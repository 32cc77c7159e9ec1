"""One loop and one set of resources a process; a step that breaks off says nothing of a patient."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from hospital_hub import background
from hospital_hub.background import StepFailed, Workplace
from hospital_hub.resources import Resources
from hospital_hub.settings import Settings

SECRET = "patient Zhang San"


@pytest.fixture
def workplace(settings: Settings) -> Iterator[Workplace]:
    made = Workplace(lambda: settings)
    yield made
    made.close()


async def seen(resources: Resources) -> tuple[int, int]:
    return id(resources), id(asyncio.get_running_loop())


def test_steps_share_the_loop_and_the_resources(workplace: Workplace) -> None:
    assert workplace.run(seen) == workplace.run(seen)


def test_after_closing_it_opens_anew(workplace: Workplace) -> None:
    before = workplace.run(seen)
    workplace.close()
    workplace.close()
    assert workplace.run(seen)[1] != before[1] or workplace.run(seen)[0] != before[0]


def test_a_step_that_breaks_off_tells_kind_and_place_only(workplace: Workplace) -> None:
    async def breaks(resources: Resources) -> None:
        raise ValueError(SECRET)

    with capture_logs() as told, pytest.raises(StepFailed) as failed:
        workplace.run(breaks)
    assert str(failed.value) == "ValueError"
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None
    assert [event["error"] for event in told] == ["ValueError"]
    assert "test_background.py" in told[0]["frames"][-1]
    assert SECRET not in repr(told)


def test_after_a_broken_step_the_next_one_runs(workplace: Workplace) -> None:
    async def breaks(resources: Resources) -> None:
        raise RuntimeError

    with capture_logs(), pytest.raises(StepFailed):
        workplace.run(breaks)
    workplace.run(seen)


FORKING = """
import os
from hospital_hub.background import Workplace
workplace = Workplace()
read, write = os.pipe()
if os.fork() == 0:
    while not workplace.stopping:
        pass
    os.write(write, b"seen")
    os._exit(0)
assert not workplace.stopping
workplace.ask_to_stop()
assert os.read(read, 4) == b"seen"
"""


def test_a_child_sees_that_its_parent_was_asked_to_stop() -> None:
    subprocess.run([sys.executable, "-c", FORKING], check=True, timeout=30)


def test_this_process_is_not_stopping() -> None:
    assert not background.stopping()
