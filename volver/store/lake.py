"""The lake: Delta tables on local disk that DuckDB reads by their file list.

A file is written and fsynced first and becomes visible by a Delta commit, so a crash leaves all of it or none.
Facts (order lines, events) carry the log offset they came from: the commit stores it as the application
transaction `log`, and an older or equal offset is refused by us, because the library accepts replays. The library
does not fsync its commits either: we do, and a commit that a power cut left torn is dropped, since nobody was told of
it. Derived tables are replaced whole. One writer at a time holds `writing()`, for the commit alone: what took long was
done before, and whoever compared looks again whether that still holds.
"""

import json
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from volver.core import VolverError, clock
from volver.store import delta_log
from volver.store.disk import sync_all
from volver.store.locks import FileLocks, Lock, Locks
from volver.store.tables import TABLES, LakeTable

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable, Schema

    from volver.store.bucket import Bucket

Writer = Literal["log", "stream"]  # a batch of the log, or a reader of it that commits as it goes

_WRITERS: tuple[Writer, ...] = ("log", "stream")
_SEEN = "seen_"
MARK, LOG_ID = "entry", "log_id"  # of the newest batch: a number of its message id, and the log that gave it
_KEPT = {  # how long Delta remembers old versions; our own `tidy` removes their files
    "delta.logRetentionDuration": "interval 10 minutes",
    "delta.deletedFileRetentionDuration": "interval 1 hours",
}
_LOOK_EVERY_S = 1.0  # a bucket is asked for its newest version no more often
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
    sizes: tuple[int, ...] = ()


EMPTY = Snapshot(version=-1, files=(), rows=0)


class Lake:
    """The Delta tables under one folder, or in a bucket whose files that folder keeps a copy of.

    `locks` holds the write lease; by default a file of the folder does.
    """

    def __init__(self, folder: Path, bucket: "Bucket | None" = None, locks: Locks | None = None) -> None:
        self.folder = folder
        self.bucket = bucket
        self.log_id = 0  # the log that commits name; 0 where none is known
        self._locks = locks or FileLocks(folder)
        self._lease = Lock(self._locks, "lease")
        self._alone: dict[str, Lock] = {}
        self._lock = threading.Lock()
        self._snapshots: dict[str, Snapshot] = {}
        self._newest: dict[str, int] = {}
        self._looked_s: dict[str, float] = {}
        self._opened: dict[str, DeltaTable] = {}
        self._columns: dict[str, frozenset[str]] = {}

    def path(self, table: str) -> Path:
        """The folder of a table, which may not exist yet."""
        return self.folder / TABLES[table].name

    def uri(self, table: str) -> str:
        """Where a table rests, as other engines name it."""
        return self.bucket.uri(TABLES[table].name) if self.bucket else str(self.path(table).absolute())

    def version(self, table: str) -> int:
        """The newest committed version, -1 before the first; two looks at the disk when nothing changed."""
        if self.bucket is None:
            found = delta_log.newest_version(self.path(table), self._newest.get(table, -1))
        else:
            now_s = clock.stopwatch_s()
            if now_s - self._looked_s.get(table, -_LOOK_EVERY_S) < _LOOK_EVERY_S:
                return self._newest.get(table, -1)
            self._looked_s[table] = now_s
            found = self.opened(table).version() if self.bucket.has_table(TABLES[table].name) else -1
        self._newest[table] = found
        return found

    def snapshot(self, table: str) -> Snapshot:
        """The newest committed version; cheap when nothing changed. Raises `store.lake_feature`."""
        newest = self.version(table)
        known = self._snapshots.get(table, EMPTY)
        if newest == known.version:
            return known
        opened = self.opened(table)
        _refuse_features(table, opened)
        found = self._read(table, opened)
        if self.bucket is not None:
            self.bucket.fetch(self.folder, found.files)
        self._snapshots[table] = found
        self._newest[table] = found.version
        return found

    def committed_ms(self, table: str) -> int:
        """When the newest version was committed, by the machine's clock in UTC; -1 before the first."""
        if self.version(table) < 0:
            return -1
        return int(self.opened(table).history(1)[0]["timestamp"])

    def offset(self, table: str, writer: Writer = "log") -> int:
        """The log offset up to which a table holds what a writer takes from the log; -1 before the first."""
        if self.version(table) < 0:
            return -1
        found = self.opened(table).transaction_version(writer)
        return -1 if found is None else int(found)

    def add(
        self, table: str, files: Sequence[NewFile], offset: int, writer: Writer = "log", mark: int | None = None
    ) -> bool:
        """Make files part of a table as the log's entry `offset`; False if the table holds that of this writer.

        `mark` is a number that the entry's message id gives: whoever opens the shop sees that it is still this entry.
        """
        with self.writing():
            if offset <= self.offset(table, writer):
                return False
            self._commit(table, files, "append", self._from_log(writer, offset, mark))
        return True

    def replace(self, table: str, files: Sequence[NewFile], offset: int | None = None, mark: int | None = None) -> bool:
        """Make files the whole content of a table; False if it already holds the log's entry `offset`."""
        with self.writing():
            if offset is not None and offset <= self.offset(table):
                return False
            marks = {} if offset is None else self._from_log("log", offset, mark)
            self._commit(table, files, "overwrite", marks)
        return True

    def _from_log(self, writer: Writer, offset: int, mark: int | None) -> dict[str, int]:
        known = {MARK: mark, LOG_ID: self.log_id or None}
        return {writer: offset} | {name: value for name, value in known.items() if value is not None}

    def marks(self, table: str, names: Sequence[str] = (*_WRITERS, MARK, LOG_ID)) -> dict[str, int]:
        """Numbers that commits carry, each as the newest says that has it: a look at the last commits as a rule.

        The first name decides how far it looks back; what older commits say under the others may be left out.
        """
        newest = self.version(table)
        if newest < 0:
            return {}
        if self.bucket is None:
            found = delta_log.last_marks(self.path(table), newest, names)
            if found is not None:
                return found
        opened = self.opened(table)
        told = {name: opened.transaction_version(name) for name in names}
        return {name: int(value) for name, value in told.items() if value is not None}

    def since(self, table: str, version: int) -> Literal["same", "added", "changed"]:
        """What commits after a version did to the rows: nothing, batches of the log were added, or anything else.

        `changed` too where the commits are not there any more.
        """
        newest = self.version(table)
        if newest < version:
            return "changed"
        found: Literal["same", "added"] = "same"
        for number in range(version + 1, newest + 1):
            try:
                actions = delta_log.actions(self._commit_text(table, number))
            except FileNotFoundError:
                return "changed"
            if any(each["remove"]["dataChange"] for each in actions if "remove" in each):
                return "changed"
            if any(each["add"]["dataChange"] for each in actions if "add" in each):
                if not any(each["txn"]["appId"] in _WRITERS for each in actions if "txn" in each):
                    return "changed"
                found = "added"
        return found

    def _commit_text(self, table: str, version: int) -> str:
        name = f"{TABLES[table].name}/_delta_log/{delta_log.commit_name(version)}"
        return self.bucket.text(name) if self.bucket else (self.folder / name).read_text(encoding="utf-8")

    def seen(self, table: str, names: Sequence[str]) -> dict[str, int]:
        """Numbers that `follow` wrote down with a derived table's newest content; without those never written."""
        if self.version(table) < 0:
            return {}
        opened = self.opened(table)
        found = {name: opened.transaction_version(f"{_SEEN}{name}") for name in names}
        return {name: int(value) for name, value in found.items() if value is not None}

    def follow(self, table: str, files: Sequence[NewFile], seen: Mapping[str, int], *, anew: bool = False) -> None:
        """Add files to a derived table, or with `anew` make them all of it, and in the same commit what they follow.

        The caller compares `seen` before, inside `writing()`, so that nothing is added twice.
        """
        with self.writing():
            marks = {f"{_SEEN}{name}": value for name, value in seen.items()}
            self._commit(table, files, "overwrite" if anew else "append", marks)

    def note(self, table: str, marks: Mapping[str, int]) -> None:
        """Commit numbers with a table, and nothing else."""
        with self.writing():
            self._commit(table, [], "append", marks)

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
            _touch(old)
            self._commit(table, new, "append", {}, gone)

    def writing(self) -> Lock:
        """The lake's write lease (re-entrant in one thread), to be held no longer than a commit takes."""
        return self._lease

    def alone(self, work: str) -> Lock:
        """A lock for work that must not run twice at a time, however long, such as `imports`.

        Commits of others go on meanwhile. Take it before the lease, never while holding that.
        """
        with self._lock:
            return self._alone.setdefault(work, Lock(self._locks, f"{work}.lock"))

    def opened(self, table: str) -> "DeltaTable":
        """The Delta table at its newest version; what a power cut left torn in its log is dropped first.

        Raises `store.lake_damaged`.
        """
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        self._drop_torn(table)
        kept = self._opened.get(table)
        if kept is not None and self.bucket is None and kept.version() == self.version(table):
            return kept
        try:
            if kept is not None:
                kept.update_incremental()  # reads only the commits since
                return kept
        except DeltaError:  # they were thinned out meanwhile
            del self._opened[table]
        try:
            self._opened[table] = found = DeltaTable(self.uri(table), storage_options=self._options)
        except DeltaError as problem:
            if self.bucket is not None:
                raise LakeDamaged(table=table) from problem
            with self.writing():
                if not delta_log.drop_torn_checkpoint(self.path(table)):
                    raise LakeDamaged(table=table) from problem
            return self.opened(table)
        return found

    @property
    def _options(self) -> dict[str, str] | None:
        return self.bucket.options if self.bucket else None

    def _drop_torn(self, table: str) -> None:
        if self.bucket is not None:
            return
        folder = self.path(table)
        newest = delta_log.newest_version(folder, self._newest.get(table, -1))
        if delta_log.is_torn(folder / "_delta_log" / delta_log.commit_name(newest)):
            with self.writing():
                delta_log.drop_torn(folder)

    def settle(self, table: str, files: Sequence[NewFile]) -> None:
        """Bring data files to where they will rest for good: onto the disk, or into the bucket."""
        folder = self.path(table)
        paths = [folder / each.path for each in files]
        if self.bucket is not None:
            self.bucket.put(self.folder, paths)
            return
        sync_all([*paths, *(path.parent for path in paths), folder])

    def _commit(
        self, table: str, files: Sequence[NewFile], mode: Any, marks: Mapping[str, int], gone: Sequence[Any] = ()
    ) -> None:
        from deltalake import CommitProperties, PostCommitHookProperties, Transaction
        from deltalake.transaction import AddAction, create_table_with_add_actions

        declared, folder = TABLES[table], self.path(table)
        folder.mkdir(parents=True, exist_ok=True)
        self.settle(table, files)
        told: Any = {
            "commit_properties": CommitProperties(
                app_transactions=[Transaction(name, value) for name, value in marks.items()] or None
            ),
            # A checkpoint is ours to make: the commits it sums up may go only once it is on the disk.
            "post_commithook_properties": PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False),
        }
        now_ms, new = clock.now_us() // 1000, not gone
        actions: list[Any] = [
            AddAction(each.path, each.size, each.partition, now_ms, new, _stats(each, declared)) for each in files
        ]
        partition = [declared.partition] if declared.partition else None
        before = delta_log.log_names(folder)
        if self.version(table) < 0:
            create_table_with_add_actions(
                self.uri(table),
                _schema(declared),
                actions,
                "append",
                partition,
                configuration=_KEPT,
                storage_options=self._options,
                **told,
            )
        else:
            opened = self.opened(table)
            if mode == "append":
                opened = _widened(opened, declared)
            else:
                _touch(self.snapshot(table).files)
            opened.create_write_transaction([*actions, *gone], mode, _schema(declared), partition, **told)
        self._looked_s.pop(table, None)
        if self.bucket is None:
            delta_log.sync_log(folder, before)

    def checkpoint(self, table: str) -> None:
        """Sum up the table's log in one file, so that opening it does not read every commit."""
        with self.writing():
            before = delta_log.log_names(self.path(table))
            self.opened(table).create_checkpoint()
            if self.bucket is None:
                delta_log.sync_log(self.path(table), before)

    def thin(self, table: str) -> None:
        """Sum up the table's log, then drop the commits that are summed up and that no reader is still at."""
        with self.writing():
            opened = self.opened(table)
            configured = opened.metadata().configuration
            if any(configured.get(name) != value for name, value in _KEPT.items()):  # made by an older Volver
                opened.alter.set_table_properties(_KEPT)
                del self._opened[table]
            self.checkpoint(table)
            self.opened(table).cleanup_metadata()

    def columns_of(self, files: Sequence[str]) -> frozenset[str]:
        """The columns that at least one of these files of a known snapshot holds."""
        return frozenset().union(*(self._columns[each] for each in files))

    def _read(self, table: str, opened: "DeltaTable") -> Snapshot:
        import pyarrow as pa

        version = opened.version()  # before its files: what is committed in between is read again
        declared = set(TABLES[table].columns)
        files, sizes, rows, held = [], [], 0, []
        actions = pa.RecordBatchReader.from_stream(opened.get_add_actions(flatten=True))  # pa.table would load pandas
        for each in actions.read_all().to_pylist():
            path = str(self.path(table) / unquote(each["path"]))
            files.append(path)
            sizes.append(int(each["size_bytes"]))
            rows += each.get("num_records") or 0
            held.append(self._columns_of(path, each) & declared)
        columns = frozenset().union(*held)
        order = sorted(range(len(files)), key=files.__getitem__)
        return Snapshot(
            version=version,
            files=tuple(files[place] for place in order),
            sizes=tuple(sizes[place] for place in order),
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


def _touch(files: Sequence[str]) -> None:
    """Note on files that are about to leave a table that they were needed until now: upkeep keeps them for a while."""
    for each in files:
        with suppress(FileNotFoundError):
            os.utime(each)


def _widened(opened: "DeltaTable", declared: LakeTable) -> "DeltaTable":
    """The table with every declared column: one that a later Volver added is NULL in the older files."""
    known = {each.name for each in opened.schema().fields}
    missing = [each for each in _schema(declared).fields if each.name not in known]
    if not missing:
        return opened
    opened.alter.add_columns(missing)
    opened.update_incremental()
    return opened


def arrow_type(kind: str) -> "pa.DataType":
    """The Arrow type of a portable type."""
    import pyarrow as pa

    return {
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
    }[kind]


def _schema(declared: LakeTable) -> "Schema":
    import pyarrow as pa
    from deltalake import Schema

    return Schema.from_arrow(pa.schema([pa.field(name, arrow_type(kind)) for name, kind in declared.columns.items()]))


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
