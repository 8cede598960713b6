"""Rows that trickle into a lake table, gathered so that a busy minute makes sixty small commits at most.

One commit a second is cheap only while the table stays small in files and in log: so the writer itself folds its small
files together and thins the log as it goes, and `upkeep` finds little left to do.
"""

import uuid
from typing import TYPE_CHECKING, Any

from volver.store.disk import seal
from volver.store.lake import NewFile
from volver.store.tables import TABLES, LakeTable
from volver.store.upkeep import GROWTH, MANY_ALIKE, MANY_COMMITS, compact

if TYPE_CHECKING:
    import pyarrow as pa

    from volver.store.shop import Shop

WAIT_US = 1_000_000  # a page that is a second behind is live enough
FOLD_EVERY = 8  # commits: a file costs every reader a third of a millisecond, folding eight costs what two commits do
MOST_ROWS = 20_000  # beyond this a commit's own cost is nothing beside that of its rows


class Appender:
    """Gathers rows of one table, in order of the log, and commits them together. For one thread.

    What is not committed is not kept: after a crash the reader of the log goes on after `offset`, and rows up to it are
    taken once, however often they are given.
    """

    def __init__(self, shop: "Shop", table: str, *, wait_us: int = WAIT_US, most_rows: int = MOST_ROWS) -> None:
        self._shop = shop
        self._declared = TABLES[table]
        self._wait_us = wait_us
        self._most_rows = most_rows
        self._gathered: list[pa.Table] = []
        self._rows = 0
        self._since_us: int | None = None
        self._commits = 0
        self.offset = shop.lake.offset(table, "stream")
        self._reached = self.offset

    def gather(self, rows: "pa.Table", offset: int, now_us: int) -> bool:
        """Take rows that hold the log up to an offset, and commit if it is time; whether it was.

        Columns are matched by name; one that is missing is NULL. Rows of an offset that was reached are left out.
        """
        if offset > self._reached:
            self._gathered.append(_fitted(rows, self._declared))
            self._rows += rows.num_rows
            self._reached = offset
            self._since_us = now_us if self._since_us is None else self._since_us
        return self.tick(now_us)

    def tick(self, now_us: int) -> bool:
        """Commit if the first gathered row has waited long enough or there are many; whether it did."""
        if self._since_us is None or (now_us - self._since_us < self._wait_us and self._rows < self._most_rows):
            return False
        self.commit()
        return True

    def commit(self) -> int:
        """Commit what was gathered; the offset up to which the table now holds the log."""
        import pyarrow as pa

        if self._since_us is None:
            return self.offset
        lake, name = self._shop.lake, self._declared.name
        files = self._written(pa.concat_tables(self._gathered))
        lake.add(name, files, self._reached, writer="stream")
        self._gathered, self._rows, self._since_us, self.offset = [], 0, None, self._reached
        self._commits += 1
        if self._commits % FOLD_EVERY == 0:
            compact(self._shop, name, many=MANY_ALIKE, growth=GROWTH)
        if self._commits % MANY_COMMITS == 0:
            lake.thin(name)
        return self.offset

    def _written(self, rows: "pa.Table") -> list[NewFile]:
        """One sorted file for each partition. A handful of rows is written faster here than by an engine."""
        import pyarrow.compute as pc

        partition = self._declared.partition
        rows = rows.sort_by([(name, "ascending") for name in self._declared.sort.replace(" ", "").split(",")])
        if partition is None:
            return [self._file(rows, {})] if rows.num_rows else []
        found = []
        for value in sorted(pc.unique(rows.column(partition)).to_pylist()):
            part = rows.filter(pc.equal(rows.column(partition), value)).drop_columns([partition])
            found.append(self._file(part, {partition: value}))
        return found

    def _file(self, rows: "pa.Table", place: dict[str, str]) -> NewFile:
        from pyarrow import parquet

        parts = [f"{name}={value}" for name, value in place.items()]
        name = "/".join([*parts, f"{uuid.uuid4().hex}.parquet"])
        path = self._shop.lake.path(self._declared.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(rows, path, compression="zstd", row_group_size=self._declared.group_rows)
        path = seal(path)
        name = str(path.relative_to(self._shop.lake.path(self._declared.name)))
        return NewFile(path=name, rows=rows.num_rows, size=path.stat().st_size, partition=place, stats=_stats(rows))


def _fitted(rows: "pa.Table", declared: LakeTable) -> "pa.Table":
    """The declared columns in their types and order."""
    import pyarrow as pa

    from volver.store.lake import arrow_type

    columns = []
    for name, kind in declared.columns.items():
        there = name in rows.column_names
        column = rows.column(name) if there else pa.nulls(rows.num_rows)
        columns.append(column.cast(arrow_type(kind)))
    return pa.Table.from_arrays(columns, names=list(declared.columns))


def _stats(rows: "pa.Table") -> dict[str, dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    stats: dict[str, dict[str, Any]] = {"nullCount": {}, "minValues": {}, "maxValues": {}}
    for name in rows.column_names:
        column = rows.column(name)
        stats["nullCount"][name] = column.null_count
        if not (pa.types.is_integer(column.type) or pa.types.is_date(column.type)) or column.null_count == len(column):
            continue
        ends = pc.min_max(column).as_py()
        for end, ours in (("min", "minValues"), ("max", "maxValues")):
            stats[ours][name] = ends[end] if pa.types.is_integer(column.type) else ends[end].isoformat()
    return stats
