"""The state of people: who there is, what names them, and who turned out to be one person. The store's own."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, SmallInteger, String, Table, Text

from volver.store.schema.metadata import ID, metadata

# Customers by the whole numbers that the ledger names them by; a number is given once and never again.
customers = Table(
    "customers",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("made_us", BigInteger, nullable=False),
)


# What names a customer. A merge leaves the number here as it is: `merges` says whose it is now.
identifiers = Table(
    "identifiers",
    metadata,
    Column("type", String(32), primary_key=True),
    Column("value", Text, primary_key=True),
    Column("customer_id", ID, nullable=False, index=True),
    Column("source", String(64), nullable=False),
    Column("first_seen_us", BigInteger, nullable=False),
    Column("last_seen_us", BigInteger, nullable=False),
    Column("verified", SmallInteger, nullable=False),
)


# Customers who are one person with another. Changes are numbered from 1 as they are made and undone.
merges = Table(
    "merges",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("from_id", ID, ForeignKey("customers.id"), nullable=False),
    Column("into_id", ID, ForeignKey("customers.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", String(64), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("undone_us", BigInteger, nullable=True),
    Column("made_no", Integer, nullable=False),
    Column("undone_no", Integer, nullable=True),
)
Index(
    "uq_merges_from_id",
    merges.c.from_id,
    unique=True,
    sqlite_where=merges.c.undone_us.is_(None),
    postgresql_where=merges.c.undone_us.is_(None),
)
