"""The migrations make exactly the tables that the code declares, and an old schema is told in one line."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from hospital_hub.errors import WrongSetup
from hospital_hub.main import create_app
from hospital_hub.settings import Settings
from hospital_hub.storage.database import Database
from hospital_hub.storage.schema import check, newest, upgrade


def test_migrations_and_tables_agree(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        difference = compare_metadata(context, SQLModel.metadata)
    engine.dispose()
    assert difference == []


async def test_an_empty_database_stops_the_start_with_the_command_that_helps(
    postgres_url: str, settings: Settings
) -> None:
    old = settings.model_copy(update={"database_url": postgres_url})
    app = create_app(old)
    with pytest.raises(WrongSetup, match="hospital-hub db upgrade"):
        async with app.router.lifespan_context(app):
            pass


async def test_upgrade_may_be_run_again(database_url: str) -> None:
    upgrade(database_url)
    database = Database.open(database_url)
    await check(database)
    await database.close()
    assert newest()


async def test_a_database_that_is_not_there_is_one_sentence() -> None:
    nowhere = "postgresql+psycopg://hub@127.0.0.1:1/hub"
    with pytest.raises(WrongSetup, match="HUB_DATABASE_URL"):
        upgrade(nowhere)
    database = Database.open(nowhere)
    with pytest.raises(WrongSetup, match="HUB_DATABASE_URL"):
        await check(database)
    await database.close()
