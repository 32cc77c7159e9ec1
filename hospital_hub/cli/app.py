"""The tree of commands."""

import typer

from hospital_hub import __version__
from hospital_hub.cli import batch, database, keys, people, routing, secret_files
from hospital_hub.cli.decide import route
from hospital_hub.cli.demonstration import demo
from hospital_hub.cli.doctor import doctor
from hospital_hub.cli.serve import publisher, serve, worker
from hospital_hub.cli.session import login
from hospital_hub.cli.tree import HubCommands

app = typer.Typer(
    name="hospital-hub",
    cls=HubCommands,
    help="One hub for three sizes of DeepSeek-R1 in a hospital.",
    epilog="First steps: `hospital-hub demo` starts everything on this machine, `hospital-hub doctor` finds faults.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command()
def version() -> None:
    """Print this hub's version."""
    typer.echo(__version__)


for command in (demo, doctor, login, route, serve, worker, publisher):
    app.command()(command)
app.add_typer(database.app, name="db")
app.add_typer(people.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(secret_files.app, name="secrets")
app.add_typer(batch.app, name="batch")
app.add_typer(routing.app, name="routing")
