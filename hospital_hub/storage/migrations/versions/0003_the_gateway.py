"""The gateway: an attempt a row, living processes, keys with limits, what an Idempotency-Key gives back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("model_call", sa.Column("process", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_model_call_open", "model_call", ["process"], unique=False, postgresql_where=sa.text("outcome = 'OPEN'")
    )
    op.create_table(
        "model_attempt",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("replica", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=False),
        sa.Column("queue_ms", sa.Integer(), nullable=False),
        sa.Column("first_token_ms", sa.Integer(), nullable=True),
        sa.Column("total_ms", sa.Integer(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["model_call.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "number"),
    )
    op.create_table(
        "hub_process",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "month_use",
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who", "month"),
    )
    op.create_table(
        "key_bucket",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "kind"),
    )
    op.create_table(
        "stored_answer",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("process", sa.Uuid(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_stored_answer_at"), "stored_answer", ["at"], unique=False)
    op.add_column("api_key", sa.Column("scopes", sa.String(length=200), server_default="chat models", nullable=False))
    op.alter_column("api_key", "scopes", server_default=None)
    op.add_column("api_key", sa.Column("requests_per_minute", sa.Integer(), nullable=True))
    op.add_column("api_key", sa.Column("tokens_per_minute", sa.Integer(), nullable=True))
    op.add_column("api_key", sa.Column("tokens_per_month", sa.BigInteger(), nullable=True))
