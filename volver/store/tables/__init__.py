"""The lake's tables: their columns, types and partitions, one file for each room.

Types are the portable profile's: BIGINT, INTEGER, DOUBLE, VARCHAR, DATE. Money is BIGINT ten-thousandths (`_e4`),
instants are BIGINT microseconds (`_us`), days are DATE in the shop's zone.
"""

from volver.store.tables import collect, know, predict, store
from volver.store.tables.table import LakeTable as LakeTable

RETIRED = ("buying_days",)  # tables of older releases, derived and named no more: upkeep removes their folders
TABLES: dict[str, LakeTable] = {table.name: table for room in (store, collect, know, predict) for table in room.TABLES}
