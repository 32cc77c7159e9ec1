"""The processes of a hub: the web server here, the worker and the publisher in place of this process."""

import asyncio
import os
import sys
from contextlib import nullcontext
from typing import Annotated

import typer
import uvicorn

from hospital_hub.cli.gate_beside import gate_beside
from hospital_hub.resources import open_resources
from hospital_hub.settings import Settings, load_settings
from hospital_hub.storage.schema import check
from hospital_hub.triage.zones import load_zones

APPLICATION = "hospital_hub.main:create_app"
SHARED_APPLICATION = "hospital_hub.main:create_shared_app"
GRACE_SECONDS = 20
# Longer than people think between two pages, and than proxies keep a connection (60 s): the hub never closes one
# at the moment at which a request is sent on it.
KEEP_ALIVE_SECONDS = 75
# No gossip and no mingle: workers need to know nothing of each other, PostgreSQL says what is to be done.
WORKER_OPTIONS = ("worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle")


def serve(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at.")] = 8700,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes; with several, one more is their shared gate.")
    ] = 1,
) -> None:
    """Run the hub's web server.

    Example: hospital-hub serve --host 0.0.0.0 --port 8700
    """
    settings = load_settings()
    asyncio.run(_can_start(settings))
    own_gate = workers > 1 and not settings.gate
    with gate_beside() if own_gate else nullcontext():
        uvicorn.run(
            SHARED_APPLICATION if own_gate else APPLICATION,
            factory=True,
            host=host,
            port=port,
            workers=workers,
            loop="uvloop",
            http="httptools",
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )


def worker() -> None:
    """Run the Celery worker: batch items and the filing of signed notes."""
    load_settings()
    _become("-m", "celery", "-A", "hospital_hub.worker:app", *WORKER_OPTIONS)


def publisher() -> None:
    """Run the publisher, which brings accepted work from the database to the queue."""
    load_settings()
    _become("-m", "hospital_hub.publisher")


async def _can_start(settings: Settings) -> None:
    """Says what is missing before a server prints its own lines about it."""
    load_zones(settings.triage_zones_file)
    async with open_resources(settings) as resources:
        await check(resources.database)


def _become(*arguments: str) -> None:
    """The same process, so that a supervisor's signals reach what does the work."""
    sys.stdout.flush()
    os.execv(sys.executable, (sys.executable, *arguments))  # noqa: S606 - our own arguments, no shell
