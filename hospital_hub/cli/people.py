"""`hospital-hub users`: accounts with a password. Whoever may run this on the server is their administrator."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hospital_hub.cli.opened import with_resources
from hospital_hub.identity import accounts
from hospital_hub.identity.accounts import TERMINAL, NewAccount
from hospital_hub.identity.demonstration import seed_demonstration
from hospital_hub.identity.permissions import Role
from hospital_hub.identity.tables import Account
from hospital_hub.storage.clock import utc_now

app = typer.Typer(help="Accounts of people.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The name to log in with.")]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="Read the password from a file, - for stdin; asked for if unset.")
]


@app.command()
def create(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    display_name: Annotated[str, typer.Option("--display-name", help="As others see it; the name if unset.")] = "",
    department: Annotated[str, typer.Option(help="For usage by department.")] = "",
    password_file: PasswordFile = None,
) -> None:
    """Make an account.

    Example: hospital-hub users create li.wei --role nurse --display-name "Li Wei" --department Emergency
    """
    wanted = NewAccount(name=name, display_name=display_name or name, role=role, department=department)
    password = _password(password_file)
    with_resources(lambda hub: accounts.create(hub, TERMINAL, wanted=wanted, password=password, now=utc_now()))
    typer.echo(f"{name} may log in as {role.value}.")


@app.command("list")
def list_accounts() -> None:
    """Show all accounts."""
    found = with_resources(lambda hub: accounts.everybody(hub, TERMINAL))
    table = Table("Name", "Displayed as", "Role", "Department", "State")
    for account in found:
        table.add_row(account.name, account.display_name, account.role.value, account.department, _state(account))
    Console().print(table)


@app.command()
def disable(name: Name) -> None:
    """Close an account and end its log-ins at once."""
    with_resources(lambda hub: accounts.disable(hub, TERMINAL, name=name, now=utc_now()))
    typer.echo(f"{name} may not log in any more.")


@app.command("reset-password")
def reset_password(name: Name, password_file: PasswordFile = None) -> None:
    """Set a new password, end the account's log-ins, and open it if it was locked or closed."""
    password = _password(password_file)
    with_resources(lambda hub: accounts.reset_password(hub, TERMINAL, name=name, password=password, now=utc_now()))
    typer.echo(f"{name} has a new password.")


@app.command()
def demonstration() -> None:
    """Make the demonstration's accounts; refused without HUB_DEMO=true. May be run again."""
    made = with_resources(lambda hub: seed_demonstration(hub, now=utc_now()))
    typer.echo(f"{made} demonstration accounts made.")


def _password(file: Path | None) -> str:
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    return text.rstrip("\r\n")


def _state(account: Account) -> str:
    if not account.active:
        return "closed"
    return "locked" if account.locked_until and account.locked_until > utc_now() else "open"
