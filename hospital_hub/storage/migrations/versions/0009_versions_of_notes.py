"""Versions of a note, why one replaces another, and why one was withdrawn."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = "note_draft"
ONE = "ix_note_draft_one_amendment"
COLUMNS: "tuple[sa.Column[Any], ...]" = (
    sa.Column("series", sa.Uuid(), nullable=True),
    sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("replaces", sa.Uuid(), nullable=True),
    sa.Column("replaced_sha256", sa.String(), nullable=False, server_default=""),
    sa.Column("amended_because", sa.LargeBinary(), nullable=True),
    sa.Column("rules_version", sa.String(), nullable=False, server_default=""),
    sa.Column("withdrawn_by", sa.String(), nullable=False, server_default=""),
    sa.Column("withdrawn_name", sa.String(), nullable=False, server_default=""),
    sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("withdrawn_reason", sa.LargeBinary(), nullable=True),
)
# Filled for the rows that stand; the code gives these values from now on.
FILLED = ("version", "replaced_sha256", "rules_version", "withdrawn_by", "withdrawn_name")
RENAMED = (("DRAFT", "DRAFTED"), ("FILE_FAILED", "FILING_FAILED"))
# To where the states go that the version before does not know.
LOST = (("EDITED", "DRAFT"), ("DISCARDED", "DRAFT"))


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column(TABLE, column)
    for name in FILLED:
        op.alter_column(TABLE, name, server_default=None)
    op.execute("UPDATE note_draft SET series = id")
    op.alter_column(TABLE, "series", nullable=False)
    for old, new in RENAMED:
        _rename(old, new)
    op.create_index(op.f("ix_note_draft_series"), TABLE, ["series"], unique=False)
    op.create_index(
        ONE,
        TABLE,
        ["replaces"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('DISCARDED', 'ENTERED_IN_ERROR')"),
    )


def downgrade() -> None:
    op.drop_index(ONE, table_name=TABLE)
    for new, old in (*LOST, *((two, one) for one, two in RENAMED)):
        _rename(new, old)
    for column in reversed(COLUMNS):
        op.drop_column(TABLE, column.name)


def _rename(old: str, new: str) -> None:
    op.execute(sa.text("UPDATE note_draft SET state = :new WHERE state = :old").bindparams(old=old, new=new))
