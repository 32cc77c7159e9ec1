"""The first schema (made from the metadata while the slices are being written)."""

import importlib

from alembic import op
from sqlmodel import SQLModel

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    importlib.import_module("hospital_hub.main")
    SQLModel.metadata.create_all(op.get_bind())
