"""The breaker and the retry budget, second by second."""

from hospital_hub.inference.breaker import IN_A_ROW, LEAST, OPEN_SECONDS, Breaker
from hospital_hub.inference.retry_budget import AT_LEAST, RetryBudget
from hospital_hub.inference.window import Window


def failed(breaker: Breaker, times: int, *, now: float = 0.0) -> None:
    for _ in range(times):
        breaker.fault(now, probe=breaker.take())


def test_it_opens_within_five_faults_in_a_row() -> None:
    breaker = Breaker()
    failed(breaker, IN_A_ROW - 1)
    assert not breaker.is_open(0.0)
    failed(breaker, 1)
    assert breaker.is_open(0.0)
    assert IN_A_ROW <= 5


def test_one_good_answer_in_between_begins_the_count_again() -> None:
    breaker = Breaker()
    for _ in range(3):
        failed(breaker, IN_A_ROW - 1)
        breaker.well(0.0, probe=breaker.take())
    assert not breaker.is_open(0.0)


def test_half_of_many_is_too_much_though_never_in_a_row() -> None:
    breaker = Breaker()
    for number in range(LEAST):
        assert not breaker.is_open(float(number) / 10)
        breaker.take()
        (breaker.fault if number % 2 else breaker.well)(number / 10, probe=False)
    assert breaker.is_open(LEAST / 10)


def test_old_faults_are_forgotten() -> None:
    breaker = Breaker()
    for number in range(LEAST):
        breaker.take()
        (breaker.fault if number % 2 else breaker.well)(number * 4.0, probe=False)
    assert not breaker.is_open(LEAST * 4.0)


def test_after_a_while_exactly_one_probe_is_let_through_and_decides() -> None:
    breaker = Breaker()
    failed(breaker, IN_A_ROW)
    assert breaker.is_open(OPEN_SECONDS - 0.1)
    assert not breaker.is_open(OPEN_SECONDS)
    assert breaker.take()
    assert breaker.is_open(OPEN_SECONDS)  # one is enough
    breaker.fault(OPEN_SECONDS, probe=True)
    assert breaker.is_open(2 * OPEN_SECONDS - 0.1)
    assert breaker.take()
    breaker.well(2 * OPEN_SECONDS, probe=True)
    assert not breaker.is_open(2 * OPEN_SECONDS)
    assert not breaker.tripped


def test_a_probe_that_says_nothing_leaves_room_for_the_next_one() -> None:
    breaker = Breaker()
    failed(breaker, IN_A_ROW)
    assert breaker.take()
    breaker.neither(probe=True)
    assert not breaker.is_open(OPEN_SECONDS)
    assert breaker.tripped


def test_what_began_before_it_opened_neither_closes_nor_prolongs_it() -> None:
    breaker = Breaker()
    early = [breaker.take() for _ in range(2)]
    failed(breaker, IN_A_ROW)
    breaker.well(1.0, probe=early[0])
    breaker.fault(14.0, probe=early[1])
    assert breaker.is_open(OPEN_SECONDS - 0.1)
    assert not breaker.is_open(OPEN_SECONDS)


def test_a_window_forgets_by_the_second() -> None:
    window = Window(3)
    for second in range(5):
        window.add(second + 0.5, good=1, bad=2)
    assert (window.good, window.bad) == (3, 6)
    window.forget(100.0)
    assert (window.good, window.bad) == (0, 0)


def test_retries_are_a_tenth_and_a_few_where_there_is_little() -> None:
    budget = RetryBudget()
    assert [budget.take(0.0) for _ in range(AT_LEAST + 1)] == [True] * AT_LEAST + [False]
    for _ in range(100):
        budget.asked(1.0)
    assert sum(budget.take(1.0) for _ in range(100)) == 10 - AT_LEAST
    assert budget.take(40.0)
