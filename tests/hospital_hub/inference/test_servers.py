"""What is made of a model server's own words: whose work is there, whether it gets on, whom it serves."""

from dataclasses import replace

from hospital_hub.inference.servers import STUCK_SECONDS, ModelServer, Verdict
from integrations.vllm.state import ServerState


def state(running: int = 0, *, waiting: int = 0, generated: float = 0.0, models: tuple[str, ...] = ()) -> ServerState:
    return ServerState(running, waiting, 0.1, generated, models=frozenset(models) or None)


def polled(server: ModelServer, found: ServerState | None, *, now: float) -> None:
    server.note(found, before=server.under_way, now=now)


def test_only_what_is_not_ours_counts_as_foreign() -> None:
    server = ModelServer("u")
    for _ in range(3):
        server.take()
    polled(server, state(5, waiting=1), now=1.0)
    assert (server.foreign, server.load) == (3, 6)
    server.leave(Verdict.WELL, probe=False, seconds=2.0, now=1.5)
    assert server.load == 5


def test_a_served_name_that_is_missing_is_no_server_for_that_tier() -> None:
    server = ModelServer("u")
    polled(server, state(models=("r1-32b",)), now=1.0)
    assert server.serves("r1-32b", 1.0)
    assert not server.serves("r1-70b", 1.0)
    assert server.serves("", 1.0)


def test_work_without_progress_is_stuck_within_fifteen_seconds() -> None:
    server = ModelServer("u")
    server.take()
    for second in range(15):
        assert not server.stuck or second >= STUCK_SECONDS
        polled(server, state(1, generated=40.0), now=float(second))
    assert server.stuck
    assert not server.serves("", 14.0)


def test_a_counter_that_moves_brings_it_back_at_once() -> None:
    server = ModelServer("u")
    for second in range(15):
        polled(server, state(1, generated=40.0), now=float(second))
    polled(server, state(1, generated=41.0), now=15.0)
    assert server.serves("", 15.0)


def test_after_the_work_left_a_stuck_server_gets_one_probe() -> None:
    server = ModelServer("u")
    server.take()
    for second in range(15):
        polled(server, state(1, generated=40.0), now=float(second))
    server.leave(Verdict.FAULT, probe=False, seconds=15.0, now=15.0)
    polled(server, state(0, generated=40.0), now=16.0)
    assert not server.serves("", 20.0)
    assert server.serves("", 30.0)
    assert server.take()
    assert not server.serves("", 30.0)


def test_thoughts_that_the_hub_hears_are_progress_though_the_counter_stands() -> None:
    server = ModelServer("u")
    server.take()
    for second in range(30):
        server.pulse.heard += 1
        polled(server, state(1, generated=40.0), now=float(second))
    assert not server.stuck


def test_a_long_prompt_that_fills_the_cache_is_progress() -> None:
    server = ModelServer("u")
    server.take()
    for second in range(40):
        polled(server, replace(state(1, generated=40.0), kv_use=0.01 * second), now=float(second))
    assert not server.stuck
    for second in range(40, 60):
        polled(server, replace(state(1, generated=40.0), kv_use=0.4), now=float(second))
    assert server.stuck


def test_an_idle_server_is_not_stuck() -> None:
    server = ModelServer("u")
    for second in range(60):
        polled(server, state(0, generated=40.0), now=float(second))
    assert not server.stuck


def test_a_server_without_a_counter_is_not_judged() -> None:
    server = ModelServer("u")
    for second in range(60):
        polled(server, ServerState(1, 0, None, None), now=float(second))
    assert not server.stuck


def test_a_refused_connection_takes_it_out_until_its_next_good_word() -> None:
    server = ModelServer("u")
    polled(server, state(), now=1.0)
    server.take()
    server.leave(Verdict.GONE, probe=False, seconds=0.0, now=1.0)
    assert not server.serves("", 1.0)
    polled(server, state(), now=2.0)
    assert server.serves("", 2.0)


def test_it_rests_as_long_as_it_asked_within_reason() -> None:
    server = ModelServer("u")
    server.rest(3, now=10.0)
    assert server.takes_no_more(12.9)
    assert not server.takes_no_more(13.0)
    server.rest(600, now=20.0)
    assert not server.takes_no_more(30.0)
    server.rest(None, now=40.0)
    assert server.takes_no_more(40.5)


def test_after_its_rest_it_begins_with_half_and_gets_one_more_with_every_answer() -> None:
    server = ModelServer("u")
    for _ in range(8):
        server.take()
    server.rest(1, now=0.0)
    for _ in range(4):
        assert server.takes_no_more(2.0)
        server.leave(Verdict.NEITHER, probe=False, seconds=1.0, now=2.0)
    server.leave(Verdict.WELL, probe=False, seconds=1.0, now=2.0)
    assert not server.takes_no_more(2.0)
    assert server.ceiling == 5
