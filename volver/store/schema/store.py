"""The state of the store: answers that are kept."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from volver.store.schema.metadata import metadata

# Totals that pages show, by what they rest on. Nothing here names a person.
kept_answers = Table(
    "kept_answers",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("rests_on", String(64), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
