"""The embedded compute engine: DuckDB in memory over the lake's file lists.

A DuckDB file would lock out every other process, so there is none: each lake table is a view over the files of its
newest version. Queries are named files in `queries/` (see its README), run within a memory limit; what does not fit
spills into a folder of this process's own, because two engines must not share one.
"""

import os
import re
import shutil
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.core import Answer
from volver.store import through
from volver.store.disk import seal
from volver.store.lake import Lake, NewFile, Snapshot
from volver.store.query import named
from volver.store.tables import TABLES

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from volver.store.spark import Spark


_WHOLE = re.compile(r"-?[0-9]{1,19}")


class Compute:
    """Runs named queries, and SQL over the lake's views, in one DuckDB instance. Safe to share between threads.

    With `far`, a Spark Connect endpoint answers the named queries that read what happened to everybody.
    """

    def __init__(self, lake: Lake, *, memory_limit_mb: int, threads: int, spill: Path, far: str = "") -> None:
        self._lake = lake
        self._far = far
        self._spark: Spark | None = None
        self._spill = spill / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._settings: dict[str, Any] = {
            "memory_limit": f"{memory_limit_mb}MiB",
            "threads": threads,
            "temp_directory": str(self._spill),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,  # nothing is ever fetched from outside
            "autoload_known_extensions": False,
        }
        self._versions: dict[str, tuple[int, tuple[bool, bool]]] = {}
        self._lock = threading.Lock()
        self._root: duckdb.DuckDBPyConnection | None = None

    def connection(self) -> "duckdb.DuckDBPyConnection":
        """A new cursor of the shared instance; views of every lake table are current. Close it after use."""
        with self._lock:
            if self._root is None:
                self._root = self._opened()
            for table in TABLES:
                self._refresh(self._root, table)
            return self._root.cursor()

    def relation(self, sql: str, params: Mapping[str, Any] | None = None) -> "pa.Table":
        """Run SQL over the lake's views; `params` fill `$name` places."""
        cursor = self.connection()
        try:
            return cursor.sql(sql, params=dict(params or {})).to_arrow_table()
        finally:
            cursor.close()

    def query(self, name: str, **params: Any) -> "pa.Table":
        """Run a named query. Raises `store.unknown_query`, `store.missing_parameter`."""
        wanted = named(name)
        if self._far and wanted.is_heavy:
            return self._elsewhere().query(name, **params)
        return self.relation(wanted.sql, wanted.bound(params))

    def rows(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """Run a named query; each row as a dict."""
        found: list[dict[str, Any]] = self.query(name, **params).to_pylist()
        return found

    def _elsewhere(self) -> "Spark":
        """The endpoint that answers the heavy queries where the setting `compute` names one."""
        with self._lock:
            if self._spark is None:
                from volver.store.spark import Spark

                self._spark = Spark(self._far, self._lake)
            return self._spark

    def materialise(self, query: str, table: str, **params: Any) -> int:
        """Replace a lake table by a named query's answer; the number of rows."""
        wanted = named(query)
        if self._far and wanted.is_heavy:
            return self.publish(table, self.query(query, **params))
        files = self.write(wanted.sql, table, wanted.bound(params))
        self._lake.replace(table, files)
        return sum(each.rows for each in files)

    def publish(self, table: str, rows: "pa.Table | Answer | None", seen: Mapping[str, int] | None = None) -> int:
        """Make rows the whole content of a derived lake table; how many there are. None empties it.

        `seen` is kept in the same commit and read by `Lake.seen`: whole numbers that say what the rows follow from,
        such as a day as its ordinal.
        """
        held = rows.table if isinstance(rows, Answer) else rows
        files: list[NewFile] = []
        if held is not None and held.num_rows:
            connection = self.connection()
            try:
                connection.register("published", held)
                files = self.write("select * from published", table, connection=connection)
            finally:
                connection.close()
        self._lake.follow(table, files, seen or {}, anew=True)
        return sum(each.rows for each in files)

    def write(
        self,
        sql: str,
        table: str,
        params: Mapping[str, Any] | None = None,
        connection: "duckdb.DuckDBPyConnection | None" = None,
        prefix: str = "",
    ) -> list[NewFile]:
        """Write a query's answer as Parquet files inside a lake table's folder, sorted, not yet committed.

        Columns are matched by name and cast to the table's types. File names begin with `prefix`.
        """
        declared, folder = TABLES[table], self._lake.path(table)
        folder.mkdir(parents=True, exist_ok=True)
        chosen = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in declared.columns.items())
        target, options, order = folder / f"{prefix}{uuid.uuid4().hex}.parquet", "", declared.sort
        if declared.partition:
            target, order = folder, f"{declared.partition}, {declared.sort}"
            options = f", partition_by ({declared.partition}), filename_pattern '{prefix}{{uuid}}', append true"
        inner = sql.rstrip().rstrip(";")
        return self.copy(
            f"select {chosen} from (\n{inner}\n) order by {order}", table, target, options, params, connection
        )

    def copy(
        self,
        select: str,
        table: str,
        target: Path,
        options: str = "",
        params: Mapping[str, Any] | None = None,
        connection: "duckdb.DuckDBPyConnection | None" = None,
    ) -> list[NewFile]:
        """Write a select to one file, or to a folder with partition options, and say what was written."""
        cursor = connection or self.connection()
        try:
            size = TABLES[table].group_rows
            told = f"format parquet, compression zstd, row_group_size {size}, return_stats true{options}"
            written = cursor.execute(f"copy ({select}) to {_quoted(str(target))} ({told})", dict(params or {}))
            names = [each[0] for each in written.description or []]
            found = [dict(zip(names, row, strict=True)) for row in written.fetchall()]
        finally:
            if connection is None:
                cursor.close()
        return [_new_file(self._lake.path(table), each) for each in found if each["count"]]

    def workdir(self, purpose: str) -> Path:
        """A new folder beside the spill for whoever works with files; what a crash leaves is removed later."""
        made = self._spill.with_name(f"{os.getpid()}-{purpose}-{uuid.uuid4().hex[:12]}")
        made.mkdir(parents=True)
        return made

    def copy_out(self, sql: str, target: Path, connection: "duckdb.DuckDBPyConnection | None" = None) -> int:
        """Write a query's answer to one Parquet file outside the lake; the number of rows."""
        cursor = connection or self.connection()
        try:
            written = cursor.execute(f"copy ({sql}) to {_quoted(str(target))} (format parquet)").fetchone()
        finally:
            if connection is None:
                cursor.close()
        return int(written[0]) if written else 0

    def close(self) -> None:
        """Let go of memory and of the spill folder."""
        with self._lock:
            if self._root is not None:
                self._root.close()
                self._root = None
                self._versions.clear()
            if self._spark is not None:
                self._spark.close()
                self._spark = None
        shutil.rmtree(self._spill, ignore_errors=True)

    def _opened(self) -> "duckdb.DuckDBPyConnection":
        import duckdb

        self._spill.parent.mkdir(parents=True, exist_ok=True)  # the engine makes only the last folder itself
        _forget_dead(self._spill.parent)
        root = duckdb.connect(":memory:", config=self._settings)
        root.execute("set global TimeZone = 'UTC'")
        root.execute("set global parquet_metadata_cache = true")  # a lake file never changes
        return root

    def _refresh(self, root: "duckdb.DuckDBPyConnection", table: str) -> None:
        snapshot = self._lake.snapshot(table)
        told = through.layers(table, lambda name: self._lake.snapshot(name).rows > 0)
        if self._versions.get(table) == (snapshot.version, told.state):
            return
        for other in told.rests_on:
            self._refresh(root, other)
        for name, select in told.views(view_sql(table, snapshot)):
            root.execute(f"create or replace view {name} as {select}")
        self._versions[table] = (snapshot.version, told.state)


def view_sql(table: str, snapshot: Snapshot) -> str:
    """SQL that reads a lake table's files, or a typed nothing where there are none.

    A column that no file holds yet is NULL; one that only some hold is NULL in the others.
    """
    declared = TABLES[table]
    if not snapshot.files:
        nothing = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in declared.columns.items())
        return f"select {nothing} where false"
    held = snapshot.columns | {declared.partition}
    chosen = [name if name in held else f"cast(null as {kind}) as {name}" for name, kind in declared.columns.items()]
    listed = ", ".join(_quoted(path) for path in snapshot.files)
    hive = f"true, hive_types = {{'{declared.partition}': VARCHAR}}" if declared.partition else "false"
    union = ", union_by_name = true" if snapshot.mixed else ""
    return f"select {', '.join(chosen)} from read_parquet([{listed}], hive_partitioning = {hive}{union})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _new_file(folder: Path, written: dict[str, Any]) -> NewFile:
    path = seal(Path(written["filename"]))
    stats: dict[str, dict[str, Any]] = {"nullCount": {}, "minValues": {}, "maxValues": {}}
    for quoted, told in (written["column_statistics"] or {}).items():
        name = quoted.strip('"')
        stats["nullCount"][name] = int(told.get("null_count", 0))
        for key, ours in (("min", "minValues"), ("max", "maxValues")):
            if key in told:
                stats[ours][name] = _bound(told[key])
    return NewFile(
        path=str(path.relative_to(folder)),
        rows=written["count"],
        size=path.stat().st_size,
        partition={str(key): str(value) for key, value in dict(written["partition_keys"] or {}).items()},
        stats=stats,
    )


def _bound(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text) else text  # ² is a digit to Python, and no number


def _forget_dead(spill: Path) -> None:
    """Remove what crashed processes left in the spill folder."""
    for left in spill.glob("*-*"):
        pid = left.name.split("-")[0]
        if pid.isdigit() and not (_lives(int(pid)) and _began_s(int(pid)) <= left.stat().st_mtime + 1):
            shutil.rmtree(left, ignore_errors=True)


def _began_s(pid: int) -> float:
    """When a process began, in seconds of the clock; 0 where the system does not tell.

    After a restart, in a container above all, another process has the number of the one that died.
    """
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        booted = Path("/proc/stat").read_text().partition("btime ")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return 0.0
    return int(booted) + ticks / os.sysconf("SC_CLK_TCK")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
