"""The state of predict: the model shelf."""

from sqlalchemy import BigInteger, Column, Index, SmallInteger, String, Table, Text

from volver.store.schema.metadata import ID, metadata

# The model shelf.
models = Table(
    "models",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("kind", String(64), nullable=False),
    Column("fitted_us", BigInteger, nullable=False),
    Column("data_until", String(10), nullable=False),
    Column("customers", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("published", SmallInteger, nullable=False, server_default="0"),
    Index("ix_models_kind", "kind", "fitted_us"),
)
