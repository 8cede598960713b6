"""For collect: which files an import read, which import was taken back by which undoing, and what it undoes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("batches") as table:
        table.add_column(sa.Column("files", sa.Text, nullable=False, server_default="[]"))
        table.add_column(sa.Column("undone_by", sa.BigInteger, nullable=True))


def downgrade() -> None:
    """Drop the columns."""
    with op.batch_alter_table("batches") as table:
        table.drop_column("undone_by")
        table.drop_column("files")
