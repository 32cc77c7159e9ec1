"""`hospital-hub fleet`: the model servers as the hub sees them, out of service and back, models.toml again.

Nothing here needs a restart, and what is drained stays so over restarts.
"""

from http import HTTPStatus
from typing import Annotated, Any, Final

import aiohttp
import orjson
import typer
from rich.console import Console
from rich.table import Table

from hospital_hub.cli.opened import with_resources
from hospital_hub.errors import NotFound, Refused, Unavailable
from hospital_hub.identity.accounts import TERMINAL
from hospital_hub.identity.guard import BEARER, internal_token
from hospital_hub.inference import drains
from hospital_hub.registry import Registry
from hospital_hub.resources import Resources

app = typer.Typer(help="The model servers: look, drain, read models.toml again.", no_args_is_help=True)
Replica = Annotated[str, typer.Argument(help="Name of the replica in models.toml, e.g. r1-70b-0.")]
WAIT_SECONDS: Final = 10


@app.command("list")
def list_all() -> None:
    """Show every model server, and whether it gets work."""
    found = with_resources(lambda hub: _hub(hub, method="GET", path="/internal/fleet"))
    table = Table("Tier", "Replica", "State", "Under way", "Places")
    for row in found["replicas"]:
        busy = f"{row['under_way']} + {row['foreign']} of others" if row["foreign"] else str(row["under_way"])
        table.add_row(row["tier"], row["replica"], row["state"], busy, str(row["places"]))
    Console().print(table)
    typer.echo(f"models.toml {found['version']}", err=True)


@app.command()
def drain(replica: Replica) -> None:
    """Give a model server no new work; what it has under way it finishes.

    Example: hospital-hub fleet drain r1-70b-0
    """
    changed = with_resources(lambda hub: _set(hub, replica, drained=True))
    typer.echo(f"{replica} gets no new work from now on." if changed else f"{replica} is drained already.")


@app.command()
def undrain(replica: Replica) -> None:
    """Give a model server work again."""
    changed = with_resources(lambda hub: _set(hub, replica, drained=False))
    typer.echo(f"{replica} gets work again." if changed else f"{replica} was not drained.")


@app.command()
def reload() -> None:
    """Read models.toml again: replicas, clocks, limits and sampling, in all processes of the hub."""
    found = with_resources(lambda hub: _hub(hub, method="POST", path="/internal/fleet/reload"))
    typer.echo(f"models.toml {found['version']} is in force, with {len(found['replicas'])} replicas.")


async def _set(hub: Resources, name: str, *, drained: bool) -> bool:
    """The row that the gate looks at every second; a replica that left models.toml may still be undrained."""
    names = _names(hub.registry)
    if drained and name not in names:
        raise NotFound("There is no such replica.", f"models.toml names {', '.join(sorted(names))}.")
    change = drains.drain if drained else drains.undrain
    async with hub.database.work() as session:
        return await change(session, TERMINAL, name=name)


def _names(registry: Registry) -> frozenset[str]:
    return frozenset(replica.name for entry in registry.tiers.values() for replica in entry.replicas)


async def _hub(hub: Resources, *, method: str, path: str) -> Any:  # noqa: ANN401 - whatever the hub says
    headers = {"Authorization": BEARER + internal_token(hub)}
    timeout = aiohttp.ClientTimeout(total=WAIT_SECONDS)
    try:
        async with hub.http.request(
            method, f"{hub.settings.worker_hub_url}{path}", headers=headers, timeout=timeout
        ) as answer:
            body = orjson.loads(await answer.read())
    except (TimeoutError, aiohttp.ClientError, orjson.JSONDecodeError) as gone:
        raise Unavailable("The hub does not answer.", "Start it: `hospital-hub serve`.") from gone
    if answer.status != HTTPStatus.OK:
        raise Refused(str(body["detail"]), code=str(body["code"]))
    return body
