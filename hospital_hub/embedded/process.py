"""One running part: started in a process group of its own, tied to the supervisor's life, stopped with grace.

Knows nothing of order, readiness or restarts; those are the supervisor's.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from hospital_hub.embedded import last_resort, launch
from hospital_hub.embedded.account import Account
from hospital_hub.embedded.ready import LogTail

# A fresh interpreter without site-packages: 10 ms and nothing that could fail on import.
BARE_PYTHON = (sys.executable, "-I", "-S")


@dataclass(frozen=True, kw_only=True)
class Program:
    """What runs, how it is asked to stop, and how many seconds it then has."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 8.0

    def launch_argv(self) -> list[str]:
        argv = [*BARE_PYTHON, launch.__file__, "--parent", str(os.getpid())]
        argv += ["--death-signal", str(int(self.stop_signal))]
        if self.account is not None:
            argv += ["--uid", str(self.account.uid), "--gid", str(self.account.gid)]
            argv += ["--keep-reach"] if self.account.keeps_reach else []
        return [*argv, "--", *self.argv]


class LastResort:
    """The small process that ends all groups should this process be killed."""

    def __init__(self, lock: int) -> None:
        self._lock = lock
        self._process: asyncio.subprocess.Process | None = None
        self._groups: dict[int, signal.Signals] = {}
        # Parts start together; only one of them may start this process.
        self._turn = asyncio.Lock()

    async def watch(self, group: int, number: signal.Signals) -> None:
        self._groups[group] = number
        await self._tell(f"+ {group} {int(number)}\n")

    async def forget(self, group: int) -> None:
        self._groups.pop(group, None)
        await self._tell(f"- {group}\n")

    async def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()

    async def _tell(self, line: str) -> None:
        async with self._turn:
            if self._process is None or self._process.returncode is not None:
                # The first time, or somebody killed it: a new one learns all groups anew.
                self._process = await self._start()
                line = "".join(f"+ {group} {int(number)}\n" for group, number in self._groups.items())
            if self._process.stdin is not None:
                self._process.stdin.write(line.encode())

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *BARE_PYTHON,
            last_resort.__file__,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
            pass_fds=(self._lock,),
            env={},
        )


class Child:
    def __init__(self, program: Program, process: asyncio.subprocess.Process, *, log: LogTail) -> None:
        self._program = program
        self._process = process
        self.log = log

    @classmethod
    async def start(cls, program: Program, log: Path) -> Self:
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *program.launch_argv(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=program.env,
                start_new_session=True,
            )
            return cls(program, process, log=LogTail(log, output.tell()))

    @property
    def group(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        return self._process.returncode

    async def wait(self) -> int:
        return await self._process.wait()

    async def stop(self) -> None:
        """Asks, waits, then ends the whole group: a worker's own children must not outlive it."""
        if self._process.returncode is None:
            self._process.send_signal(self._program.stop_signal)
            try:
                async with asyncio.timeout(self._program.grace):
                    await self._process.wait()
            except TimeoutError:
                pass
        self.kill_group()
        await self._process.wait()

    def kill_group(self) -> None:
        last_resort.send(self.group, signal.SIGKILL)
