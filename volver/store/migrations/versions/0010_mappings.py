"""Serves collect: what a person said of a file's columns, remembered for the next file of that shape."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "mappings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        sa.Column("shape", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("sets", sa.Text, nullable=False),
        sa.Column("file", sa.String(1024), nullable=False),
        sa.Column("said_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mappings"),
        sa.UniqueConstraint("shape", "kind", name="uq_mappings_shape"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("mappings")
