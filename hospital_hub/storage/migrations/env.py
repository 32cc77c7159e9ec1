"""Alembic's entry: runs the revisions on the URL that `storage.schema` hands over."""

from alembic import context
from sqlalchemy import create_engine, pool
from sqlmodel import SQLModel


def run() -> None:
    engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    with engine.begin() as connection:
        context.configure(connection=connection, target_metadata=SQLModel.metadata)
        context.run_migrations()


run()
