"""`hospital-hub db`: brings the database to this version's schema, or says whether it is there."""

import asyncio

import typer

from hospital_hub.errors import WrongSetup
from hospital_hub.settings import load_settings
from hospital_hub.storage import schema
from hospital_hub.storage.database import Database

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Apply what is missing. Never goes back; may be run at any time.

    Example: HUB_DATABASE_URL=postgresql+psycopg://hub@db/hub hospital-hub db upgrade
    """
    schema.upgrade(_url())
    typer.echo(f"The schema is {schema.newest()}.")


@app.command()
def check() -> None:
    """Exit with 0 if the database has the schema that this version needs, with 2 otherwise."""
    asyncio.run(_check(_url()))
    typer.echo(f"The schema is {schema.newest()}.")


async def _check(url: str) -> None:
    database = Database.open(url, pool_size=1)
    try:
        await schema.check(database)
    finally:
        await database.close()


def _url() -> str:
    url = load_settings().database_url
    if not url:
        raise WrongSetup("HUB_DATABASE_URL is not set: name your PostgreSQL there")
    return url
