"""A launch names the EMR that was asked; renewals of EMR tokens are taken one at a time."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM smart_launch")  # launches of the last ten minutes: they are begun again
    op.add_column("smart_launch", sa.Column("issuer", sa.String(), nullable=False))
    op.create_table(
        "smart_renewal",
        sa.Column("login", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("login"),
    )


def downgrade() -> None:
    op.drop_table("smart_renewal")
    op.drop_column("smart_launch", "issuer")
