"""The lake: Delta tables on local disk that DuckDB reads by their file list.

A file is written and fsynced first and becomes visible by a Delta commit, so a crash leaves all of it or none.
Facts (order lines, events) carry the log offset they came from: the commit stores it as the application
transaction `log`, and an older or equal offset is refused by us, because the library accepts replays. The library
does not fsync its commits either: we do, and a commit that a power cut left torn is dropped, since nobody was told of
it. Derived tables are replaced whole. One writer at a time holds `writing()`.
"""

import fcntl
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from volver.core import VolverError, clock
from volver.core import log as log_of
from volver.store.disk import sync, sync_all
from volver.store.tables import TABLES, LakeTable

if TYPE_CHECKING:
    from deltalake import DeltaTable, Schema

_APP = "log"
_SEEN = "seen_"
_KEPT = {  # how long Delta remembers old versions; our own `tidy` removes their files
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": "interval 1 days",
}
_BOUNDED = ("BIGINT", "INTEGER", "DATE")  # types whose smallest and largest value we tell other engines


class LakeFeature(VolverError):
    """Another program has turned on a Delta feature under which a file list is not the table."""

    code = "store.lake_feature"
    says = "The lake table {table} uses {feature}, which its file list does not show."
    hint = "Rewrite the table without deletion vectors and column mapping."
    status = 500


class LakeDamaged(VolverError):
    """A table's log cannot be read."""

    code = "store.lake_damaged"
    says = "The lake table {table} cannot be read; its log is damaged."
    hint = "Restore the lake folder from a backup, or make a new shop and import again."
    status = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A Parquet file inside a table's folder that no commit names yet. `path` is relative to the table.

    `stats` may hold Delta's nullCount, minValues and maxValues by column.
    """

    path: str
    rows: int
    size: int
    partition: dict[str, str] = field(default_factory=dict)
    stats: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A table at one version: absolute paths of its files.

    `columns` are those that at least one file holds; `mixed` says that some file lacks one of them.
    """

    version: int
    files: tuple[str, ...]
    rows: int
    columns: frozenset[str] = frozenset()
    mixed: bool = False


EMPTY = Snapshot(version=-1, files=(), rows=0)


class Lake:
    """The Delta tables under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mine = threading.RLock()
        self._held = 0
        self._snapshots: dict[str, Snapshot] = {}
        self._columns: dict[str, frozenset[str]] = {}

    def path(self, table: str) -> Path:
        """The folder of a table, which may not exist yet."""
        return self.folder / TABLES[table].name

    def snapshot(self, table: str) -> Snapshot:
        """The newest committed version; cheap when nothing changed. Raises `store.lake_feature`."""
        newest = newest_version(self.path(table))
        known = self._snapshots.get(table, EMPTY)
        if newest == known.version:
            return known
        opened = self.opened(table)
        _refuse_features(table, opened)
        found = self._read(table, opened)
        self._snapshots[table] = found
        return found

    def committed_ms(self, table: str) -> int:
        """When the newest version was committed, by the machine's clock in UTC; -1 before the first."""
        if newest_version(self.path(table)) < 0:
            return -1
        return int(self.opened(table).history(1)[0]["timestamp"])

    def offset(self, table: str) -> int:
        """The log offset up to which a table holds the log; -1 before the first."""
        if newest_version(self.path(table)) < 0:
            return -1
        found = self.opened(table).transaction_version(_APP)
        return -1 if found is None else int(found)

    def add(self, table: str, files: Sequence[NewFile], offset: int) -> bool:
        """Make files part of a table as the log's entry `offset`; False if the table already holds it."""
        with self.writing():
            if offset <= self.offset(table):
                return False
            self._commit(table, files, "append", offset)
        return True

    def replace(self, table: str, files: Sequence[NewFile], offset: int | None = None) -> bool:
        """Make files the whole content of a table; False if it already holds the log's entry `offset`."""
        with self.writing():
            if offset is not None and offset <= self.offset(table):
                return False
            self._commit(table, files, "overwrite", offset)
        return True

    def since(self, table: str, version: int) -> Literal["same", "added", "changed"]:
        """What commits after a version did to the rows: nothing, batches of the log were added, or anything else.

        `changed` too where the commits are not there any more.
        """
        newest = newest_version(self.path(table))
        if newest < version:
            return "changed"
        found: Literal["same", "added"] = "same"
        for number in range(version + 1, newest + 1):
            try:
                text = (self.path(table) / "_delta_log" / f"{number:020}.json").read_text(encoding="utf-8")
            except FileNotFoundError:
                return "changed"
            actions = [json.loads(line) for line in text.splitlines() if line.strip()]
            if any(each["remove"]["dataChange"] for each in actions if "remove" in each):
                return "changed"
            if any(each["add"]["dataChange"] for each in actions if "add" in each):
                if not any(each["txn"]["appId"] == _APP for each in actions if "txn" in each):
                    return "changed"
                found = "added"
        return found

    def seen(self, table: str, names: Sequence[str]) -> dict[str, int]:
        """Numbers that `follow` wrote down with a derived table's newest content; without those never written."""
        if newest_version(self.path(table)) < 0:
            return {}
        opened = self.opened(table)
        found = {name: opened.transaction_version(f"{_SEEN}{name}") for name in names}
        return {name: int(value) for name, value in found.items() if value is not None}

    def follow(self, table: str, files: Sequence[NewFile], seen: Mapping[str, int], *, anew: bool = False) -> None:
        """Add files to a derived table, or with `anew` make them all of it, and in the same commit what they follow.

        The caller compares `seen` before, inside `writing()`, so that nothing is added twice.
        """
        with self.writing():
            self._commit(table, files, "overwrite" if anew else "append", None, seen=seen)

    def swap(self, table: str, new: Sequence[NewFile], old: Sequence[str]) -> None:
        """Put files in the place of others that hold the same rows. `old` are absolute paths of the newest version."""
        from deltalake.transaction import RemoveAction

        with self.writing():
            now_ms = clock.now_us() // 1000
            gone = []
            for each in map(Path, old):
                partition: dict[str, str | None] = {}
                for part in each.relative_to(self.path(table)).parent.parts:
                    name, _, value = part.partition("=")
                    partition[name] = value
                path = str(each.relative_to(self.path(table)))
                gone.append(RemoveAction(path, False, now_ms, each.stat().st_size, partition))
            self._commit(table, new, "append", None, gone)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lake's write lease (re-entrant in one thread); waits for other threads and processes to finish."""
        with self._mine:
            if self._held:
                yield
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            with open(self.folder / ".lease", "w") as lease:
                fcntl.flock(lease, fcntl.LOCK_EX)
                self._held = 1
                try:
                    yield
                finally:
                    self._held = 0

    def opened(self, table: str) -> "DeltaTable":
        """The Delta table at its newest version; what a power cut left torn in its log is dropped first.

        Raises `store.lake_damaged`.
        """
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        if _is_torn(_newest_commit(self.path(table))):
            with self.writing():
                _drop_torn(self.path(table))
        try:
            return DeltaTable(self.path(table))
        except DeltaError as problem:
            with self.writing():
                if not _drop_torn_checkpoint(self.path(table)):
                    raise LakeDamaged(table=table) from problem
            return self.opened(table)

    def _commit(
        self,
        table: str,
        files: Sequence[NewFile],
        mode: Any,
        offset: int | None,
        gone: Sequence[Any] = (),
        seen: Mapping[str, int] | None = None,
    ) -> None:
        from deltalake import CommitProperties, Transaction
        from deltalake.transaction import AddAction, create_table_with_add_actions

        declared, folder = TABLES[table], self.path(table)
        folder.mkdir(parents=True, exist_ok=True)
        sync_all(folder / each.path for each in files)
        sync_all([*((folder / each.path).parent for each in files), folder])
        marks = [Transaction(f"{_SEEN}{name}", value) for name, value in (seen or {}).items()]
        marks += [] if offset is None else [Transaction(_APP, offset)]
        properties = CommitProperties(app_transactions=marks or None)
        now_ms, new = clock.now_us() // 1000, not gone
        actions: list[Any] = [
            AddAction(each.path, each.size, each.partition, now_ms, new, _stats(each, declared)) for each in files
        ]
        partition = [declared.partition] if declared.partition else None
        before = _log_names(folder)
        if newest_version(folder) < 0:
            create_table_with_add_actions(
                str(folder),
                _schema(declared),
                actions,
                "append",
                partition,
                configuration=_KEPT,
                commit_properties=properties,
            )
        else:
            opened = self.opened(table)
            if mode == "append":
                opened = _widened(opened, declared)
            opened.create_write_transaction(
                [*actions, *gone], mode, _schema(declared), partition, commit_properties=properties
            )
        _sync_log(folder, before)

    def checkpoint(self, table: str) -> None:
        """Sum up the table's log in one file, so that opening it does not read every commit."""
        with self.writing():
            before = _log_names(self.path(table))
            self.opened(table).create_checkpoint()
            _sync_log(self.path(table), before)

    def columns_of(self, files: Sequence[str]) -> frozenset[str]:
        """The columns that at least one of these files of a known snapshot holds."""
        return frozenset().union(*(self._columns[each] for each in files))

    def _read(self, table: str, opened: "DeltaTable") -> Snapshot:
        import pyarrow as pa

        declared = set(TABLES[table].columns)
        files, rows, held = [], 0, []
        actions = pa.RecordBatchReader.from_stream(opened.get_add_actions(flatten=True))  # pa.table would load pandas
        for each in actions.read_all().to_pylist():
            path = str(self.path(table) / unquote(each["path"]))
            files.append(path)
            rows += each.get("num_records") or 0
            held.append(self._columns_of(path, each) & declared)
        columns = frozenset().union(*held)
        return Snapshot(
            version=opened.version(),
            files=tuple(sorted(files)),
            rows=rows,
            columns=columns,
            mixed=any(each != columns for each in held),
        )

    def _columns_of(self, path: str, action: dict[str, Any]) -> frozenset[str]:
        """The columns a file holds: from its commit's statistics, else from the file."""
        if path not in self._columns:
            told = [key.removeprefix("null_count.") for key, count in action.items() if _counted(key, count)]
            if not told:
                from pyarrow import parquet

                told = parquet.read_schema(path).names
            self._columns[path] = frozenset(told)
        return self._columns[path]


def newest_version(folder: Path) -> int:
    """The highest committed version by listing the log's folder; -1 where there is no table."""
    found = _newest_commit(folder)
    return int(found.name[:20]) if found else -1


def _newest_commit(folder: Path) -> Path | None:
    names = [name for name in _log_names(folder) if len(name) == 25 and name.endswith(".json") and name[:20].isdigit()]
    return folder / "_delta_log" / max(names) if names else None


def _log_names(folder: Path) -> frozenset[str]:
    try:
        return frozenset(each.name for each in os.scandir(folder / "_delta_log"))
    except FileNotFoundError:
        return frozenset()


def _is_torn(commit: Path | None) -> bool:
    """Whether a commit is not the JSON lines that it was written as: only a power cut does that."""
    if commit is None:
        return False
    try:
        lines = commit.read_bytes().split(b"\n")
        return not any(json.loads(line) for line in lines if line.strip())
    except ValueError:
        return True
    except FileNotFoundError:
        return False


def _drop_torn(folder: Path) -> None:
    newest = _newest_commit(folder)
    if newest is not None and _is_torn(newest):
        log_of("store").warning("dropped a torn commit", extra={"table": folder.name, "commit": newest.name})
        newest.unlink()
        sync(newest.parent)


def _drop_torn_checkpoint(folder: Path) -> bool:
    """Drop the newest checkpoint if it cannot be read; the commits that it sums up are still there."""
    from pyarrow import ArrowException, parquet

    names = sorted(name for name in _log_names(folder) if ".checkpoint" in name and name.endswith(".parquet"))
    if not names:
        return False
    log = folder / "_delta_log"
    try:
        parquet.read_metadata(log / names[-1])
    except (ArrowException, OSError):
        log_of("store").warning("dropped a torn checkpoint", extra={"table": folder.name, "checkpoint": names[-1]})
        (log / names[-1]).unlink()
        (log / "_last_checkpoint").unlink(missing_ok=True)
        sync(log)
        return True
    return False


def _widened(opened: "DeltaTable", declared: LakeTable) -> "DeltaTable":
    """The table with every declared column: one that a later Volver added is NULL in the older files."""
    from deltalake import DeltaTable

    known = {each.name for each in opened.schema().fields}
    missing = [each for each in _schema(declared).fields if each.name not in known]
    if not missing:
        return opened
    opened.alter.add_columns(missing)
    return DeltaTable(opened.table_uri)


def _schema(declared: LakeTable) -> "Schema":
    import pyarrow as pa
    from deltalake import Schema

    arrow = {
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
    }
    return Schema.from_arrow(pa.schema([pa.field(name, arrow[kind]) for name, kind in declared.columns.items()]))


def _stats(new: NewFile, declared: LakeTable) -> str:
    bounded = {name for name, kind in declared.columns.items() if kind in _BOUNDED}
    told: dict[str, Any] = {"numRecords": new.rows}
    for key, values in new.stats.items():
        told[key] = {name: value for name, value in values.items() if key == "nullCount" or name in bounded}
    return json.dumps(told)


def _counted(key: str, count: Any) -> bool:
    return key.startswith("null_count.") and count is not None


def _refuse_features(table: str, opened: "DeltaTable") -> None:
    found = set(opened.protocol().reader_features or []) & {"deletionVectors", "columnMapping"}
    configured = opened.metadata().configuration
    if configured.get("delta.columnMapping.mode", "none") != "none":
        found.add("columnMapping")
    if found:
        raise LakeFeature(table=table, feature=sorted(found)[0])


def _sync_log(folder: Path, before: frozenset[str]) -> None:
    """Bring to disk what a commit wrote into the table's log."""
    log = folder / "_delta_log"
    new = _log_names(folder) - before | {"_last_checkpoint"} & _log_names(folder)
    sync_all([*(log / name for name in sorted(new)), log, folder, folder.parent])
