"""Interviews, acuity, vital signs, whose case it is, filing of triage, and who watches the board."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CASE: "tuple[sa.Column[Any], ...]" = (
    sa.Column("pack", sa.String(), nullable=False, server_default=""),
    sa.Column("acuity", sa.LargeBinary(), nullable=True),
    sa.Column("provisional", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("suggested_level", sa.Integer(), nullable=True),
    sa.Column("retriage_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("interview", sa.String(length=40), nullable=False, server_default="NONE"),
    sa.Column("summary", sa.LargeBinary(), nullable=True),
    sa.Column("department", sa.String(length=40), nullable=False, server_default=""),
    sa.Column("ticket", sa.LargeBinary(), nullable=True),
    sa.Column("ticket_until", sa.DateTime(timezone=True), nullable=True),
    sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
)
# Filled for the rows that stand; the code gives these values from now on.
FILLED = ("pack", "provisional", "interview", "department")


def _at() -> "sa.Column[Any]":
    return sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    for column in CASE:
        op.add_column("triage_case", column)
    for name in FILLED:
        op.alter_column("triage_case", name, server_default=None)
    op.create_index(op.f("ix_triage_case_ticket"), "triage_case", ["ticket"], unique=False)
    op.add_column("triage_turn", sa.Column("asked", sa.LargeBinary(), nullable=True))
    _steps("triage_vitals", sa.Column("values", sa.LargeBinary(), nullable=False))
    _steps(
        "triage_binding",
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("about", sa.LargeBinary(), nullable=True),
        sa.Column("checked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    )
    op.create_table(
        "triage_filing",
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("triage_case.id"), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("references", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        _at(),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_table(
        "triage_board",
        sa.Column("login_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("login_id"),
    )


def _steps(table: str, *columns: "sa.Column[Any]") -> None:
    """A table of nurses' steps, counted case by case."""
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("triage_case.id"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        *columns,
        _at(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "ordinal"),
    )
    op.create_index(op.f(f"ix_{table}_case_id"), table, ["case_id"], unique=False)


def downgrade() -> None:
    for table in ("triage_board", "triage_filing", "triage_binding", "triage_vitals"):
        op.drop_table(table)
    op.drop_column("triage_turn", "asked")
    for column in reversed(CASE):
        op.drop_column("triage_case", column.name)
