"""The lake: Delta tables on local disk that DuckDB reads by their file list.

A file is written and fsynced first and becomes visible by a Delta commit, so a crash leaves all of it or none.
Facts (order lines, events) carry the log offset they came from: the commit stores it as the application
transaction `log`, and an older or equal offset is refused by us, because the library accepts replays. The library
does not fsync its commits either: we do. Derived tables are replaced whole. One writer at a time holds `writing()`.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.transaction import AddAction, create_table_with_add_actions

from volver.core import VolverError, clock
from volver.store.tables import TABLES, LakeTable

_ARROW = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
}
_APP = "log"


class LakeFeature(VolverError):
    """Another program has turned on a Delta feature under which a file list is not the table."""

    code = "store.lake_feature"
    says = "The lake table {table} uses {feature}, which its file list does not show."
    hint = "Rewrite the table without deletion vectors and column mapping."
    status = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A Parquet file inside a table's folder that no commit names yet. `path` is relative to the table."""

    path: str
    rows: int
    size: int
    partition: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A table at one version: absolute paths of its files."""

    version: int
    files: tuple[str, ...]
    rows: int


EMPTY = Snapshot(version=-1, files=(), rows=0)


class Lake:
    """The Delta tables under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held = 0
        self._snapshots: dict[str, Snapshot] = {}

    def path(self, table: str) -> Path:
        """The folder of a table, which may not exist yet."""
        return self.folder / TABLES[table].name

    def snapshot(self, table: str) -> Snapshot:
        """The newest committed version; cheap when nothing changed."""
        newest = _newest_version(self.path(table))
        known = self._snapshots.get(table, EMPTY)
        if newest == known.version:
            return known
        opened = DeltaTable(self.path(table))
        _refuse_features(table, opened)
        actions = pa.table(opened.get_add_actions(flatten=True)).to_pylist()
        found = Snapshot(
            version=opened.version(),
            files=tuple(sorted(str(self.path(table) / each["path"]) for each in actions)),
            rows=sum(each.get("num_records") or 0 for each in actions),
        )
        self._snapshots[table] = found
        return found

    def offset(self, table: str) -> int:
        """The log offset up to which a table holds the log; -1 before the first."""
        if _newest_version(self.path(table)) < 0:
            return -1
        found = DeltaTable(self.path(table)).transaction_version(_APP)
        return -1 if found is None else int(found)

    def add(self, table: str, files: Sequence[NewFile], offset: int) -> bool:
        """Make files part of a table as the log's entry `offset`; False if the table already holds it."""
        if offset <= self.offset(table):
            return False
        properties = CommitProperties(app_transactions=[Transaction(_APP, offset)])
        self._commit(table, files, "append", properties)
        return True

    def replace(self, table: str, files: Sequence[NewFile], offset: int | None = None) -> None:
        """Make files the whole content of a table."""
        transactions = None if offset is None else [Transaction(_APP, offset)]
        self._commit(table, files, "overwrite", CommitProperties(app_transactions=transactions))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lake's write lease (re-entrant in one process); waits for another process to finish."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._held:
            self._held += 1
            try:
                yield
            finally:
                self._held -= 1
            return
        with open(self.folder / ".lease", "w") as lease:
            fcntl.flock(lease, fcntl.LOCK_EX)
            self._held = 1
            try:
                yield
            finally:
                self._held = 0

    def _commit(self, table: str, files: Sequence[NewFile], mode: Any, properties: CommitProperties) -> None:
        declared, folder = TABLES[table], self.path(table)
        for each in files:
            _sync(folder / each.path)
        for parent in {(folder / each.path).parent for each in files}:
            _sync(parent)
        actions = [
            AddAction(each.path, each.size, each.partition, clock.now_us() // 1000, True, _stats(each)) for each in files
        ]
        partition = [declared.partition] if declared.partition else None
        if _newest_version(folder) < 0:
            folder.mkdir(parents=True, exist_ok=True)
            create_table_with_add_actions(
                str(folder), _schema(declared), actions, "append", partition, commit_properties=properties
            )
        else:
            DeltaTable(folder).create_write_transaction(
                actions, mode, _schema(declared), partition, commit_properties=properties
            )
        _sync_log(folder)


def _schema(declared: LakeTable) -> Any:
    from deltalake import Schema

    arrow = pa.schema([pa.field(name, _ARROW[kind]) for name, kind in declared.columns.items()])
    return Schema.from_arrow(arrow)


def _stats(new: NewFile) -> str:
    return json.dumps({"numRecords": new.rows})


def _newest_version(folder: Path) -> int:
    """The highest committed version by listing the log's folder; -1 where there is no table."""
    try:
        names = os.listdir(folder / "_delta_log")
    except FileNotFoundError:
        return -1
    return max((int(name[:20]) for name in names if name.endswith(".json") and name[:20].isdigit()), default=-1)


def _refuse_features(table: str, opened: DeltaTable) -> None:
    protocol = opened.protocol()
    features = set(protocol.reader_features or []) & {"deletionVectors", "columnMapping"}
    if features:
        raise LakeFeature(table=table, feature=sorted(features)[0])


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_log(folder: Path) -> None:
    log = folder / "_delta_log"
    newest = sorted(log.iterdir())[-2:]
    for path in newest:
        _sync(path)
    for path in (log, folder, folder.parent):
        _sync(path)
