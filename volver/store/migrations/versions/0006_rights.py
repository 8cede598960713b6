"""For the server and the store: what a token may do, write keys, the key that signs addresses.

Tokens that exist keep what they could do: everything.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the column and the tables."""
    scopes = sa.Column("scopes", sa.String(255), nullable=False, server_default="read customers bring learn")
    op.add_column("api_tokens", scopes)
    op.create_table(
        "write_keys",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.String(128), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_write_keys"),
        sa.UniqueConstraint("name", name="uq_write_keys_name"),
        sa.UniqueConstraint("token_hash", name="uq_write_keys_token_hash"),
    )
    op.create_table(
        "signing_keys",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signing_keys"),
    )


def downgrade() -> None:
    """Undo it; what the tokens could do is forgotten."""
    op.drop_table("signing_keys")
    op.drop_table("write_keys")
    op.drop_column("api_tokens", "scopes")
