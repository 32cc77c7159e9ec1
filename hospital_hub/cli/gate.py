"""`hospital-hub gate`: the one authority about places on the model servers, for a hub of several processes."""

import asyncio
import signal
from typing import Annotated

import structlog
import typer

from hospital_hub.inference.gate_server import gate_served
from hospital_hub.inference.opening import gate_token, local_gate
from hospital_hub.logs import configure_logs
from hospital_hub.resources import open_resources
from hospital_hub.settings import Settings, load_settings
from routing import load_policy

log = structlog.get_logger()


def gate(
    listen: Annotated[
        str, typer.Option(help="unix:/path or tcp://host:port; HUB_GATE, or a socket in the data folder, if unset.")
    ] = "",
) -> None:
    """Run the gate that all processes of a hub share. `hospital-hub serve --workers N` starts one by itself.

    Example: hospital-hub gate --listen tcp://10.0.0.5:8701
    """
    settings = load_settings()
    configure_logs(settings.log_format)
    asyncio.run(_serve(settings, address=listen or settings.shared_gate))


async def _serve(settings: Settings, *, address: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        open_resources(settings) as resources,
        local_gate(resources, load_policy()) as own,
        gate_served(own, address=address, token=gate_token(resources)),
    ):
        log.info("gate_ready", address=address)
        await stop.wait()
