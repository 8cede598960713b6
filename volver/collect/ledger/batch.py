"""How a bulk batch becomes part of the shop: all of it or nothing, through crashes.

1. `staging` takes the lake's write lease, finishes what an earlier crash left, and leaves a marker on disk.
2. Data files are written into the table folders, where no commit names them, and fsynced.
3. One log entry names every file: the point of commitment.
4. State and lake follow the entry, each idempotent by its offset. A pending file names the entry until they have.

A crash before 3 leaves files that nobody names: the next `recover` deletes them. A crash after 3 leaves an entry
whose work is not done: the next `recover` does it.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from volver.collect.ledger import aside
from volver.core import VolverError, clock
from volver.store import TABLES, Entry, NewFile, Shop

SOURCE = "import"
KIND = "batch"
# Whole tables come first and the ledger last: no line ever names a customer who is not there.
ORDER = (
    *("customers", "products", "product_names", "events"),
    *("version_lines", "order_versions", "replaced", "order_lines"),
)
WHOLE = frozenset({"customers", "products", "product_names"})
_LATER = {"customers": ("campaign", "channel_us", "campaign_us")}  # what batches made for an older Volver lack

Step = Callable[[str], None]


class IdsTaken(VolverError):
    """A bulk batch brings its own customer or product ids into a shop that has some."""

    code = "collect.ids_taken"
    says = "The table {table} already holds rows, and the batch numbers its own."
    hint = "Use an empty shop, or import order files, which are numbered by the shop."
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Parquet files for lake tables, to be taken in as one: `tables` maps a table's name to its files.

    Columns are matched by name; `batch` and `month` may be left out. Customers and products bring their own ids, so
    they need a shop that has none.
    """

    tables: Mapping[str, Sequence[Path]]
    source: str


@dataclass(slots=True, kw_only=True)
class Staged:
    """What one batch will add, before its log entry: files by table, rows set aside, what to tell later."""

    number: int
    source: str
    rows: int = 0
    tables: dict[str, list[NewFile]] = field(default_factory=dict)
    put_aside: str = ""
    settled: list[int] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    undoes: int | None = None
    report: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.tables or self.put_aside or self.settled or self.undoes is not None)


def write_batch(shop: Shop, batch: Batch, step: Step | None = None) -> int:
    """Take a bulk batch into the shop under one log entry; its offset. Raises `collect.ids_taken`."""
    with staging(shop) as staged:
        staged.source = batch.source
        for table in ORDER:
            files = batch.tables.get(table)
            if not files:
                continue
            if table in WHOLE and shop.lake.snapshot(table).rows:
                raise IdsTaken(table=table)
            staged.tables[table] = shop.compute.write(_from_files(table, files, staged.number), table)
            staged.rows += sum(each.rows for each in staged.tables[table])
        return commit(shop, staged, step)


@contextmanager
def staging(shop: Shop) -> Iterator[Staged]:
    """Hold the lake's lease for one batch. What is written but not committed is deleted by the next `recover`."""
    with shop.lake.writing():
        _recover(shop)
        _write_synced(_pending(shop) / "staging", b"")
        try:
            yield Staged(number=shop.log.last() + 1, source=SOURCE)
        finally:
            _recover(shop)


def commit(shop: Shop, staged: Staged, step: Step | None = None) -> int:
    """Write the log entry and do what it says; its offset. Call inside `staging`."""
    said = step or (lambda _: None)
    body = _body(staged)
    digest = hashlib.sha256(body).hexdigest()
    _sync_files(shop, staged.tables)
    said("written")
    _write_synced(_pending(shop) / f"{digest}.json", body)
    said("pending")
    offset = shop.log.append([Entry(source=SOURCE, message_id=digest, kind=KIND, body=body)])[0]
    said("logged")
    _follow(shop, offset, digest, body, said)
    return offset


def recover(shop: Shop) -> int:
    """Finish batches that a crash left between log and lake, delete files that no entry names; how many it finished.

    Cheap when there is nothing to do; does nothing while a living process is writing. Called when a shop opens.
    """
    pending = shop.path / "lake" / ".pending"
    if not pending.is_dir() or not any(pending.iterdir()) or _is_busy(shop.path / "lake" / ".lease"):
        return 0
    with shop.lake.writing():
        return _recover(shop)


def _recover(shop: Shop) -> int:
    finished, pending = 0, _pending(shop)
    for path in sorted(pending.glob("*.json")):
        entry = shop.log.find(SOURCE, path.stem)
        if entry is None:
            path.unlink()
            continue
        _follow(shop, entry.offset, path.stem, entry.body, lambda _: None)
        finished += 1
    _sweep(shop, pending)
    return finished


def _is_busy(lease: Path) -> bool:
    """Whether somebody holds the write lease at this moment."""
    with open(lease, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _follow(shop: Shop, offset: int, digest: str, body: bytes, said: Step) -> None:
    """Bring lake and state up to a log entry, then forget that it was pending."""
    entry = json.loads(body)
    for table in ORDER:
        files = [NewFile(**each) for each in entry["tables"].get(table, ())]
        if not files or offset <= shop.lake.offset(table):
            continue
        if table in WHOLE:
            shop.lake.replace(table, files, offset)
        else:
            shop.lake.add(table, files, offset)
        said(f"lake:{table}")
    aside.settle(shop, offset, digest, entry, _pending(shop))
    said("state")
    if entry["put_aside"]:
        (_pending(shop) / entry["put_aside"]).unlink(missing_ok=True)
    (_pending(shop) / f"{digest}.json").unlink(missing_ok=True)
    said("done")


def _body(staged: Staged) -> bytes:
    files = {table: [_named(table, each) for each in files] for table, files in staged.tables.items() if files}
    entry = {
        "batch": staged.number,
        "source": staged.source,
        "rows": staged.rows,
        "tables": files,
        "put_aside": staged.put_aside,
        "settled": staged.settled,
        "report": staged.report,
        "files": staged.files,
        "undoes": staged.undoes,
        "made_us": clock.now_us(),
    }
    return json.dumps(entry, sort_keys=True).encode()


def _named(table: str, new: NewFile) -> dict[str, Any]:
    """A file as the log names it: bounds of text columns stay out, for they may be names and addresses."""
    columns = TABLES[table].columns
    stats = {
        key: {name: value for name, value in values.items() if key == "nullCount" or columns.get(name) != "VARCHAR"}
        for key, values in new.stats.items()
    }
    return asdict(replace(new, stats=stats))


def _from_files(table: str, files: Sequence[Path], number: int) -> str:
    import pyarrow.parquet as parquet

    columns = set(parquet.read_schema(files[0]).names)
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    extra = []
    if "batch" in TABLES[table].columns:
        extra.append(f"{number} as batch")
    if TABLES[table].partition == "month" and "month" not in columns:
        extra.append("strftime(day, '%Y-%m') as month")
    extra += [f"null as {name}" for name in _LATER.get(table, ()) if name not in columns]
    kept = f"* exclude ({', '.join(sorted(columns & {'batch'}))})" if columns & {"batch"} else "*"
    return f"select {', '.join([kept, *extra])} from read_parquet([{listed}], hive_partitioning = false)"


def _pending(shop: Shop) -> Path:
    folder = shop.path / "lake" / ".pending"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pending_file(shop: Shop, name: str) -> Path:
    """Where a batch keeps a file of its own until it is settled."""
    return _pending(shop) / name


def _sweep(shop: Shop, pending: Path) -> None:
    """Delete files younger than the staging marker that no commit names. The lease is held, so nobody is writing."""
    marker = pending / "staging"
    if not marker.exists():
        return
    began_ns = marker.stat().st_mtime_ns
    for table in ORDER:
        named = set(shop.lake.snapshot(table).files)
        for path in shop.lake.path(table).rglob("*.parquet"):
            if "_delta_log" in path.parts or str(path) in named:
                continue
            if path.stat().st_mtime_ns >= began_ns:
                path.unlink(missing_ok=True)
    for left in pending.iterdir():
        left.unlink(missing_ok=True)


def _sync_files(shop: Shop, tables: Mapping[str, Sequence[NewFile]]) -> None:
    """Data reaches the disk before the log entry that promises it."""
    for table, files in tables.items():
        root = shop.lake.path(table)
        paths = [root / each.path for each in files]
        for path in dict.fromkeys([*paths, *(path.parent for path in paths), root]):
            _sync(path)


def _write_synced(path: Path, body: bytes) -> None:
    with open(path, "wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
