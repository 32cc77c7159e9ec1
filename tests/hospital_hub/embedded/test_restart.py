"""The rule that decides whether a part is started again."""

import pytest

from hospital_hub.embedded.restart import Exit, GiveUp, RestartAfter, RestartPolicy, decide

POLICY = RestartPolicy(most=5, within=60.0, first_delay=0.5, longest_delay=8.0)
KILLED = Exit(code=-9, was_ready=True)


@pytest.mark.parametrize(
    ("ends", "delay"),
    [
        ([100.0], 0.5),
        ([99.0, 100.0], 1.0),
        ([97.0, 98.0, 99.0, 100.0], 4.0),
        ([96.0, 97.0, 98.0, 99.0, 100.0], 8.0),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 100.0], 0.5),  # 100 - 60 = 40: the first five are forgotten
    ],
)
def test_each_recent_end_doubles_the_pause(ends: list[float], delay: float) -> None:
    assert decide(KILLED, ends, policy=POLICY, now=100.0) == RestartAfter(delay)


def test_the_pause_has_a_limit() -> None:
    patient = RestartPolicy(most=20, within=60.0, first_delay=0.5, longest_delay=8.0)
    assert decide(KILLED, [100.0] * 12, policy=patient, now=100.0) == RestartAfter(8.0)


def test_the_sixth_end_in_a_minute_is_the_last() -> None:
    ends = [50.0, 60.0, 70.0, 80.0, 90.0, 100.0]
    assert decide(KILLED, ends, policy=POLICY, now=100.0) == GiveUp("ended by signal 9, 6 times within 60 s")


def test_refusing_the_first_start_is_final() -> None:
    refused = Exit(code=1, was_ready=False)
    assert decide(refused, [1.0], policy=POLICY, now=1.0) == GiveUp("ended with code 1 before it was ready")


@pytest.mark.parametrize(
    ("ended", "ends"),
    [
        (Exit(code=-9, was_ready=False), [1.0]),  # somebody killed it while it started
        (Exit(code=1, was_ready=False), [0.5, 1.0]),  # it ran before: what it needs may come back
        (Exit(code=0, was_ready=True), [1.0]),  # a server has no reason to end
    ],
)
def test_other_ends_are_tried_again(ended: Exit, ends: list[float]) -> None:
    assert isinstance(decide(ended, ends, policy=POLICY, now=1.0), RestartAfter)
