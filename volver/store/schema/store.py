"""The state of the store: the key that signs addresses, and answers that are kept."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from volver.store.schema.metadata import ID, metadata

# The one key with which addresses for customers are signed; whoever has it can make such addresses.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("secret", String(128), nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

# Totals that pages show, by what they rest on. Nothing here names a person.
kept_answers = Table(
    "kept_answers",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("rests_on", String(64), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
