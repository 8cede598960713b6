"""The state of collect: imports, and what could not be read."""

from sqlalchemy import BigInteger, Column, String, Table, Text, UniqueConstraint

from volver.store.schema.metadata import ID, metadata

# Imports and undoings (`kind`), by the log entry that names them; an import that was taken back names the undoing.
batches = Table(
    "batches",
    metadata,
    Column("offset", ID, primary_key=True, autoincrement=False),
    Column("source", String(255), nullable=False),
    Column("digest", String(128), nullable=False, index=True),
    Column("kind", String(64), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("report", Text, nullable=False),
    Column("files", Text, nullable=False, server_default="[]"),
    Column("undone_by", BigInteger, nullable=True),
)


# What a person said of files of one shape (their headings), for the next file of that shape.
mappings = Table(
    "mappings",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("shape", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("sets", Text, nullable=False),
    Column("file", String(1024), nullable=False),
    Column("said_us", BigInteger, nullable=False),
    UniqueConstraint("shape", "kind", name="uq_mappings_shape"),
)


# What could not be read, with its reason, until it is retried.
set_aside = Table(
    "set_aside",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("batch_key", String(255), nullable=False, index=True),
    Column("file", String(1024), nullable=False),
    Column("row_no", BigInteger, nullable=False),
    Column("reason", String(255), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("retried_us", BigInteger, nullable=True),
)
