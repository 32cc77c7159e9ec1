"""Order, restarts, clear failures, and above all: nothing stays running, whatever ends the supervisor."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from hospital_hub.embedded.ports import LOOPBACK, choose_ports, is_free
from hospital_hub.embedded.ready import HttpOk
from hospital_hub.embedded.supervisor import Kind, Notice, PartFailed, Supervisor
from tests.hospital_hub.embedded.stand_in import chain, once, server, shell, supervisor_of

WITHIN = 10.0
Started = Callable[[], list[psutil.Process]]


def ports() -> list[int]:
    return list(choose_ports({"first": 21_900, "second": 21_900, "third": 21_900}).values())


def below(number: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(number).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


@pytest.fixture
def started() -> Started:
    """The processes below this one that the test itself has started."""
    before = {one.pid for one in below(os.getpid())}
    return lambda: [one for one in below(os.getpid()) if one.pid not in before]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def in_this_process(supervisor: Supervisor) -> AsyncIterator[asyncio.Task[None]]:
    """Yields when all parts are ready."""
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(supervisor.run(stop, when_ready=ready.set))
    try:
        async with asyncio.timeout(WITHIN):
            await asyncio.wait({task, asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        yield task
    finally:
        stop.set()
        with suppress(PartFailed):
            await task


def titles(notices: list[Notice], kind: Kind) -> list[str]:
    return [notice.title for notice in notices if notice.kind is kind]


async def test_starts_by_need_and_stops_in_reverse(tmp_path: Path, started: Started) -> None:
    with supervisor_of(list(reversed(chain(ports()))), tmp_path) as (supervisor, notices):
        async with in_this_process(supervisor):
            running = started()
        assert titles(notices, Kind.READY) == ["first", "second", "third"]
        assert titles(notices, Kind.STOPPED) == ["third", "second", "first"]
    assert len(running) >= 6
    assert not alive(running)


async def test_killed_part_is_shown_once_and_answers_again(tmp_path: Path, started: Started) -> None:
    first, second, third = ports()
    with supervisor_of(chain([first, second, third]), tmp_path) as (supervisor, notices):
        async with in_this_process(supervisor):
            victim = next(one for one in started() if str(second) in one.cmdline())
            orphan = victim.children()
            victim.kill()
            await until(lambda: titles(notices, Kind.READY).count("second") == 2)
            assert titles(notices, Kind.ENDED) == ["second"]
            assert notices[-1].kind is Kind.READY
            assert not alive(orphan)


async def test_part_that_ends_again_and_again_ends_all_of_it(tmp_path: Path, started: Started) -> None:
    parts = [server("first", ports()[0]), shell("restless", "echo cannot go on; sleep 0.1; exit 3")]
    with supervisor_of(parts, tmp_path) as (supervisor, notices), pytest.raises(PartFailed) as failed:
        await asyncio.wait_for(supervisor.run(asyncio.Event(), when_ready=lambda: None), WITHIN)
    assert titles(notices, Kind.ENDED) == ["restless", "restless"]
    assert "restless: ended with code 3, 3 times within 60 s" in str(failed.value)
    assert "cannot go on" in str(failed.value)
    assert not alive(started())


async def test_failed_step_stops_the_start_before_what_needs_it(tmp_path: Path) -> None:
    parts = [once(shell("upgrade", "echo wrong schema >&2; exit 2")), server("hub", ports()[0], "upgrade")]
    with supervisor_of(parts, tmp_path) as (supervisor, notices), pytest.raises(PartFailed, match="wrong schema"):
        await asyncio.wait_for(supervisor.run(asyncio.Event(), when_ready=lambda: None), WITHIN)
    assert titles(notices, Kind.STARTING) == ["upgrade"]


async def test_done_step_counts_as_ready_and_is_not_repeated(tmp_path: Path) -> None:
    parts = [once(shell("upgrade", "true")), server("hub", ports()[0], "upgrade")]
    with supervisor_of(parts, tmp_path) as (supervisor, notices):
        async with in_this_process(supervisor):
            pass
    assert titles(notices, Kind.READY) == ["upgrade", "hub"]
    assert titles(notices, Kind.ENDED) == []


async def test_part_that_never_answers_is_named(tmp_path: Path) -> None:
    silent = replace(shell("silent", "echo waiting; sleep 60"), ready=HttpOk(ports()[0], "/"), ready_within=0.5)
    with supervisor_of([silent], tmp_path) as (supervisor, _), pytest.raises(PartFailed) as failed:
        await asyncio.wait_for(supervisor.run(asyncio.Event(), when_ready=lambda: None), WITHIN)
    assert "silent: not ready within 0.5 s" in str(failed.value)
    assert "waiting" in str(failed.value)


async def test_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    missing = shell("missing", "")
    missing = replace(missing, program=replace(missing.program, argv=("/nowhere/server",)), ready=HttpOk(1, "/"))
    with supervisor_of([missing], tmp_path) as (supervisor, _), pytest.raises(PartFailed, match="/nowhere/server"):
        await asyncio.wait_for(supervisor.run(asyncio.Event(), when_ready=lambda: None), WITHIN)


async def test_part_that_ignores_the_stop_is_killed_after_its_grace(tmp_path: Path, started: Started) -> None:
    stubborn = shell("stubborn", "trap '' TERM; while true; do sleep 0.1; done")
    with supervisor_of([stubborn], tmp_path) as (supervisor, _):
        async with in_this_process(supervisor):
            await asyncio.sleep(0.2)
            running = started()
    assert not alive(running)


@asynccontextmanager
async def as_a_program(data: Path, wanted: list[int]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Yields when the supervisor says that all is ready; leaves nothing behind if a test fails."""
    argv = ("-m", "tests.hospital_hub.embedded.stand_in", "supervise", *map(str, wanted), "--data", str(data))
    program = await asyncio.create_subprocess_exec(
        sys.executable, *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    running: list[psutil.Process] = []
    try:
        assert program.stdout is not None
        async with asyncio.timeout(WITHIN):
            await program.stdout.readline()
        running = below(program.pid) if program.returncode is None else []
        yield program
    finally:
        for one in [*alive(running)]:
            one.kill()
        with suppress(ProcessLookupError):
            program.kill()
        await program.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    wanted = ports()
    async with as_a_program(tmp_path, wanted) as program:
        running = below(program.pid)
        assert len(running) == 7  # three parts with a child each, and the last resort
        program.send_signal(number)
        assert await asyncio.wait_for(program.wait(), WITHIN) == 0
        assert not alive(running)
        assert all(is_free(port) for port in wanted)


async def test_kill_of_the_supervisor_leaves_nothing(tmp_path: Path) -> None:
    wanted = ports()
    async with as_a_program(tmp_path, wanted) as program:
        running = below(program.pid)
        program.kill()
        await program.wait()
        await until(lambda: not alive(running))
        assert all(is_free(port) for port in wanted)


COMES_UP = 1.5


async def test_kill_of_the_last_resort_too_leaves_nothing(tmp_path: Path) -> None:
    """A part that starts later gets a new last resort, which knows the older parts as well."""
    wanted = ports()
    async with as_a_program(tmp_path, wanted) as program:
        running = below(program.pid)
        next(one for one in running if "last_resort" in " ".join(one.cmdline())).kill()
        next(one for one in running if str(wanted[0]) in one.cmdline()).kill()
        await until(lambda: not is_free(wanted[0]) and len(below(program.pid)) == 7)
        # The new last resort is a Python that has just been started; dying before it has come up is a third fault.
        await asyncio.sleep(COMES_UP)
        running = below(program.pid)
        program.kill()
        await program.wait()
        await until(lambda: not alive(running))


async def test_second_start_in_the_same_folder_says_who_is_there(tmp_path: Path) -> None:
    async with as_a_program(tmp_path, ports()) as program, as_a_program(tmp_path, ports()) as second:
        _, errors = await second.communicate()
        assert second.returncode == 1
        assert f"already runs (process {program.pid})" in errors.decode()


async def test_start_right_after_a_kill_waits_for_the_old_parts(tmp_path: Path) -> None:
    wanted = ports()
    async with as_a_program(tmp_path, wanted) as program:
        program.kill()
        await program.wait()
        async with as_a_program(tmp_path, wanted) as second:
            assert second.returncode is None
            reader, writer = await asyncio.open_connection(LOOPBACK, wanted[2])
            writer.close()
            del reader
