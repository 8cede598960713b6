"""The lake tables of the store: a spine that queries join, and who is one person."""

from volver.store.tables.table import LakeTable, columns

TABLES = (
    LakeTable(
        name="months",
        sort="month_no",
        columns=columns("month VARCHAR, first_day DATE, last_day DATE, month_no INTEGER"),
    ),
    LakeTable(  # customers who are part of another, and who stands for them
        name="canonical",
        sort="customer_id",
        columns=columns("customer_id BIGINT, canonical_id BIGINT"),
        group_rows=65_536,
    ),
)
