"""Serves the store: answers that pages show, made by the refresh and kept with what they rest on."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "kept_answers",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("rests_on", sa.String(64), nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_kept_answers"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("kept_answers")
