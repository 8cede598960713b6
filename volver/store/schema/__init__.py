"""The tables of the state, in SQLAlchemy Core: the same text for SQLite and PostgreSQL, one file for each room.

`schema.accounts` is the table of that name, whichever file holds it. A change here needs a new file in
`migrations/versions`; a test compares the two.
"""

from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import Table

from volver.store.schema.metadata import metadata as metadata

for _found in iter_modules(__path__):
    import_module(f"{__name__}.{_found.name}")


def __getattr__(name: str) -> Table:
    if name not in metadata.tables:
        raise AttributeError(name)
    return metadata.tables[name]
