"""The lake tables of the store: spines that queries join."""

from volver.store.tables.table import LakeTable, columns

TABLES = (
    LakeTable(
        name="months",
        sort="month_no",
        columns=columns("month VARCHAR, first_day DATE, last_day DATE, month_no INTEGER"),
    ),
)
