"""The state of the store: the key that signs addresses."""

from sqlalchemy import BigInteger, Column, String, Table

from volver.store.schema.metadata import ID, metadata

# The one key with which addresses for customers are signed; whoever has it can make such addresses.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("secret", String(128), nullable=False),
    Column("created_us", BigInteger, nullable=False),
)
