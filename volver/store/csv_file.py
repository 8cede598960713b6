"""Tables that leave as CSV files, which a spreadsheet opens right: written by the engine, no row passes through Python.

Marks follow the reader's language: `;` and a decimal comma, or `,` and a decimal point. A byte-order mark says that it
is UTF-8. Text that a spreadsheet would run as a formula begins with an apostrophe; text is always quoted, so that no
cell opens another where the marks are read otherwise. Money is exact.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import duckdb

CsvKind = Literal["text", "count", "number", "money", "share", "day"]
CSV_TYPE: Final = "text/csv; charset=utf-8"
_BOM: Final = "\ufeff"
_AT_ONCE: Final = 1024 * 1024
# What a spreadsheet takes for a formula (also in full width, also after blanks), save what is nothing but a number.
_FORMULA: Final = r"^[\s]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|^[\t\r\n]"
_NUMBER: Final = r"[+-]?[0-9]+([.,][0-9]+)*"


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvMarks:
    """What stands between cells, and before decimals."""

    between: str
    decimal: str


COMMA: Final = CsvMarks(between=",", decimal=".")
SEMICOLON: Final = CsvMarks(between=";", decimal=",")


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvColumn:
    """A column: the SQL that gives it, what it is called, and what it holds. Money is in ten-thousandths."""

    sql: str
    heading: str
    kind: CsvKind = "text"


def write_csv(
    connection: "duckdb.DuckDBPyConnection",
    target: Path,
    columns: Sequence[CsvColumn],
    rest: str,
    marks: CsvMarks,
    params: Mapping[str, Any] | None = None,
) -> int:
    """Write `select columns rest` to a file, with its headings; how many rows. `rest` begins with `from`."""
    head = _BOM + marks.between.join(_heading(each.heading) for each in columns) + "\n"
    target.write_text(head, encoding="utf-8")
    return append_csv(connection, target, columns, rest, marks, params)


def append_csv(
    connection: "duckdb.DuckDBPyConnection",
    target: Path,
    columns: Sequence[CsvColumn],
    rest: str,
    marks: CsvMarks,
    params: Mapping[str, Any] | None = None,
) -> int:
    """Write more rows to the end of a file that has its headings; how many."""
    chosen = ", ".join(f"{_cell(each, marks)} as c{place}" for place, each in enumerate(columns))
    quoted = ", ".join(f"c{place}" for place, each in enumerate(columns) if each.kind == "text")
    options = f"format csv, delimiter '{marks.between}', header false" + (f", force_quote ({quoted})" if quoted else "")
    part = target.with_name(f"{target.name}.part")
    try:
        written = connection.execute(f"copy (select {chosen} {rest}) to {_quoted(str(part))} ({options})", params or {})
        rows = int((written.fetchone() or (0,))[0])
        with target.open("ab") as whole, part.open("rb") as more:
            shutil.copyfileobj(more, whole, _AT_ONCE)
    finally:
        part.unlink(missing_ok=True)
    return rows


def write_csv_rows(
    connection: "duckdb.DuckDBPyConnection",
    target: Path,
    columns: Sequence[CsvColumn],
    rows: Sequence[Mapping[str, Any]],
    marks: CsvMarks,
    *,
    more: bool = False,
) -> int:
    """Write a few rows that are at hand, such as totals; columns name their keys. `more`: to the end of the file."""
    import pyarrow as pa

    types = {"text": pa.string(), "day": pa.date32(), "share": pa.float64(), "number": pa.float64()}
    held = {each.sql: pa.array([row[each.sql] for row in rows], types.get(each.kind, pa.int64())) for each in columns}
    place = pa.array(range(len(rows)), pa.int64())
    connection.register("told_rows", pa.table({**held, "place_of_row": place}))
    try:
        write = append_csv if more else write_csv
        return write(connection, target, columns, "from told_rows order by place_of_row", marks)
    finally:
        connection.unregister("told_rows")


def _cell(column: CsvColumn, marks: CsvMarks) -> str:
    """SQL for the text of a cell."""
    sql = f"({column.sql})"
    if column.kind == "text":
        risky = f"regexp_matches({sql}, {_quoted(_FORMULA)}) and not regexp_full_match({sql}, {_quoted(_NUMBER)})"
        return f"case when {risky} then '''' || {sql} else {sql} end"
    if column.kind == "money":
        whole = f"cast(abs({sql}) // 10000 as varchar)"
        parts = f"lpad(cast(abs({sql}) % 10000 as varchar), 4, '0')"
        parts = f"regexp_replace({parts}, '0{{1,2}}$', '')"
        return f"case when {sql} < 0 then '-' else '' end || {whole} || '{marks.decimal}' || {parts}"
    if column.kind in ("number", "share"):
        text = f"regexp_replace(printf('%.4f', cast({sql} as double)), '\\.?0+$', '')"
        return f"replace({text}, '.', '{marks.decimal}')"
    return f"cast({sql} as varchar)"


def _heading(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
