"""How a bulk batch becomes part of the shop: all of it or nothing, through crashes.

1. `staging` waits for other batches, finishes what an earlier crash left, and leaves a marker on disk. Commits of
   others (a stream's, a refresh's) go on meanwhile.
2. What is new is written: whole tables into their folders, where no commit names them; rows that carry the batch's
   number, which nobody knows yet, into the pending folder. All of it is fsynced.
3. One log entry names every file: the point of commitment. Its offset is the batch's number.
4. The rows get their number; state and lake follow the entry, each idempotent by its offset. A pending file names the
   entry until they have.

A crash before 3 leaves files that nobody names: the next `recover` deletes them. A crash after 3 leaves an entry
whose work is not done: the next `recover` does it.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.collect.ledger import aside
from volver.core import VolverError, clock
from volver.store import (
    AT_ONE_POINT,
    TABLES,
    Entry,
    LogEntry,
    NewFile,
    Shop,
    canonical,
    mark_of,
    people,
    sync_all,
    write_synced,
)

if TYPE_CHECKING:
    import duckdb

SOURCE = "import"
KIND = "batch"
UNNUMBERED = 2**31 - 1  # the number of a batch until the log gives it one
_NUMBERED = {"batch", "lines_batch", "line_id"}
# Whole tables come first and the ledger last: no line ever names a customer who is not there.
ORDER = (
    *("customers", "products", "product_names", "events"),
    *("version_lines", "order_versions", "replaced", "order_lines"),
)
WHOLE = frozenset({"customers", "products", "product_names"})
_LATER = {"customers": ("campaign", "channel_us", "campaign_us")}  # what batches made for an older Volver lack
_MARKER = "staging"
_LOCK = "imports"  # what a batch was compared with stays as it was until the batch is in: nobody else writes these

Step = Callable[[str], None]


class RowsGone(VolverError):
    """The log names an import whose rows are nowhere any more."""

    code = "collect.rows_gone"
    says = "The rows of import {offset} are not there any more, so the ledger cannot take them from the log."
    hint = (
        "Take the shop from a backup with `volver restore`, or let `volver doctor --accept-loss` "
        "list what to import again."
    )
    status = 500


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
    """What one batch will add, before its log entry: files by table, rows set aside, what to tell later.
    `merges` are pairs of customers (from, into) that the files say are one person.

    The names of all its files begin with `token`; `unnumbered` maps a table to a pending file of rows.
    """

    token: str
    source: str
    rows: int = 0
    tables: dict[str, list[NewFile]] = field(default_factory=dict)
    unnumbered: dict[str, str] = field(default_factory=dict)
    put_aside: str = ""
    settled: list[int] = field(default_factory=list)
    merges: list[tuple[int, int]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    undoes: int | None = None
    report: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        told = self.tables or self.unnumbered or self.put_aside or self.settled or self.merges
        return bool(told or self.undoes is not None)


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
            if table == "customers":
                _keep_ids(shop, files, batch.source)
            staged.rows += write(shop, staged, table, _from_files(table, files))
        return commit(shop, staged, step)


def _keep_ids(shop: Shop, files: Sequence[Path], source: str) -> None:
    """Let the state know the customers that a batch numbers itself. Raises `collect.ids_taken`."""
    asked = f"select customer_id, customer_ref from {_reading(files)} order by customer_id"
    found = shop.compute.relation(asked)
    customers = dict(zip(found["customer_id"].to_pylist(), found["customer_ref"].to_pylist(), strict=True))
    with shop.state.begin() as rows:
        if people.take_in(rows, customers, source):
            raise IdsTaken(table="customers")


@contextmanager
def staging(shop: Shop) -> Iterator[Staged]:
    """Be the only batch. What is written but not committed is deleted by the next `recover`."""
    with shop.lake.alone(_LOCK):
        _recover(shop)
        token = f"{uuid.uuid4().hex[:12]}-"
        write_synced(_pending(shop) / _MARKER, token.encode())
        try:
            yield Staged(token=token, source=SOURCE)
        finally:
            _recover(shop)


def write(
    shop: Shop, staged: Staged, table: str, sql: str, connection: "duckdb.DuckDBPyConnection | None" = None
) -> int:
    """Write the rows that a batch has for a table; how many. Call inside `staging`.

    Where the table's rows carry their batch, `sql` leaves out `batch` and `line_id`, or says `UNNUMBERED` for it.
    """
    if "batch" not in TABLES[table].columns:
        staged.tables[table] = shop.compute.write(sql, table, None, connection, staged.token)
        return sum(each.rows for each in staged.tables[table])
    name = f"{staged.token}{table}.parquet"
    rows = shop.compute.copy_out(sql, pending_file(shop, name), connection)
    if rows:
        staged.unnumbered[table] = name
    else:
        pending_file(shop, name).unlink()
    return rows


def commit(shop: Shop, staged: Staged, step: Step | None = None) -> int:
    """Write the log entry and do what it says; its offset. Call inside `staging`."""
    said = step or (lambda _: None)
    body = _body(staged)
    digest = hashlib.sha256(body).hexdigest()
    _sync_files(shop, staged)
    said("written")
    with shop.lake.alone(AT_ONE_POINT):
        write_synced(_pending(shop) / f"{digest}.json", body)
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
    if not pending.is_dir() or not any(pending.iterdir()) or shop.lake.alone(_LOCK).is_held():
        return 0
    with shop.lake.alone(_LOCK):
        return _recover(shop)


def take(shop: Shop, entries: Sequence[LogEntry]) -> None:
    """Bring lake and state up to batches of the log, as a projection does; those that are in change nothing."""
    with shop.lake.alone(_LOCK), shop.lake.alone(AT_ONE_POINT):
        for each in entries:
            _follow(shop, each.offset, each.message_id, each.body, lambda _: None)


def _recover(shop: Shop) -> int:
    pending = _pending(shop)
    left_over = sorted(pending.glob("*.json"))
    with shop.lake.alone(AT_ONE_POINT) if left_over else nullcontext():
        finished = _finish(shop, left_over)
    if (pending / _MARKER).exists():
        _sweep(shop)
        for left in pending.iterdir():
            left.unlink(missing_ok=True)
    return finished


def _finish(shop: Shop, pending: Sequence[Path]) -> int:
    """Do what entries say that a crash left undone; how many there were."""
    finished = 0
    for path in pending:
        entry = shop.log.find(SOURCE, path.stem)
        if entry is None or entry.kind != KIND:  # never written, or given up
            path.unlink()
            continue
        _sweep(shop, entry.offset, entry.body)
        _follow(shop, entry.offset, path.stem, entry.body, lambda _: None)
        finished += 1
    return finished


def _follow(shop: Shop, offset: int, digest: str, body: bytes, said: Step) -> None:
    """Bring lake and state up to a log entry, then forget that it was pending. Raises `collect.rows_gone`."""
    entry = json.loads(body)
    unnumbered = entry.get("unnumbered", {})
    for table in ORDER:
        files = [NewFile(**each) for each in entry["tables"].get(table, ())]
        if not (files or table in unnumbered) or offset <= shop.lake.offset(table):
            continue
        rows = [shop.lake.path(table) / each.path for each in files]
        rows += [pending_file(shop, unnumbered[table])] if table in unnumbered else []
        if not all(each.exists() for each in rows):
            raise RowsGone(offset=offset)
        if table in unnumbered:
            files = _numbered(shop, table, pending_file(shop, unnumbered[table]), offset, entry["token"])
            said("numbered")
        if table in WHOLE:
            shop.lake.replace(table, files, offset, mark_of(digest))
        else:
            shop.lake.add(table, files, offset, mark=mark_of(digest))
        said(f"lake:{table}")
    aside.settle(shop, offset, digest, entry, _pending(shop))
    said("state")
    canonical.publish(shop)
    # The marker goes first: what is named by a commit is nobody's leftover, even when upkeep replaces it.
    for name in (_MARKER, entry["put_aside"], *unnumbered.values(), f"{digest}.json"):
        if name:
            pending_file(shop, name).unlink(missing_ok=True)
    said("done")


def _numbered(shop: Shop, table: str, rows: Path, number: int, token: str) -> list[NewFile]:
    """Write a batch's pending rows into a table's folder, with the number that the log gave them.

    Rows that name their batch, or lines of it, stand under `UNNUMBERED`; those of bulk files have no number yet.
    """
    import pyarrow.parquet as parquet

    named = set(parquet.read_schema(rows).names)
    chosen = ["*" if not named & _NUMBERED else f"* replace ({', '.join(map(_renumbered(number), named & _NUMBERED))})"]
    if "batch" not in named:
        chosen.append(f"{number} as batch")
    if table == "order_lines" and "line_id" not in named:
        chosen.append(f"(cast({number} as bigint) << 32) + row_number() over () as line_id")
    source = str(rows).replace("'", "''")
    sql = f"select {', '.join(chosen)} from read_parquet('{source}', hive_partitioning = false)"
    return shop.compute.write(sql, table, prefix=token)


def _renumbered(number: int) -> Callable[[str], str]:
    def of(column: str) -> str:
        if column == "line_id":
            own = f"({number}::bigint << 32) + (line_id & 4294967295)"
            return f"case when line_id >> 32 = {UNNUMBERED} then {own} else line_id end as line_id"
        return f"case when {column} = {UNNUMBERED} then {number} else {column} end as {column}"

    return of


def _body(staged: Staged) -> bytes:
    files = {table: [_named(table, each) for each in files] for table, files in staged.tables.items() if files}
    entry = {
        "token": staged.token,
        "source": staged.source,
        "rows": staged.rows,
        "tables": files,
        "unnumbered": staged.unnumbered,
        "put_aside": staged.put_aside,
        "settled": staged.settled,
        "merges": staged.merges,
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


def _from_files(table: str, files: Sequence[Path]) -> str:
    import pyarrow.parquet as parquet

    columns = set(parquet.read_schema(files[0]).names)
    extra = []
    if TABLES[table].partition == "month" and "month" not in columns:
        extra.append("strftime(day, '%Y-%m') as month")
    extra += [f"null as {name}" for name in _LATER.get(table, ()) if name not in columns]
    given = sorted(columns & ({"batch", "line_id"} if table == "order_lines" else {"batch"}))
    kept = f"* exclude ({', '.join(given)})" if given else "*"
    return f"select {', '.join([kept, *extra])} from {_reading(files)}"


def _reading(files: Sequence[Path]) -> str:
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def _pending(shop: Shop) -> Path:
    folder = shop.path / "lake" / ".pending"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pending_file(shop: Shop, name: str) -> Path:
    """Where a batch keeps a file of its own until it is settled."""
    return _pending(shop) / name


def _sweep(shop: Shop, offset: int | None = None, body: bytes = b"") -> None:
    """Delete the data files of the batch that a crash cut short which neither a commit nor its entry names.

    Where a commit took the entry in, nothing is left over: what is unnamed there, upkeep has replaced.
    """
    entry = json.loads(body) if body else {"tables": {}}
    marker = _pending(shop) / _MARKER
    token = entry.get("token") or (marker.read_text(encoding="utf-8") if marker.exists() else "")
    if not token:  # a batch of an older Volver; upkeep removes what it left
        return
    for table in ORDER:
        if offset is not None and offset <= shop.lake.offset(table):
            continue
        root = shop.lake.path(table)
        named = {
            *shop.lake.snapshot(table).files,
            *(str(root / each["path"]) for each in entry["tables"].get(table, ())),
        }
        for path in root.rglob(f"{token}*.parquet"):
            if str(path) not in named:
                path.unlink(missing_ok=True)


def _sync_files(shop: Shop, staged: Staged) -> None:
    """Data reaches the disk before the log entry that promises it."""
    for table, files in staged.tables.items():
        shop.lake.settle(table, files)
    sync_all(pending_file(shop, name) for name in staged.unnumbered.values())
