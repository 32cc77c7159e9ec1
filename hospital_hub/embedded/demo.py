"""`hospital-hub demo`: the whole hub on one machine, from the first process to the last."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from hospital_hub.embedded import folder
from hospital_hub.embedded.console import show_notice, show_summary
from hospital_hub.embedded.demo_parts import DEFAULT_PORTS, Layout, Overrides, all_parts
from hospital_hub.embedded.ports import choose_ports
from hospital_hub.embedded.supervisor import Supervisor, stopped_by_signals
from hospital_hub.errors import WrongSetup


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """`logins` are (who, name, password) to be shown; `passed_on` are further variables for all Python parts."""

    data: Path
    ports: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULT_PORTS))
    overrides: Overrides = field(default_factory=Overrides)
    logins: Sequence[tuple[str, str, str]] = ()
    passed_on: Mapping[str, str] = field(default_factory=dict)


async def run_demo(options: DemoOptions, console: Console | None = None) -> int:
    """Runs until Ctrl-C (0), or until a part cannot be kept running (1)."""
    console = console or Console()
    try:
        data = folder.prepare(options.data)
        with folder.opened_lock(data) as lock:
            await folder.take_lock(lock, data)
            folder.set_long_logs_aside(data / "logs")
            await _run(options, console=console, data=data, lock=lock)
    except WrongSetup as wrong:
        console.print(str(wrong), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    return 0


async def _run(options: DemoOptions, *, console: Console, data: Path, lock: int) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    layout = Layout(
        data=data,
        ports=choose_ports(options.ports),
        overrides=options.overrides,
        passed_on=options.passed_on,
    )
    supervisor = Supervisor(
        all_parts(layout),
        logs=data / "logs",
        lock=lock,
        report=lambda notice: show_notice(console, notice),
    )
    with stopped_by_signals(supervisor) as stop:
        await supervisor.run(
            stop,
            when_ready=lambda: show_summary(console, layout, logins=options.logins, seconds=loop.time() - began),
        )
