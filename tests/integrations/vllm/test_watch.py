"""The clocks of one answer, with a loop whose time the test turns: each runs out when it should, to the moment."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from integrations.vllm.watch import BETWEEN, FIRST_TOKEN, TOTAL, Clocks, Watch

CLOCKS = Clocks(connect=1, first_token=20, between=5, total=60)


@dataclass
class Timer:
    when: float
    call: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class TurnedLoop:
    """`armed` counts timers: what a chunk must not cost."""

    now: float = 100.0
    timers: list[Timer] = field(default_factory=list)
    armed: int = 0

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> Timer:
        self.armed += 1
        self.timers.append(Timer(when, call))
        return self.timers[-1]

    def turn_to(self, when: float) -> None:
        while due := [timer for timer in self.timers if timer.when <= when and not timer.cancelled]:
            first = min(due, key=lambda timer: timer.when)
            self.timers.remove(first)
            self.now = max(self.now, first.when)
            first.call()
        self.now = when


@dataclass
class Stream:
    """A watched stream and when it was stopped."""

    loop: TurnedLoop = field(default_factory=TurnedLoop)
    stopped: float | None = None

    def __post_init__(self) -> None:
        self.watch = Watch(CLOCKS, loop=self.loop, started=self.loop.now, stop=self._stop)
        self.watch.wait(heard=False)

    def _stop(self) -> None:
        self.stopped = self.loop.now

    def hear(self, at: float, *, words: bool = True, held: float = 0.0) -> None:
        """The server says something at `at`, and the caller holds it for `held` seconds."""
        self.loop.turn_to(at)
        self.watch.hold()
        self.watch.spoke = self.watch.spoke or words
        self.loop.turn_to(at + held)
        self.watch.wait(heard=True)

    def ends(self) -> tuple[float | None, str]:
        self.loop.turn_to(1000.0)
        return self.stopped, self.watch.ran_out


def test_silence_from_the_start() -> None:
    assert Stream().ends() == (120.0, FIRST_TOKEN)


def test_thoughts_alone_do_not_stop_the_first_clock() -> None:
    stream = Stream()
    for second in range(101, 130):
        stream.hear(float(second), words=False)
    assert (stream.stopped, stream.watch.ran_out) == (120.0, FIRST_TOKEN)


def test_silence_after_a_thought_and_after_a_word() -> None:
    for words in (False, True):
        stream = Stream()
        stream.hear(103.0, words=words)
        assert stream.ends() == (108.0, BETWEEN)


def test_a_steady_drip_ends_at_the_last_clock() -> None:
    stream = Stream()
    for step in range(1, 30):
        stream.hear(100.0 + 4 * step)
    assert (stream.stopped, stream.watch.ran_out) == (160.0, TOTAL)


def test_the_time_in_which_the_caller_holds_a_chunk_is_not_the_servers() -> None:
    stream = Stream()
    stream.hear(101.0, held=30.0)
    assert stream.stopped is None
    assert stream.ends() == (136.0, BETWEEN)


def test_a_clock_that_ran_out_while_the_caller_held_a_thought_counts_from_then_on() -> None:
    stream = Stream()
    stream.hear(119.0, words=False, held=3.0)
    assert (stream.stopped, stream.watch.ran_out) == (122.0, FIRST_TOKEN)


def test_a_caller_who_never_comes_back_does_not_hold_the_server_longer_than_the_last_clock() -> None:
    stream = Stream()
    stream.loop.turn_to(101.0)
    stream.watch.hold()
    assert stream.ends() == (160.0, TOTAL)


@pytest.mark.parametrize("chunks", [10, 1000])
def test_chunks_arm_no_timers(chunks: int) -> None:
    stream = Stream()
    for number in range(chunks):
        stream.hear(100.0 + 30 * number / chunks)
    assert stream.loop.armed < 15
    stream.watch.end()
    assert stream.ends() == (None, "")
