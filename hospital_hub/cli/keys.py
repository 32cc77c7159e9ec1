"""`hospital-hub keys`: API keys for the departments' own programs."""

import uuid
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hospital_hub.cli.opened import with_resources
from hospital_hub.identity.accounts import TERMINAL
from hospital_hub.identity.keys import (
    EVERYTHING,
    ApiKey,
    Limits,
    NewKey,
    Scope,
    create_key,
    limits_of,
    list_keys,
    month_of,
    revoke_key,
    spent_by_key,
)
from hospital_hub.resources import Resources
from hospital_hub.storage.clock import utc_now

app = typer.Typer(help="API keys of departments, for /v1.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, e.g. pathology-reports.")],
    department: Annotated[str, typer.Option(help="Whose usage it is.")],
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it may do, once or several times; all if unset.")
    ] = None,
    requests_per_minute: Annotated[int | None, typer.Option(min=1, help="No limit if unset.")] = None,
    tokens_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Prompt and longest answer; no limit if unset.")
    ] = None,
    tokens_per_month: Annotated[
        int | None, typer.Option(min=1, help="Budget, months by UTC; no limit if unset.")
    ] = None,
) -> None:
    """Make a key and print it, once.

    Example: hospital-hub keys create pathology-reports --department Pathology --tokens-per-month 20000000
    """
    limits = Limits(requests_per_minute, tokens_per_minute, tokens_per_month)
    wanted = NewKey(name, department, tuple(scope or EVERYTHING), limits)

    async def work(hub: Resources) -> str:
        async with hub.database.work() as session:
            return await create_key(session, TERMINAL, vault=hub.vault, wanted=wanted, now=utc_now())

    typer.echo(with_resources(work))
    typer.echo("This key is shown only now. Programs send it as: Authorization: Bearer KEY", err=True)


@app.command("list")
def list_all() -> None:
    """Show all keys with their limits and what they used this month, never their text."""

    async def work(hub: Resources) -> tuple[list[ApiKey], dict[uuid.UUID, int]]:
        async with hub.database.work() as session:
            return await list_keys(session), await spent_by_key(session, month=month_of(utc_now()))

    keys, spent = with_resources(work)
    table = Table("Id", "Name", "Department", "Scopes", "Requests/min", "Tokens/min", "Tokens this month", "State")
    for key in keys:
        limits = limits_of(key)
        month = _number(spent.get(key.id, 0)) + (
            f" of {_number(limits.tokens_per_month)}" if limits.tokens_per_month else ""
        )
        minute = (_number(limits.requests_per_minute), _number(limits.tokens_per_minute))
        state = "revoked" if key.revoked_at else "in use"
        table.add_row(str(key.id), key.name, key.department, key.scopes, *minute, month, state)
    Console().print(table)


@app.command()
def revoke(key_id: Annotated[uuid.UUID, typer.Argument(help="Id from `keys list`.")]) -> None:
    """End a key: every process refuses it within a second."""

    async def work(hub: Resources) -> None:
        async with hub.database.work() as session:
            await revoke_key(session, TERMINAL, key_id=key_id, now=utc_now())

    with_resources(work)
    typer.echo(f"{key_id} is revoked.")


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
