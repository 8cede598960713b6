"""One file as a table that SQL can scan: columns c0, c1, …, `row_no`, `fault` and `line`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from volver.collect.reading.contents import Column
from volver.collect.reading.dialects import Dialect, repair, sniff, spaced
from volver.collect.reading.encodings import as_utf8
from volver.collect.reading.files import CannotRead, RawFile
from volver.collect.reading.quoting import literal
from volver.collect.reading.quoting import name as quoted
from volver.collect.reading.staging import stage_arrow, stage_json
from volver.core import Words, one_line

if TYPE_CHECKING:
    import duckdb

_SAMPLE = 4000
_LONGEST_NAME = 250
_MOST_COLUMNS = 2_000
_PLAIN = {"date": "DATE", "timestamp": "TIMESTAMP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file ready to be scanned. `is_padded` if NULL means that the row was too short (CSV)."""

    label: str
    kind: str
    scan: str
    columns: tuple[Column, ...]
    n_rows: int
    is_padded: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    notes: tuple[Words, ...] = ()


@contextmanager
def of_file(label: str) -> Iterator[None]:
    """Say of what the engine cannot read in a file that it is the file. Raises `collect.cannot_read`."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as problem:
        raise CannotRead(file=label, why="its rows need more memory than an import may use") from problem
    except duckdb.Error as problem:
        is_data = isinstance(problem, duckdb.DataError | duckdb.InvalidInputException | duckdb.IOException)
        if not (is_data or type(problem) is duckdb.Error) or "No space left" in str(problem):
            raise
        raise CannotRead(file=label, why="it is damaged, or holds values that no table can hold") from problem


def open_table(raw: RawFile, connection: "duckdb.DuckDBPyConnection", workdir: Path) -> Table:
    """Open a file. The whole of it is read once, so that later scans cannot fail. Raises `collect.cannot_read`."""
    with of_file(raw.label):
        return replace(_opened(raw, connection, workdir), notes=raw.notes)


def _opened(raw: RawFile, connection: "duckdb.DuckDBPyConnection", workdir: Path) -> Table:
    if raw.kind == "csv":
        return _open_csv(raw, connection, workdir)
    if raw.kind == "jsonl":
        utf8 = as_utf8(raw.path, workdir)
        path = stage_json(utf8.path, raw.label, connection, workdir)
        return replace(open_parquet(path, raw.label, "jsonl", connection), encoding=utf8.encoding)
    if raw.kind == "arrow":
        return open_parquet(stage_arrow(raw.path, raw.label, workdir), raw.label, "arrow", connection)
    return open_parquet(raw.path, raw.label, raw.kind, connection)


def open_parquet(path: Path, label: str, kind: str, connection: "duckdb.DuckDBPyConnection") -> Table:
    """Open a Parquet file; one that `stage_json` wrote has its faults in its first two columns."""
    import duckdb

    read = f"read_parquet({literal(str(path))}, file_row_number = true)"
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()
        (n_rows,) = connection.execute(f"SELECT count(*) FROM {read}").fetchall()[0]
    except duckdb.Error as problem:
        raise CannotRead(file=label, why="it is not a sound Parquet file") from problem
    types = [(row[0], row[1]) for row in described][:-1]
    faults = "NULL AS fault, NULL AS line"
    if kind == "jsonl":
        types, faults = types[2:], "fault, line"
    chosen = ", ".join(f"{_read_as(quoted(column), kind)} AS c{n}" for n, (column, kind) in enumerate(types))
    scan = f"(SELECT {chosen}, file_row_number + 1 AS row_no, {faults}, NULL AS surplus FROM {read})"
    kinds = [_kind(each) for _, each in types]
    _check_width(label, len(types))
    if kind != "jsonl" and types:  # damage inside shows when every page is read
        with of_file(label):
            cells = ", ".join(f"c{n}" for n in range(len(types)))
            connection.execute(f"SELECT bit_xor(hash({cells})) FROM {scan}").fetchall()
    return Table(
        label=label,
        kind=kind,
        scan=scan,
        columns=sampled(scan, [column for column, _ in types], kinds, connection),
        n_rows=n_rows,
    )


def _open_csv(raw: RawFile, connection: "duckdb.DuckDBPyConnection", workdir: Path) -> Table:
    import duckdb

    text = as_utf8(raw.path, workdir)
    path = text.path
    try:
        dialect = sniff(path, raw.label)
    except CannotRead:
        tabbed = spaced(path, workdir)
        if tabbed is None:
            raise
        path, dialect = tabbed, sniff(tabbed, raw.label)
    _check_width(raw.label, len(dialect.names))
    n_rows = -1
    if text.n_quotes % 2 == 0:
        try:
            n_rows = _count(dialect.sql(path), connection)
        except duckdb.Error:
            n_rows = -1
    if n_rows < 0:
        path, dialect = repair(path, dialect, workdir)
        try:
            n_rows = _count(dialect.sql(path), connection)
        except duckdb.Error as problem:
            raise CannotRead(file=raw.label, why="its rows cannot be told apart") from problem
    scan = _csv_scan(path, dialect)
    return Table(
        label=raw.label,
        kind="csv",
        scan=scan,
        columns=sampled(scan, list(dialect.names), ["text"] * len(dialect.names), connection),
        n_rows=n_rows,
        is_padded=True,
        encoding=text.encoding,
        delimiter=dialect.delimiter,
    )


def _check_width(label: str, n_columns: int) -> None:
    """Rows are read in blocks of some two thousand: so wide a block would fill the memory that an import may use."""
    if n_columns > _MOST_COLUMNS:
        raise CannotRead(file=label, why=f"it has {n_columns:,} columns, and a table may have {_MOST_COLUMNS:,}")


def _count(read: str, connection: "duckdb.DuckDBPyConnection") -> int:
    """The number of rows, having found the cells of each."""
    found = connection.execute(f"SELECT count(*), count(surplus) FROM {read}").fetchall()
    return int(found[0][0])


def _csv_scan(path: Path, dialect: Dialect) -> str:
    faults = "nullif(fault, '') AS fault, line" if dialect.repaired else "NULL AS fault, NULL AS line"
    names = ", ".join(f"c{n}" for n in range(len(dialect.names)))
    return f"(SELECT {names}, row_number() OVER () AS row_no, {faults}, surplus FROM {dialect.sql(path)})"


def sampled(
    scan: str, names: list[str], kinds: list[str], connection: "duckdb.DuckDBPyConnection"
) -> tuple[Column, ...]:
    """The columns of a scan with their first cells; their names fit to be shown and typed."""
    cast = ", ".join(f"cast(c{n} AS VARCHAR)" for n in range(len(names)))
    rows = connection.execute(f"SELECT {cast} FROM {scan} LIMIT {_SAMPLE}").fetchall() if names else []
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return tuple(Column(name=each, sql=f"c{n}", kind=kinds[n], cells=cells[n]) for n, each in enumerate(_fit(names)))


def _fit(names: list[str]) -> list[str]:
    """The names in one line of a length that people can handle, each once."""
    found: dict[str, None] = {}
    for name in names:
        shown = first = one_line(name, _LONGEST_NAME)
        number = 1
        while shown in found:
            number += 1
            shown = f"{first}_{number}"
        found[shown] = None
    return list(found)


def _kind(kind: str) -> str:
    if kind in ("FLOAT", "DOUBLE"):
        return "float"
    if kind.endswith("INT") or kind in ("INTEGER", "UINTEGER", "BIGNUM"):
        return "integer"
    if kind.startswith("DECIMAL"):
        return "decimal"
    if kind in ("DATE", "BOOLEAN"):
        return kind.lower()
    if kind in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"):
        return "instant"
    return "timestamp" if kind.startswith("TIMESTAMP") else "text"


def _read_as(column: str, kind: str) -> str:
    """Single floats through their shortest text, nanoseconds as microseconds, everything odd as text.

    Times that no calendar of four digits names are nothing.
    """
    if kind == "FLOAT":
        return f"cast(cast({column} AS VARCHAR) AS DOUBLE)"
    if kind == "TIMESTAMPTZ_NS":
        return f"try_cast(cast({column} AS VARCHAR) AS TIMESTAMP WITH TIME ZONE)"
    if kind == "DATE" or _kind(kind) in ("timestamp", "instant"):
        typed, zone = ("TIMESTAMPTZ", " 00:00:00+00") if _kind(kind) == "instant" else (_PLAIN[_kind(kind)], "")
        value = f"try_cast({column} AS {typed})"
        within = f"{value} >= {typed} '0001-01-02{zone}' AND {value} < {typed} '9999-12-30{zone}'"
        return f"CASE WHEN {within} THEN {value} END"
    return f"cast({column} AS VARCHAR)" if _kind(kind) == "text" and kind != "VARCHAR" else column
