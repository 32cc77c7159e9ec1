"""`hospital-hub demo`: the whole hub on this machine, with a small real model and synthetic patients."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from hospital_hub.errors import WrongSetup
from hospital_hub.identity.demonstration import DEMO
from hospital_hub.settings import load_settings

try:
    from hospital_hub.embedded import demo as parts
    from hospital_hub.embedded.demo_parts import DEFAULT_PORTS, Step
except ModuleNotFoundError as missing:
    if (missing.name or "").startswith("hospital_hub"):
        raise
    INSTALLED = False
else:
    INSTALLED = True

FOLDER = "demo"


def demo(
    data: Annotated[
        Path | None, typer.Option(help="Folder that keeps the data; found again at the next start.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port of the hub; the next free one if it is taken.")] = None,
    emr_port: Annotated[int | None, typer.Option(help="Port of the demonstration EMR.")] = None,
) -> None:
    """Start the whole hub on this machine; Ctrl-C ends all of it. Not for clinical use.

    Example: hospital-hub demo --data ./demo-data
    """
    if not INSTALLED:
        raise WrongSetup("The parts for one machine are not installed: run `pip install 'hospital-hub[embedded]'`")
    wished = {"hub": port, "emr": emr_port}
    options = parts.DemoOptions(
        data=data or load_settings().data_dir / FOLDER,
        ports={**DEFAULT_PORTS, **{name: number for name, number in wished.items() if number is not None}},
        steps=(Step("accounts", "Demonstration accounts", ("users", "demonstration")),),
        logins=tuple((account.title, account.name, account.password) for account in DEMO),
    )
    raise typer.Exit(asyncio.run(parts.run_demo(options)))
