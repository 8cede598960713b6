"""The state of know: segments that people saved."""

from sqlalchemy import BigInteger, Column, String, Table, Text, UniqueConstraint

from volver.store.schema.metadata import ID, metadata

# A list of customers by name: `kind` says how `rule`, a JSON object, is read. A number is given once and never again.
saved_segments = Table(
    "saved_segments",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("name", String(255), nullable=False),
    Column("name_key", String(255), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("rule", Text, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    UniqueConstraint("name_key"),
    sqlite_autoincrement=True,
)
