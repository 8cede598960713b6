"""How a CSV file is laid out: delimiter, header, lines before it; and how DuckDB is told."""

import csv
import io
import itertools
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from volver.collect.reading.files import CannotRead, fresh
from volver.collect.reading.quoting import literal

_HEAD = 1 << 18
_DELIMITERS = (";", "\t", "|", ",")
_VALUE = re.compile(r"^[\W_]*\d[\d\W_]*$|^\S+@\S+\.\S+$|^\d{1,4}[-/. ]\w{2,4}[-/. ]\d{1,4}\b")
_MOST_LINES_IN_A_ROW = 200
_VAIN = 50  # so many quotes that never close, and fewer lines are looked at for the next one's end
csv.field_size_limit(1 << 30)  # a cell may be as large as its file: what is too large for a row is said by the row


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One CSV file: `skip` lines come before the header (or the first row, if it has no header)."""

    delimiter: str
    names: tuple[str, ...]
    has_header: bool
    skip: int = 0
    quote: str = '"'
    repaired: bool = False

    def sql(self, path: Path) -> str:
        """A scan with text columns c0, c1, … and `surplus`, which holds what a row has beyond the header.

        Where a row ends early its cells are NULL; empty cells are empty texts. A repaired file has
        `fault` and `line` before them.
        """
        names = [*(f"c{n}" for n in range(len(self.names))), "surplus"]
        names = ["fault", "line", *names] if self.repaired else names
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        return (
            f"read_csv({literal(str(path))}, auto_detect = false, header = {str(self.has_header).lower()}, "
            f"skip = {self.skip}, delim = {literal(self.delimiter)}, quote = {literal(self.quote)}, "
            f"escape = {literal(self.quote)}, nullstr = chr(1), null_padding = true, parallel = false, "
            f"max_line_size = 8388608, columns = {{{columns}}})"
        )


def sniff(path: Path, label: str) -> Dialect:
    """The dialect of a UTF-8 file, from its first rows. Raises `collect.cannot_read` for what is no table."""
    with path.open(encoding="utf-8-sig", newline="") as opened:
        head = opened.read(_HEAD)
        whole = not opened.read(1)
    if not head.strip():
        raise CannotRead(file=label, why="it is empty")
    named = re.match(r"sep=(.)\r?\n", head, re.IGNORECASE)
    best: tuple[float, int, list[list[str]], list[int], str] | None = None
    for delimiter in (named[1],) if named else _DELIMITERS:
        rows, starts = _rows(head, delimiter, whole=whole)
        if not rows:
            continue
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if widths:
            width, times = widths.most_common(1)[0]
            score = times / len(rows)
            if best is None or (round(score, 2), width) > (round(best[0], 2), best[1]):
                best = (score, width, rows, starts, delimiter)
    if best is None:
        raise CannotRead(file=label, why="it has one column only, so it is no table")
    _, width, rows, starts, delimiter = best
    first = first_row(rows, width)
    header = rows[first]
    has_header = is_header(header)
    n_columns = max(width, len(header))
    return Dialect(
        delimiter=delimiter,
        names=column_names(header if has_header else [], n_columns),
        has_header=has_header,
        skip=starts[first],
    )


def _rows(head: str, delimiter: str, *, whole: bool) -> tuple[list[list[str]], list[int]]:
    """The first thousand rows and the line on which each starts; the last one may be cut and is left out."""
    rows, starts, is_sound = _parsed(head, delimiter, csv.QUOTE_MINIMAL)
    if not is_sound:
        rows, starts, _ = _parsed(head, delimiter, csv.QUOTE_NONE)
        rows = [[cell.strip('"') for cell in row] for row in rows]
    if not whole or len(rows) > 1000:
        rows = rows[:-1] or rows
    return rows, starts


def _parsed(head: str, delimiter: str, quoting: Literal[0, 3]) -> tuple[list[list[str]], list[int], bool]:
    """Rows, the line on which each starts, and whether none is so long that a quote in it cannot have closed."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, quoting=quoting)
    rows, starts, start = [], [], 0
    for row in itertools.islice(reader, 1001):
        if any(cell.strip() for cell in row):
            rows.append(row)
            starts.append(start)
        if reader.line_num - start > _MOST_LINES_IN_A_ROW:
            return rows, starts, False
        start = reader.line_num
    return rows, starts, True


def first_row(rows: list[list[str]], width: int) -> int:
    """The place of the first row of a table of this width: what comes before it is a title."""
    return next((n for n, row in enumerate(rows[:30]) if sum(cell.strip() != "" for cell in row) > width / 2), 0)


def is_header(row: list[str]) -> bool:
    """Whether a row is made of headings: no number, day or address stands in it."""
    return not any(_VALUE.match(cell.strip()) for cell in row)


def column_names(header: list[str], n_columns: int) -> tuple[str, ...]:
    """A name for each column, each once: its heading, or its number."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for number in range(n_columns):
        name = header[number].strip().strip("\ufeff") if number < len(header) else ""
        name = name or f"column_{number + 1}"
        names.append(f"{name}_{seen[name] + 1}" if seen[name] else name)
        seen[name] += 1
    return tuple(names)


def spaced(path: Path, workdir: Path) -> Path | None:
    """A copy with tabs of a table that is laid out with spaces; None if the file is no such table."""
    with path.open(encoding="utf-8-sig") as opened:
        widths = Counter(len(line.split()) for line in itertools.islice(opened, 1000) if line.strip())
    if len(widths) != 1 or next(iter(widths)) < 3:
        return None
    target = fresh(workdir, ".tsv")
    with path.open(encoding="utf-8-sig") as opened, target.open("w", encoding="utf-8") as out:
        out.writelines("\t".join(line.split()) + "\n" for line in opened if line.strip())
    return target


def repair(path: Path, dialect: Dialect, workdir: Path) -> tuple[Path, Dialect]:
    """A clean copy of a file whose quotes do not pair or whose rows are too long for DuckDB's reader.

    Rows that cannot be told apart are kept whole in its first two columns: `fault` (a reason of `PROBLEMS`) and
    `line`. Each row of the copy is one row of the source.
    """
    target, n_columns = fresh(workdir, ".csv"), len(dialect.names)
    with path.open(encoding="utf-8-sig", newline="") as opened, target.open("w", encoding="utf-8", newline="") as out:
        lines = itertools.islice(opened, dialect.skip, None)
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        records = _records(lines, dialect.delimiter, n_columns)
        writer.writerow(["fault", "line", *dialect.names])
        if dialect.has_header:
            next(records, None)
        for row, line in records:
            if row is None:
                writer.writerow(["unreadable", line])
            elif any(cell.strip() for cell in row[n_columns:]):
                writer.writerow(["too_many_columns", line])
            else:
                writer.writerow(["", "", *row[:n_columns]])
    return target, replace(dialect, has_header=True, delimiter=",", quote='"', skip=0, repaired=True)


def _records(lines: Iterator[str], delimiter: str, n_columns: int) -> Iterator[tuple[list[str] | None, str]]:
    """Rows with the text they were made of; None for a line with a quote that never closes."""
    waiting: deque[str] = deque()
    n_vain = 0
    while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
        if line.count('"') % 2 == 1 and not _opens(line, delimiter):
            yield next(csv.reader([line], delimiter=delimiter), []), line.rstrip("\r\n")
            continue
        held, quotes, cells = [line], line.count('"'), list[str]()
        most = max(2, _MOST_LINES_IN_A_ROW >> (n_vain // _VAIN))
        while True:
            if quotes % 2 == 0:
                cells = next(csv.reader(held, delimiter=delimiter), [])
                if len(held) == 1 or len(cells) == n_columns:
                    break
            more = None if len(held) >= most else waiting.popleft() if waiting else next(lines, None)
            if more is None:
                n_vain += 1
                waiting.extendleft(reversed(held[1:]))
                yield _unquoted(line, delimiter, n_columns)
                held = []
                break
            held.append(more)
            quotes += more.count('"')
        if held and any(cell.strip() for cell in cells):
            yield cells, "".join(held).rstrip("\r\n")


def _opens(line: str, delimiter: str) -> bool:
    """Whether a cell of the line begins with a quote, so that the quote is more than a character."""
    return re.search(rf'(?:^|{re.escape(delimiter)})\s*"', line) is not None


def _unquoted(line: str, delimiter: str, n_columns: int) -> tuple[list[str] | None, str]:
    """A line with a stray quote is a row if it has the right number of cells without quoting."""
    text = line.rstrip("\r\n")
    row = [cell.strip('"') for cell in text.split(delimiter)]
    return (row if len(row) == n_columns else None), text
