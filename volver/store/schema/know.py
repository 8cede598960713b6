"""The state of know."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from volver.store.schema.metadata import ID, metadata

# When the facts were last derived, and from what.
refreshes = Table(
    "refreshes",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("at_day", String(10), nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("finished_us", BigInteger, nullable=True),
    Column("body", Text, nullable=False),
)
