"""People, for the store: customers, what names them, who is one person. The lake's customers follow when it opens."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "customers",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
    )
    op.create_table(
        "identifiers",
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("first_seen_us", sa.BigInteger, nullable=False),
        sa.Column("last_seen_us", sa.BigInteger, nullable=False),
        sa.Column("verified", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("type", "value", name="pk_identifiers"),
    )
    op.create_index("ix_identifiers_customer_id", "identifiers", ["customer_id"])
    op.create_table(
        "merges",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("from_id", _ID, nullable=False),
        sa.Column("into_id", _ID, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        sa.Column("undone_us", sa.BigInteger, nullable=True),
        sa.Column("made_no", sa.Integer, nullable=False),
        sa.Column("undone_no", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_merges"),
        sa.ForeignKeyConstraint(["from_id"], ["customers.id"], "fk_merges_from_id"),
        sa.ForeignKeyConstraint(["into_id"], ["customers.id"], "fk_merges_into_id"),
    )
    standing = sa.text("undone_us is null")
    op.create_index(
        "uq_merges_from_id", "merges", ["from_id"], unique=True, sqlite_where=standing, postgresql_where=standing
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("merges", "identifiers", "customers"):
        op.drop_table(table)
