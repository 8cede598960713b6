"""The event log: everything that arrives, as it arrived, acknowledged once it is on disk.

One SQLite file (WAL, `synchronous=FULL`). Many threads append at once: the first to take the pen writes all that
waits in one transaction (group commit), so a busy shop pays one fsync for many entries. The log is the truth; state
and lake are projections of it. A second entry with a known (source, message id) changes nothing. An index says which
entries are about a person, so that these can be found and forgotten without reading the log.
"""

import sqlite3
import threading
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from volver.core import VolverError, clock

WAIT_MS = 60_000  # another process may hold the file for a whole group
WIPE_WAIT_MS = 2_000  # nobody may append while a wipe waits for a reader
GROUP_ENTRIES = 5_000  # beyond this a larger group saves nothing and makes its members wait

_TABLE = """
create table if not exists log (
  "offset" integer primary key autoincrement,
  source text not null,
  message_id text not null,
  kind text not null,
  received_us integer not null,
  body blob not null,
  crc integer,
  unique (source, message_id)
)
"""
_SUBJECTS = """
create table if not exists subjects (person text not null, "offset" integer not null, primary key (person, "offset"))
without rowid
"""
_SUBJECTS_BY_OFFSET = 'create index if not exists subjects_by_offset on subjects ("offset")'
_IDENTITY = "create table if not exists identity (id integer not null)"
FORGOTTEN = "forgotten"  # the kind of an entry whose content is gone: no reader asks for it
_INDEX = "create index if not exists log_kind on log (kind)"  # and, as in every index of SQLite, the offset after it
_COLUMNS = '"offset", source, message_id, kind, received_us, body'


class LogNotWritten(VolverError):
    """The disk refused; nothing of the call was kept."""

    code = "store.log_not_written"
    says = "The event log could not be written ({reason}); nothing was acknowledged."
    hint = "Free disk space or check the permissions of the shop's folder, then send it again."
    status = 503


class LogNotReadable(VolverError):
    """The log's file cannot be opened."""

    code = "store.log_not_readable"
    says = "The event log {file} cannot be opened ({reason})."
    hint = "Restore it from a backup, or check that the folder may be read and written."
    status = 500


class BadEntry(VolverError):
    """An entry of the wrong types."""

    code = "store.bad_entry"
    says = "A log entry needs texts for source, message_id, kind and about, and bytes for body."
    hint = "Encode the body before appending it."
    status = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that arrived: `message_id` is unique within its `source`.

    `about` are keys of the persons in it, such as `customer:17`; never an address or a name.
    """

    source: str
    message_id: str
    kind: str
    body: bytes
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An entry as the log keeps it: `offset` grows and is never used twice."""

    offset: int
    source: str
    message_id: str
    kind: str
    received_us: int
    body: bytes


class _Waiting:
    """One call's entries in the queue, and what became of them."""

    __slots__ = ("entries", "offsets", "problem")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.offsets: list[int] | None = None
        self.problem: LogNotWritten | None = None

    @property
    def settled(self) -> bool:
        return self.offsets is not None or self.problem is not None


class EventLog:
    """The log of one shop. Safe to share between threads and processes."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._writer = _opened(self.path)
        self._reader = _opened(self.path)
        self._door = threading.Lock()  # guards the queue
        self._pen = threading.Lock()  # its holder writes for all who wait
        self._eyes = threading.Lock()  # guards the reader
        self._queue: list[_Waiting] = []
        self.identity = _identity(self._writer, self.path)  # given once by chance: the other parts name it
        self._file = self.path.stat().st_ino

    def append(self, entries: Sequence[Entry]) -> list[int]:
        """Keep entries; their offsets, once they are on disk.

        All of one call become durable together or not at all. A known (source, message id) returns its old offset.
        Raises `store.log_not_written`, `store.bad_entry`.
        """
        for each in entries:
            if not (
                isinstance(each.body, bytes)
                and all(map(_is_text, (each.source, each.message_id, each.kind, *each.about)))
            ):
                raise BadEntry()
        if not entries:
            return []
        mine = _Waiting(entries)
        with self._door:
            self._queue.append(mine)
        with self._pen:
            while not mine.settled:
                self._write(self._next_group())
        if mine.problem is not None:
            raise mine.problem
        assert mine.offsets is not None
        return mine.offsets

    def read(self, after: int, limit: int, kinds: Sequence[str] = ()) -> list[LogEntry]:
        """Up to `limit` entries with an offset above `after`, in order; of these kinds only, if any are named.

        What other kinds stand between costs nothing: each kind is found by its index.
        """
        if not kinds:
            sql = f'select {_COLUMNS} from log where "offset" > ? order by "offset" limit ?'
            return [_entry(row) for row in self._rows(sql, (after, limit))]
        one = 'select * from (select "offset" from log where kind = ? and "offset" > ? order by "offset" limit ?)'
        offsets = " union all ".join([one] * len(kinds))
        sql = f'select {_COLUMNS} from log where "offset" in ({offsets}) order by "offset" limit ?'
        values = [value for kind in kinds for value in (kind, after, limit)]
        return [_entry(row) for row in self._rows(sql, (*values, limit))]

    def find(self, source: str, message_id: str) -> LogEntry | None:
        """The entry with this source and message id, or None."""
        sql = f"select {_COLUMNS} from log where source = ? and message_id = ?"
        found = self._rows(sql, (source, message_id))
        return _entry(found[0]) if found else None

    def message_id(self, offset: int) -> str | None:
        """The message id of an entry, of a forgotten one too; None where the log has no such offset."""
        found = self._rows('select message_id from log where "offset" = ?', (offset,))
        return str(found[0][0]) if found else None

    def last(self) -> int:
        """The highest offset ever given; 0 for a new log."""
        with self._eyes:
            return _last(self._reader)

    def go_on_after(self, offset: int) -> None:
        """Give no offset up to this one any more: others have taken entries of it that this file has lost."""
        with self._pen, _changing(self._writer) as writer:
            if _last(writer) < offset:
                writer.execute("delete from sqlite_sequence where name = 'log'")
                writer.execute("insert into sqlite_sequence (name, seq) values ('log', ?)", (offset,))

    def count(self) -> int:
        """How many entries the log holds, forgotten ones included."""
        return int(str(self._rows("select count(*) from log", ())[0][0]))

    def damage(self) -> str:
        """What is wrong with the file; empty when nothing is."""
        found = str(self._rows("pragma quick_check(1)", ())[0][0])
        return "" if found == "ok" else found

    def deep_damage(self) -> str:
        """What is wrong anywhere in the file, in what entries say too; empty when nothing is. Reads all of it.

        Entries of older releases have no checksum: of them only the file's own structure is known.
        """
        found = str(self._rows("pragma integrity_check(1)", ())[0][0])
        if found != "ok":
            return found
        after = 0
        while rows := self._rows(
            'select "offset", body, crc from log where "offset" > ? order by "offset" limit 1000', (after,)
        ):
            after = int(str(rows[-1][0]))
            for offset, body, crc in rows:
                if isinstance(body, bytes) and crc is not None and zlib.crc32(body) != crc:
                    return f"entry {offset} was changed"
        return ""

    def note(self, person: str, offsets: Iterable[int]) -> None:
        """Write down that entries are about a person, where that is only known once they are read."""
        with self._pen, _changing(self._writer) as writer:
            writer.executemany(
                'insert or ignore into subjects select ?, "offset" from log where "offset" = ? and kind <> ?',
                ((person, offset, FORGOTTEN) for offset in offsets),
            )

    def about(self, person: str) -> list[int]:
        """The offsets of the entries about a person, in order."""
        found = self._rows('select "offset" from subjects where person = ? order by "offset"', (person,))
        return [int(str(row[0])) for row in found]

    def forget(self, offsets: Iterable[int]) -> int:
        """Wipe what entries said, and whom they are about, from the file and its journal; how many said something.

        Their offsets and message ids stay, so that the same message is not taken again. Raises `store.log_not_written`,
        also where a reader of another process does not let go of the journal.
        """
        wanted = [(FORGOTTEN, offset, FORGOTTEN) for offset in offsets]
        with self._pen:
            with _changing(self._writer) as writer:
                sql = """update log set body = x'', crc = 0, kind = ? where "offset" = ? and kind <> ?"""
                gone = writer.executemany(sql, wanted).rowcount
                writer.executemany('delete from subjects where "offset" = ?', ((each[1],) for each in wanted))
            with _reported():
                self._writer.execute(f"pragma busy_timeout={WIPE_WAIT_MS}")
                busy = self._writer.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
                self._writer.execute(f"pragma busy_timeout={WAIT_MS}")
        if busy:
            raise LogNotWritten(reason="its journal is being read")
        return max(0, gone)

    def close(self) -> None:
        """Finish the group in hand and let go of the file."""
        with self._pen, self._eyes:
            self._writer.close()
            self._reader.close()

    def _rows(self, sql: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        with self._eyes:
            return self._reader.execute(sql, values).fetchall()

    def _is_replaced(self) -> bool:
        """Whether the path names another file by now: what is written to this one, nobody would ever read."""
        try:
            return self.path.stat().st_ino != self._file
        except FileNotFoundError:
            return True

    def _next_group(self) -> list[_Waiting]:
        with self._door:
            taken, entries = 0, 0
            for each in self._queue:
                if taken and entries + len(each.entries) > GROUP_ENTRIES:
                    break
                taken, entries = taken + 1, entries + len(each.entries)
            group, self._queue = self._queue[:taken], self._queue[taken:]
        return group

    def _write(self, group: Sequence[_Waiting]) -> None:
        now_us = clock.now_us()
        if self._is_replaced():
            for each in group:
                each.problem = LogNotWritten(reason="its file was replaced while this process had it open")
            return
        try:
            self._writer.execute("begin immediate")
            results = [_insert(self._writer, each.entries, now_us) for each in group]
            self._writer.execute("commit")
        except sqlite3.Error as problem:
            _give_up(self._writer)
            for each in group:
                each.problem = LogNotWritten(reason=type(problem).__name__)
            return
        for each, offsets in zip(group, results, strict=True):
            each.offsets = offsets


@contextmanager
def _changing(writer: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction. Raises `store.log_not_written`."""
    with _reported():
        try:
            writer.execute("begin immediate")
            yield writer
            writer.execute("commit")
        except sqlite3.Error:
            _give_up(writer)
            raise


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as problem:
        raise LogNotWritten(reason=type(problem).__name__) from problem


def _insert(writer: sqlite3.Connection, entries: Sequence[Entry], now_us: int) -> list[int]:
    """Insert inside the open transaction; the offset of every entry, old or new."""
    first = _last(writer) + 1
    writer.execute("savepoint hope")  # that all are new, which is nearly always so
    if _insert_new(writer, entries, first, now_us) == len(entries):
        writer.execute("release hope")
        _link(writer, entries, first)
        return list(range(first, first + len(entries)))
    writer.execute("rollback to hope")  # the ignored ones would leave holes in the offsets
    writer.execute("release hope")
    offsets: dict[tuple[str, str], int] = {}
    new: list[Entry] = []
    for each in entries:
        key = (each.source, each.message_id)
        if key not in offsets:
            found = writer.execute('select "offset" from log where source = ? and message_id = ?', key).fetchone()
            offsets[key] = int(found[0]) if found else first + len(new)
            if not found:
                new.append(each)
    _insert_new(writer, new, first, now_us)
    _link(writer, new, first)
    return [offsets[each.source, each.message_id] for each in entries]


def _insert_new(writer: sqlite3.Connection, entries: Sequence[Entry], first: int, now_us: int) -> int:
    """Insert entries under the offsets from `first` on, leaving out known ones; how many were new."""
    before = writer.total_changes
    writer.executemany(
        f"insert or ignore into log ({_COLUMNS}, crc) values (?, ?, ?, ?, ?, ?, ?)",
        (
            (first + place, each.source, each.message_id, each.kind, now_us, each.body, zlib.crc32(each.body))
            for place, each in enumerate(entries)
        ),
    )
    return writer.total_changes - before


def _link(writer: sqlite3.Connection, entries: Sequence[Entry], first: int) -> None:
    """Write down whom new entries are about, whose offsets begin at `first`."""
    if any(each.about for each in entries):
        writer.executemany(
            "insert or ignore into subjects values (?, ?)",
            ((person, first + place) for place, each in enumerate(entries) for person in each.about),
        )


def _opened(path: Path) -> sqlite3.Connection:
    try:
        found = sqlite3.connect(path, timeout=WAIT_MS / 1000, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=wal", "synchronous=full", "secure_delete=1"):
            found.execute(f"pragma {pragma}")
        for made in (_TABLE, _INDEX, _SUBJECTS, _SUBJECTS_BY_OFFSET, _IDENTITY):
            found.execute(made)
        if "crc" not in {row[1] for row in found.execute("pragma table_info(log)")}:  # made by an older Volver
            found.execute("alter table log add column crc integer")
    except sqlite3.Error as problem:
        raise LogNotReadable(file=path.name, reason=str(problem)) from problem
    return found


def _identity(writer: sqlite3.Connection, path: Path) -> int:
    try:
        found = writer.execute("select id from identity").fetchone()
        if found is None:
            given = uuid.uuid4().int >> 66  # what a transaction of a lake table can carry
            writer.execute("insert into identity select ? where not exists (select 1 from identity)", (given,))
            found = writer.execute("select id from identity").fetchone()
    except sqlite3.Error as problem:
        raise LogNotReadable(file=path.name, reason=str(problem)) from problem
    return int(found[0])


def _last(connection: sqlite3.Connection) -> int:
    found = connection.execute("select seq from sqlite_sequence where name = 'log'").fetchone()
    return int(found[0]) if found else 0


def _give_up(writer: sqlite3.Connection) -> None:
    if writer.in_transaction:
        writer.execute("rollback")


def _entry(row: Iterable[object]) -> LogEntry:
    offset, source, message_id, kind, received_us, body = row
    return LogEntry(
        offset=int(str(offset)),
        source=str(source),
        message_id=str(message_id),
        kind=str(kind),
        received_us=int(str(received_us)),
        body=body if isinstance(body, bytes) else bytes(str(body), "utf-8"),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)
