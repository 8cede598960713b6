"""The first tables: accounts and their sessions, imports and what they set aside, models, refreshes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _people()
    _imports()
    op.create_table(
        "models",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("fitted_us", sa.BigInteger, nullable=False),
        sa.Column("data_until", sa.String(10), nullable=False),
        sa.Column("customers", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("published", sa.SmallInteger, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
    )
    op.create_index("ix_models_kind", "models", ["kind", "fitted_us"])
    op.create_table(
        "refreshes",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("at_day", sa.String(10), nullable=False),
        sa.Column("started_us", sa.BigInteger, nullable=False),
        sa.Column("finished_us", sa.BigInteger, nullable=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refreshes"),
    )


def _people() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("theme", sa.String(16), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("email", name="uq_accounts_email"),
    )
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.String(128), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("csrf", sa.String(128), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("seen_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id_hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], "fk_sessions_account_id", ondelete="CASCADE"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_table(
        "login_tokens",
        sa.Column("token_hash", sa.String(128), nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name="pk_login_tokens"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], "fk_login_tokens_account_id", ondelete="CASCADE"),
    )
    op.create_index("ix_login_tokens_account_id", "login_tokens", ["account_id"])


def _imports() -> None:
    op.create_table(
        "batches",
        sa.Column("offset", _ID, autoincrement=False, nullable=False),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("offset", name="pk_batches"),
    )
    op.create_index("ix_batches_digest", "batches", ["digest"])
    op.create_table(
        "set_aside",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("batch_key", sa.String(255), nullable=False),
        sa.Column("file", sa.String(1024), nullable=False),
        sa.Column("row_no", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("retried_us", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_set_aside"),
    )
    op.create_index("ix_set_aside_batch_key", "set_aside", ["batch_key"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("refreshes", "models", "set_aside", "batches", "login_tokens", "sessions", "accounts"):
        op.drop_table(table)
