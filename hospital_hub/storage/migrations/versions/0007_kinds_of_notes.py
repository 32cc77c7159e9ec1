"""What kind of note a draft is, what was dictated for it, and which of its sentences its author has settled."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("note_draft", sa.Column("kind", sa.String(), nullable=False, server_default="progress"))
    extracted = postgresql.JSONB(astext_type=sa.Text())
    op.add_column("note_draft", sa.Column("extracted", extracted, nullable=False, server_default="[]"))
    op.add_column("note_draft", sa.Column("said", sa.LargeBinary(), nullable=True))
    op.add_column("note_draft", sa.Column("settled", sa.LargeBinary(), nullable=True))
    for name in ("kind", "extracted"):
        op.alter_column("note_draft", name, server_default=None)


def downgrade() -> None:
    for name in ("settled", "said", "extracted", "kind"):
        op.drop_column("note_draft", name)
