"""For the store: how far each projection has read the log, the work that is due; nobody wrote `refreshes`."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _index(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, "jobs", columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "checkpoints",
        sa.Column("projection", sa.String(128), nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("moved_us", sa.BigInteger, nullable=False),
        sa.Column("problem", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("projection", name="pk_checkpoints"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("unique_key", sa.String(255), nullable=True),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("due_us", sa.BigInteger, nullable=True),
        sa.Column("lease_us", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("most_attempts", sa.Integer, nullable=False),
        sa.Column("holder", sa.String(128), nullable=True),
        sa.Column("stop_asked", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("share", sa.Float, nullable=True),
        sa.Column("says", sa.Text, nullable=True),
        sa.Column("result", sa.Text, nullable=True),
        sa.Column("problem", sa.Text, nullable=True),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("started_us", sa.BigInteger, nullable=True),
        sa.Column("beat_us", sa.BigInteger, nullable=True),
        sa.Column("ended_us", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    _index("ix_jobs_due", ["priority", "due_us"], "due_us is not null")
    _index("ix_jobs_ended", ["ended_us"], "ended_us is not null")
    for status in ("waiting", "running"):
        where = f"status = '{status}' and unique_key is not null"
        _index(f"ux_jobs_{status}", ["unique_key"], where, unique=True)
    _index("ix_jobs_shown", ["status", "id"], "status in ('running', 'failed')")
    op.drop_table("refreshes")


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("jobs")
    op.drop_table("checkpoints")
    op.create_table(
        "refreshes",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("at_day", sa.String(10), nullable=False),
        sa.Column("started_us", sa.BigInteger, nullable=False),
        sa.Column("finished_us", sa.BigInteger, nullable=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refreshes"),
    )
