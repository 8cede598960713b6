"""A private DuckDB for one import: a small memory limit, a folder of its own to spill to, the ledger as views."""

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from volver.store import TABLES, Shop, StoreSettings, view_sql

_MAKES = re.compile(r"\s*create (?:or replace )?temp (table|view) (\w+)")
MEMORY_MB = 512  # an import needs no more whatever the file's size; what does not fit spills


@dataclass(frozen=True, slots=True)
class Session:
    """One import's connection, and a folder that lives as long."""

    connection: duckdb.DuckDBPyConnection
    workdir: Path
    is_trial: bool = False  # nothing that it finds out is kept
    made: list[tuple[str, str]] = field(default_factory=list)

    def run(self, sql: str, **params: object) -> duckdb.DuckDBPyConnection:
        """Execute a statement; what it makes is remembered for `forget`."""
        made = _MAKES.match(sql)
        if made:
            self.made.append((made[1], made[2]))
        return self.connection.execute(sql, params)

    def one(self, sql: str, **params: object) -> tuple[object, ...]:
        """The only row of a query."""
        found = self.connection.execute(sql, params).fetchone()
        assert found is not None
        return tuple(found)

    def count(self, sql: str, **params: object) -> int:
        """The only value of a query, a whole number; nothing counts as 0."""
        value = self.one(sql, **params)[0]
        return int(str(value)) if value is not None else 0

    def forget(self) -> None:
        """Drop every table and view that was staged, ready for the files of another kind."""
        for kind, name in reversed(self.made):
            self.connection.execute(f"drop {kind} if exists temp.{name}")
        self.made.clear()

    def show(self, shop: Shop, table: str, months: frozenset[str] | None = None) -> None:
        """Make a lake table's newest version the view `held_<table>`; with `months`, only these partitions of it."""
        snapshot = shop.lake.snapshot(table)
        if months is not None:
            mark = f"{TABLES[table].partition}="
            files = tuple(path for path in snapshot.files if Path(path).parent.name.removeprefix(mark) in months)
            snapshot = replace(snapshot, files=files)
        self.run(f"create or replace temp view held_{table} as {view_sql(table, snapshot)}")


@contextmanager
def session(shop: Shop, *, is_trial: bool = False) -> Iterator[Session]:
    """Open a connection for one import. Its folder is removed at the end; the store removes those of dead processes."""
    home = (
        Path(shop.settings.of(StoreSettings).spill_folder)
        if shop.settings.of(StoreSettings).spill_folder
        else shop.path / "spill"
    )
    workdir = home / f"{os.getpid()}-import-{uuid.uuid4().hex[:12]}"
    workdir.mkdir(parents=True)
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{min(MEMORY_MB, shop.settings.of(StoreSettings).memory_limit_mb)}MB",
            "threads": shop.settings.of(StoreSettings).threads,
            "temp_directory": str(workdir / "duckdb"),
            "preserve_insertion_order": False,
        },
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield Session(connection, workdir, is_trial)
    finally:
        connection.close()
        shutil.rmtree(workdir, ignore_errors=True)
