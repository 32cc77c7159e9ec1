"""The tree of commands."""

import typer

from hospital_hub import __version__
from hospital_hub.cli import (
    batch,
    database,
    fleet,
    gnuhealth,
    keys,
    notes,
    people,
    research,
    routing,
    secret_files,
    triage,
)
from hospital_hub.cli.decide import route
from hospital_hub.cli.demonstration import demo
from hospital_hub.cli.doctor import doctor
from hospital_hub.cli.gate import gate
from hospital_hub.cli.serve import publisher, serve, worker
from hospital_hub.cli.serve_model import model_args, serve_model
from hospital_hub.cli.session import login
from hospital_hub.cli.tree import HubCommands
from hospital_hub.cli.usage import usage

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


for command in (demo, doctor, login, route, serve, gate, worker, publisher, serve_model, model_args, usage):
    app.command()(command)
app.add_typer(database.app, name="db")
app.add_typer(people.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(fleet.app, name="fleet")
app.add_typer(secret_files.app, name="secrets")
app.add_typer(batch.app, name="batch")
app.add_typer(research.app, name="research")
app.add_typer(routing.app, name="routing")
app.add_typer(triage.app, name="triage")
app.add_typer(notes.app, name="notes")
app.add_typer(gnuhealth.app, name="gnuhealth")
