"""The FHIR server ends when it should: on SIGTERM, and when the process that started it is gone."""

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from hospital_hub.embedded import hospital
from hospital_hub.embedded.ports import next_free_port
from hospital_hub.errors import WrongSetup
from tests.fixtures.hospital import PORTS_FROM, fhir_server

# Starts the command given to it, says its process id, and waits.
PARENT = "import subprocess, sys; child = subprocess.Popen(sys.argv[1:]); print(child.pid, flush=True); child.wait()"


async def test_sigterm_ends_it_with_zero(fhir_program: None, tmp_path: Path) -> None:
    async with fhir_server(tmp_path) as server:
        server.process.terminate()
        assert await server.process.wait() == 0


async def test_it_does_not_outlive_its_parent(fhir_program: None, tmp_path: Path) -> None:
    command = hospital.command(next_free_port(PORTS_FROM + 500), tmp_path)
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    assert b"fhir_server_ready" in await parent.stdout.readline()
    parent.kill()
    await parent.communicate()
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [child], timeout=5)
    assert gone == [child]


async def test_a_taken_port_is_said_in_one_line(fhir_program: None, tmp_path: Path) -> None:
    async with fhir_server(tmp_path / "one") as server:
        port = int(server.url.split(":")[2].split("/")[0])
        second = await asyncio.create_subprocess_exec(
            *hospital.command(port, tmp_path / "two"), stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
        _, said = await second.communicate()
    assert second.returncode == 2
    assert said.decode().count("\n") == 1
    assert f"127.0.0.1:{port}" in said.decode()


def test_a_missing_program_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hospital, "SOURCES", tmp_path)  # the built program of the checkout must stay for other tests
    with pytest.raises(WrongSetup, match="make assets"):
        hospital.command(8711, tmp_path)
