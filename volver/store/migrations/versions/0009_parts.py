"""Serves the store: which log the state belongs to, and how far each lake table had come when the state last knew."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A state that holds something was made with the log beside it, whose identity is read when the shop is next opened.
# A state that is made anew gets no row: where the log is full already, the state was lost.
_OLDER = """
insert into parts (name, identity, "offset") select 'log', 0, 0
where exists (select 1 from batches) or exists (select 1 from accounts) or exists (select 1 from customers)
   or exists (select 1 from checkpoints) or exists (select 1 from jobs) or exists (select 1 from models)
"""


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "parts",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("identity", sa.BigInteger, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_parts"),
    )
    op.execute(_OLDER)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("parts")
