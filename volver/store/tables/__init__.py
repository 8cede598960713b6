"""The lake's tables: their columns, types and partitions, one file for each room; a room elsewhere brings its own.

Types are the portable profile's: BIGINT, INTEGER, DOUBLE, VARCHAR, DATE. Money is BIGINT ten-thousandths (`_e4`),
instants are BIGINT microseconds (`_us`), days are DATE in the shop's zone.
"""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules

from volver.core import VolverError
from volver.store.tables.table import LakeTable as LakeTable
from volver.store.tables.table import columns as columns

RETIRED = ("buying_days",)  # tables of older releases, derived and named no more: upkeep removes their folders
TABLES: dict[str, LakeTable] = {}


class TableTaken(VolverError):
    """Two rooms bring a table of one name."""

    code = "store.table_taken"
    says = "The lake has a table called {name} already, of another shape."
    hint = "Give the table of the new room another name."


def bring_tables(tables: Iterable[LakeTable]) -> None:
    """Let the lake hold these tables; the same again changes nothing. Raises `store.table_taken`."""
    for each in tables:
        if TABLES.setdefault(each.name, each) != each:
            raise TableTaken(name=each.name)


for _found in iter_modules(__path__):
    bring_tables(getattr(import_module(f"{__name__}.{_found.name}"), "TABLES", ()))
