"""The embedded compute engine: DuckDB in memory over the lake's file lists.

A DuckDB file would lock out every other process, so there is none: each lake table is a view over the files of its
newest version. Queries are named files in `queries/`, in the portable profile; their header declares the lake tables
they read, their parameters and what they answer.
"""

import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from volver.core import VolverError
from volver.store.lake import Lake, NewFile
from volver.store.tables import TABLES

QUERIES = Path(__file__).parent / "queries"


class UnknownQuery(VolverError):
    """No named query has this name."""

    code = "store.unknown_query"
    says = "There is no query called {name}."
    hint = "Named queries are the files in volver/store/queries."
    status = 500


class MissingParameter(VolverError):
    """A named query was asked without one of its parameters."""

    code = "store.missing_parameter"
    says = "The query {name} needs the parameter {parameter}."
    hint = "Its header lists them."
    status = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A named query: `inputs` are lake tables, `params` map names to portable types."""

    name: str
    sql: str
    inputs: tuple[str, ...]
    params: dict[str, str]


@lru_cache(maxsize=None)
def named(name: str) -> Query:
    """Read a query by name. Raises `store.unknown_query`."""
    path = QUERIES / f"{name}.sql"
    if not path.exists():
        raise UnknownQuery(name=name)
    sql = path.read_text(encoding="utf-8")
    return Query(
        name=name,
        sql=sql,
        inputs=tuple(part.strip() for part in _header(sql, "inputs").split(",") if part.strip()),
        params=dict(_pair(part) for part in _header(sql, "params").split(",") if part.strip()),
    )


class Compute:
    """Runs named queries, and SQL over the lake's views, in one DuckDB instance."""

    def __init__(self, lake: Lake, *, memory_limit_mb: int, threads: int, spill: Path) -> None:
        self._lake = lake
        self._settings = {
            "memory_limit": f"{memory_limit_mb}MB",
            "threads": threads,
            "temp_directory": str(spill),
            "preserve_insertion_order": False,
        }
        self._versions: dict[str, int] = {}
        self._lock = threading.Lock()
        self._root: duckdb.DuckDBPyConnection | None = None

    def connection(self) -> duckdb.DuckDBPyConnection:
        """A new cursor of the shared instance; views of every lake table are current."""
        with self._lock:
            if self._root is None:
                self._root = duckdb.connect(":memory:", config=self._settings)
                self._root.execute("SET TimeZone = 'UTC'")
            for table in TABLES:
                self._refresh(table)
            return self._root.cursor()

    def relation(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """Run SQL over the lake's views; `params` fill `$name` places."""
        cursor = self.connection()
        try:
            found = cursor.execute(sql, dict(params or {})).to_arrow_table()
        finally:
            cursor.close()
        return found

    def query(self, name: str, **params: Any) -> pa.Table:
        """Run a named query. Raises `store.unknown_query`, `store.missing_parameter`."""
        wanted = named(name)
        return self.relation(wanted.sql, _bound(wanted, params))

    def rows(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """Run a named query; each row as a dict."""
        found: list[dict[str, Any]] = self.query(name, **params).to_pylist()
        return found

    def materialise(self, query: str, table: str, **params: Any) -> int:
        """Replace a lake table by a named query's answer; the number of rows."""
        wanted = named(query)
        files = self.write(wanted.sql, table, _bound(wanted, params))
        with self._lake.writing():
            self._lake.replace(table, files)
        return sum(each.rows for each in files)

    def write(
        self,
        sql: str,
        table: str,
        params: Mapping[str, Any] | None = None,
        connection: duckdb.DuckDBPyConnection | None = None,
    ) -> list[NewFile]:
        """Write a query's answer as Parquet files inside a lake table's folder, sorted, not yet committed.

        Columns are matched by name and cast to the table's types.
        """
        declared, folder = TABLES[table], self._lake.path(table)
        folder.mkdir(parents=True, exist_ok=True)
        batch = uuid.uuid4().hex
        chosen = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in declared.columns.items())
        order = f" order by {declared.sort}" if declared.sort else ""
        options = "format parquet, compression zstd, return_stats true"
        if declared.partition:
            options += f", partition_by ({declared.partition}), filename_pattern '{batch}_{{i}}', append true"
            target = folder
            order = f" order by {declared.partition}, {declared.sort}"
        else:
            target = folder / f"{batch}.parquet"
        cursor = connection or self.connection()
        statement = f"copy (select {chosen} from ({sql.rstrip().rstrip(';')}){order}) to '{target}' ({options})"
        written = cursor.execute(statement, dict(params or {})).to_arrow_table().to_pylist()
        return [_new_file(folder, each) for each in written]

    def _refresh(self, table: str) -> None:
        snapshot = self._lake.snapshot(table)
        if self._root is None or self._versions.get(table) == snapshot.version:
            return
        self._root.execute(f"create or replace view {table} as {view_sql(table, snapshot.files)}")
        self._versions[table] = snapshot.version


def view_sql(table: str, files: tuple[str, ...]) -> str:
    """SQL that reads a lake table's files, or a typed nothing where there are none."""
    columns = TABLES[table].columns
    if not files:
        return "select " + ", ".join(f"cast(null as {kind}) as {name}" for name, kind in columns.items()) + " where false"
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    partition = TABLES[table].partition
    hive = f"true, hive_types = {{'{partition}': VARCHAR}}" if partition else "false"
    return f"select {', '.join(columns)} from read_parquet([{listed}], hive_partitioning = {hive})"


def _bound(wanted: Query, params: Mapping[str, Any]) -> dict[str, Any]:
    for name in wanted.params:
        if name not in params:
            raise MissingParameter(name=wanted.name, parameter=name)
    return {name: params[name] for name in wanted.params}


def _header(sql: str, key: str) -> str:
    found = re.search(rf"^--\s*{key}:\s*(.*)$", sql, re.MULTILINE)
    return found.group(1).strip() if found else ""


def _pair(text: str) -> tuple[str, str]:
    name, kind = text.split()
    return name, kind


def _new_file(folder: Path, stats: dict[str, Any]) -> NewFile:
    path = Path(stats["filename"])
    keys = stats.get("partition_keys") or {}
    return NewFile(
        path=str(path.relative_to(folder)),
        rows=stats["count"],
        size=path.stat().st_size,
        partition={str(key): str(value) for key, value in dict(keys).items()},
    )
