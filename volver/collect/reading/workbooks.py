"""Workbooks (xlsx, xlsm, xlsb, xls, ods): one sheet of each becomes a typed table, in a process of its own.

A workbook must be held whole to be read, and a small one may unpack to gigabytes: the reader runs where its memory is
bounded, writes Parquet and ends. `main` is that process; it writes one JSON object to its stdout.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from volver.collect.reading.dialects import column_names, first_row, is_header
from volver.collect.reading.files import CannotRead, RawFile, fresh
from volver.core import VolverError, Words, one_line, some_of

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_BYTES: Final = 4 << 30
_MOST_SECONDS: Final = 900
_HEAD: Final = 60  # rows in which the headings are looked for
_EXACT: Final = 10**15  # a spreadsheet keeps fifteen digits
_ZERO_DAY: Final = datetime(1899, 12, 31)  # noqa: DTZ001  what a spreadsheet makes of a time without a day


class NoSheets(VolverError):
    """A workbook is given, and what reads workbooks is not installed."""

    code = "collect.no_sheets"
    says = "{file} is a spreadsheet, and what reads those is not installed."
    hint = "Install it with pip install 'volver[sheets]', or save the sheet as CSV."


class NoSuchSheet(VolverError):
    """A sheet is named that a workbook has not."""

    code = "collect.no_such_sheet"
    says = "{file} has no sheet called {sheet}. Its sheets: {sheets}."
    hint = "Name one of them with `--sheet`, or none: the first one with a table is taken."


def open_workbook(path: Path, workdir: Path, label: str, *, named: bool, sheet: str = "") -> RawFile:
    """The named sheet of a workbook, or the first that holds a table, as a table of typed columns.

    Raises `collect.no_sheets`, `collect.no_such_sheet`, `collect.cannot_read`.
    """
    if find_spec("python_calamine") is None:
        raise NoSheets(file=label)
    target = fresh(workdir, ".parquet")
    words = [sys.executable, "-P", "-m", "volver.collect.reading.workbooks", str(path), str(target), sheet]
    try:
        ran = subprocess.run(words, capture_output=True, text=True, timeout=_MOST_SECONDS, check=False)  # noqa: S603
        told = json.loads(ran.stdout) if ran.returncode == 0 else {"problem": "memory"}
    except (subprocess.TimeoutExpired, ValueError):
        told = {"problem": "memory"}
    match told.get("problem"):
        case None:
            return RawFile(label=label, path=target, kind="sheet", named=named, notes=_notes(told))
        case "memory":
            raise CannotRead(file=label, why="it is too large to be read as a spreadsheet")
        case "empty":
            raise CannotRead(file=label, why="none of its sheets holds a table")
        case "no such sheet":
            raise NoSuchSheet(file=label, sheet=one_line(sheet), sheets=some_of(told["sheets"]))
        case _:
            raise CannotRead(file=label, why="it is damaged, locked by a password, or no spreadsheet")


def _notes(told: dict[str, Any]) -> tuple[Words, ...]:
    """Which sheet was read, where there are others."""
    if len(told["sheets"]) < 2:
        return ()
    facts = {"sheet": one_line(told["sheet"]), "n": len(told["sheets"])}
    return (Words("Read from the sheet “{sheet}”, one of {n}.", facts),)


class _WithoutPandas:
    """Arrow loads pandas, if it is there, to see whether a list comes from it: a second for nothing."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name=name)


def main(words: Sequence[str]) -> int:
    """Read the sheet of a workbook into a Parquet file and say which: the process that `open_workbook` starts."""
    source, target, wanted = words
    _bound_memory()
    try:
        told = _converted(source, target, wanted)
    except MemoryError:
        return 1
    sys.stdout.write(json.dumps(told))
    return 0


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows knows no such bound
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))


def _converted(source: str, target: str, wanted: str) -> dict[str, Any]:
    from python_calamine import CalamineError, CalamineWorkbook  # type: ignore[import-not-found,unused-ignore]

    try:
        book = CalamineWorkbook.from_path(source)
        names = list(book.sheet_names)
        if wanted and wanted not in names:
            return {"problem": "no such sheet", "sheets": names}
        for name in [wanted] if wanted else names:
            table = _table(book.get_sheet_by_name(name).to_python(skip_empty_area=True))
            if table is not None:
                _write(table, target)
                return {"sheet": name, "sheets": names}
    except (CalamineError, OSError, ValueError, KeyError):
        return {"problem": "damaged"}
    return {"problem": "empty"}


def _write(table: "pa.Table", target: str) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, target)


def _table(rows: list[list[Any]]) -> "pa.Table | None":
    """The typed table in the rows of a sheet; None where there is none: two columns and a row at least."""
    import pyarrow as pa

    rows = [row for row in rows if any(_is_filled(cell) for cell in row)]
    shown = [[_text(cell) for cell in row] for row in rows[:_HEAD]]
    width = max((sum(cell != "" for cell in row) for row in shown), default=0)
    if width < 2 or len(rows) < 2:
        return None
    first = first_row(shown, width)
    has_header = is_header(shown[first])
    n_columns = max(len(row) for row in rows[first:])
    names = column_names(shown[first] if has_header else [], n_columns)
    cells = list(zip(*rows[first + has_header :], strict=True))
    if not cells:
        return None
    kept = [n for n, column in enumerate(cells) if not names[n].startswith("column_") or any(map(_is_filled, column))]
    return pa.table({names[n]: _column(cells[n]) for n in kept})


def _is_filled(cell: Any) -> bool:
    return cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())


def _column(cells: Sequence[Any]) -> "pa.Array":
    """One column: whole numbers, numbers, days, instants, or text where they are mixed."""
    import pyarrow as pa

    kinds = {type(cell) for cell in cells if _is_filled(cell)}
    if kinds and kinds <= {int, float}:
        numbers = [cell if _is_filled(cell) else None for cell in cells]
        if all(one is None or (one == int(one) if abs(one) < _EXACT else False) for one in numbers):
            return pa.array([None if one is None else int(one) for one in numbers], pa.int64())
        if all(one is None or abs(one) < _EXACT for one in numbers):
            return pa.array([None if one is None else float(one) for one in numbers], pa.float64())
    if kinds and kinds <= {date, datetime}:
        whole = [_instant(cell) if _is_filled(cell) else None for cell in cells]
        if all(one is None or one.time() == time() for one in whole):
            return pa.array([one and one.date() for one in whole], pa.date32())
        return pa.array(whole, pa.timestamp("us"))
    return pa.array([_text(cell) for cell in cells], pa.string())


def _instant(cell: date | datetime) -> datetime:
    """A day as its first instant; a spreadsheet's binary fractions leave a microsecond over."""
    moment = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0)


def _text(cell: Any) -> str:
    """A cell as it would stand in a CSV file; a whole number beyond fifteen digits as the spreadsheet shows it."""
    if not _is_filled(cell):
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int | float):
        if abs(cell) >= _EXACT:
            return f"{cell:.2E}"
        return str(int(cell)) if cell == int(cell) else repr(cell)
    if isinstance(cell, datetime):
        moment = _instant(cell)
        if moment.date() <= _ZERO_DAY.date():
            return moment.time().isoformat()
        return moment.date().isoformat() if moment.time() == time() else moment.isoformat(sep=" ")
    if isinstance(cell, timedelta):
        return str((_ZERO_DAY + cell).time())
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def is_workbook(names: Iterable[str]) -> bool:
    """Whether the files in a zip are those of a workbook, or of another office document."""
    found = set(names)
    return "[Content_Types].xml" in found or "content.xml" in found


if __name__ == "__main__":
    sys.meta_path.insert(0, _WithoutPandas())
    sys.exit(main(sys.argv[1:]))
