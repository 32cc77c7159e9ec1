"""Brings the database to this version's schema, and says so when it is not there yet. Forward only."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import OperationalError

from hospital_hub.errors import WrongSetup
from hospital_hub.storage.database import Database

FOLDER = Path(__file__).parent / "migrations"


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["url"] = url
    return config


def newest() -> str:
    """The revision that this version of the hub needs."""
    head = ScriptDirectory.from_config(_config("")).get_current_head()
    if head is None:
        raise WrongSetup("This installation of the hub carries no migrations: install it again")
    return head


def upgrade(url: str) -> None:
    """Apply what is missing.

    Raises:
        WrongSetup: the database does not answer.
    """
    try:
        command.upgrade(_config(url), "head")
    except OperationalError as down:
        raise WrongSetup("HUB_DATABASE_URL: the database does not answer; start it, or correct the URL") from down


def current(url: str) -> str | None:
    """The database's revision; None for an empty one."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return _revision(connection)
    finally:
        engine.dispose()


async def check(database: Database) -> None:
    """Refuse to start on another schema than this version's.

    Raises:
        WrongSetup: one line with the command that puts it right.
    """
    try:
        async with database.engine.connect() as connection:
            found = await connection.run_sync(_revision)
    except OperationalError as down:
        raise WrongSetup("HUB_DATABASE_URL: the database does not answer; start it, or correct the URL") from down
    if found != newest():
        raise WrongSetup(
            f"The database's schema is {found or 'empty'}, this hub needs {newest()}: run `hospital-hub db upgrade`"
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
