"""The life of a job."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_hub.errors import Conflict
from hospital_hub.research.job import ALIVE, ATTEMPTS, SETBACKS, JobState, Step, Tally, after, gives_up, pace

FORBIDDEN = {
    (JobState.SUBMITTED, Step.RETRY),
    (JobState.RUNNING, Step.RETRY),
    (JobState.CANCELLED, Step.BEGIN),
    (JobState.CANCELLED, Step.RETRY),
    (JobState.DONE, Step.BEGIN),
    (JobState.DONE, Step.CANCEL),
    (JobState.DONE, Step.RESUME),
    (JobState.FAILED, Step.BEGIN),
    (JobState.FAILED, Step.CANCEL),
    (JobState.FAILED, Step.RESUME),
}


@pytest.mark.parametrize(("state", "step"), list(product(JobState, Step)))
def test_every_step_is_allowed_or_a_conflict(state: JobState, step: Step) -> None:
    if (state, step) in FORBIDDEN:
        with pytest.raises(Conflict) as refused:
            after(state, step)
        assert refused.value.code == f"job_{state.value}"
    else:
        assert after(state, step) in JobState


@given(st.sampled_from(JobState), st.lists(st.sampled_from(Step), max_size=8))
def test_repeating_a_step_changes_nothing_more(state: JobState, steps: list[Step]) -> None:
    for step in steps:
        if (state, step) not in FORBIDDEN:
            state = after(state, step)
            if step is not Step.RETRY:
                assert after(state, step) is state


def test_only_what_lives_is_begun() -> None:
    assert {state for state in JobState if (state, Step.BEGIN) not in FORBIDDEN} == ALIVE


@pytest.mark.parametrize(
    ("answered", "failed", "verdict"),
    [(3, 0, JobState.DONE), (1, 2, JobState.DONE), (0, 3, JobState.FAILED), (2, 0, None), (0, 0, None)],
)
def test_the_verdict(answered: int, failed: int, verdict: JobState | None) -> None:
    assert Tally(3, answered=answered, failed=failed).verdict() is verdict


@given(st.integers(1, 10_000), st.data())
def test_counts_add_up(total: int, data: st.DataObject) -> None:
    answered = data.draw(st.integers(0, total))
    failed = data.draw(st.integers(0, total - answered))
    tally = Tally(total, answered=answered, failed=failed)
    assert tally.answered + tally.failed + tally.remaining == total
    assert (tally.verdict() is None) == (tally.remaining > 0)


def test_the_pace() -> None:
    tally = Tally(100, answered=40)
    told = pace(tally, recent=30, window=timedelta(seconds=60))
    assert (told.per_minute, told.left) == (30.0, timedelta(seconds=120))
    assert pace(tally, recent=0, window=timedelta(seconds=60)).left is None
    assert pace(tally, recent=0, window=timedelta(0)).left is None


def test_giving_up() -> None:
    assert not gives_up(attempts=ATTEMPTS - 1, setbacks=SETBACKS - 1)
    assert gives_up(attempts=ATTEMPTS, setbacks=0)
    assert gives_up(attempts=0, setbacks=SETBACKS)
