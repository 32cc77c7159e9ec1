"""`hospital-hub keys`: API keys for the departments' own programs."""

import uuid
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hospital_hub.cli.opened import with_resources
from hospital_hub.identity.accounts import TERMINAL
from hospital_hub.identity.keys import ApiKey, NewKey, create_key, list_keys, revoke_key
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now

app = typer.Typer(help="API keys of departments, for /v1.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, e.g. pathology-reports.")],
    department: Annotated[str, typer.Option(help="Whose usage it is.")],
) -> None:
    """Make a key and print it, once.

    Example: hospital-hub keys create pathology-reports --department Pathology
    """

    async def work(hub: Resources) -> str:
        async with hub.database.work() as session:
            return await create_key(session, TERMINAL, vault=hub.vault, wanted=NewKey(name, department), now=utc_now())

    typer.echo(with_resources(work))
    typer.echo("This key is shown only now. Programs send it as: Authorization: Bearer KEY", err=True)


@app.command("list")
def list_all() -> None:
    """Show all keys, never their text."""

    async def work(hub: Resources) -> list[ApiKey]:
        async with hub.database.work() as session:
            return await list_keys(session)

    table = Table("Id", "Name", "Department", "State")
    for key in with_resources(work):
        table.add_row(str(key.id), key.name, key.department, "revoked" if key.revoked_at else "in use")
    Console().print(table)


@app.command()
def revoke(key_id: Annotated[uuid.UUID, typer.Argument(help="Id from `keys list`.")]) -> None:
    """End a key at once."""

    async def work(hub: Resources) -> None:
        async with hub.database.work() as session:
            await revoke_key(session, TERMINAL, key_id=key_id, now=utc_now())

    with_resources(work)
    typer.echo(f"{key_id} is revoked.")
