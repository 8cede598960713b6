"""A second look where a file's first rows do not tell: orders whose discounts, refunds or taxes are not nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from volver.collect.reading.mapping import Recognised
from volver.collect.reading.quoting import literal
from volver.collect.reading.tables import Table

if TYPE_CHECKING:
    import duckdb

_ORDERS = 300  # of each column
_ROWS = 3000


def with_telling_rows(
    sample: Table, tables: Sequence[Table], found: Recognised, connection: "duckdb.DuckDBPyConnection"
) -> Table | None:
    """The sample, longer by whole orders in which the `unseen` money stands; None where there is nothing to add."""
    unseen = [column for column in sample.columns if column.name in found.money.unseen]
    ref = next(iter(found.fields.get("order_ref", ())), None)
    looked_at = len(sample.columns[0].cells) if sample.columns else 0
    if not unseen or ref is None or sum(table.n_rows for table in tables) <= looked_at:
        return None
    rows: list[tuple[str | None, ...]] = []
    for table in tables:
        rows += _of(table, ref.sql, [column.sql for column in unseen], connection)
    if not rows:
        return None
    more = list(zip(*rows, strict=True))
    columns = tuple(replace(c, cells=(*c.cells, *more[n])) for n, c in enumerate(sample.columns))
    return replace(sample, columns=columns)


def _of(
    table: Table, ref: str, unseen: Sequence[str], connection: "duckdb.DuckDBPyConnection"
) -> list[tuple[str | None, ...]]:
    said = " UNION ".join(
        f"(SELECT {ref} AS ref FROM {table.scan} WHERE fault IS NULL AND {ref} IS NOT NULL "
        f"AND regexp_matches(cast({sql} AS VARCHAR), {literal('[1-9]')}) LIMIT {_ORDERS})"
        for sql in unseen
    )
    cells = ", ".join(f"cast({column.sql} AS VARCHAR)" for column in table.columns)
    return connection.execute(
        f"SELECT {cells} FROM {table.scan} WHERE fault IS NULL AND {ref} IN ({said}) ORDER BY row_no LIMIT {_ROWS}"
    ).fetchall()
