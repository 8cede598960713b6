"""For the server: how many tries a name has left before its passwords are looked at again."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "login_tries",
        sa.Column("key_hash", sa.String(128), nullable=False),
        sa.Column("clear_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_login_tries"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("login_tries")
