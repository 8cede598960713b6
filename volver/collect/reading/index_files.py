"""What a store sold by day, week or month, from a file or a frame as shops and accountants write them.

Reads CSV of any delimiter, decimal comma or point, English or Spanish headers; writes nothing. A row that says nothing
sound is told with its number and reason, never taken for zero.
"""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final

from volver.collect.reading.small_tables import (
    cell_of,
    cells_of,
    date_of,
    decimal_mark,
    is_month_first,
    month_number,
    month_of,
    number_of,
    table_of,
)
from volver.core import VolverError, Words, folded

ORDERS: Final = "orders"  # counts, summed over a row's days
SALES: Final = "sales"  # money, summed over a row's days
INDEX: Final = "index"  # a level, the same on each of a row's days
DAY, WEEK, MONTH, ANY_YEAR = "day", "week", "month", "month of every year"
_WHEN: Final = {
    DAY: "day date fecha dia orderdate fechapedido fechadepedido",
    WEEK: "week semana isoweek weekstart weekstarting weekof semanadel",
    MONTH: "month mes period periodo yearmonth anomes mesano monthyear",
    "year": "year ano anio ejercicio",
}
_WHAT: Final = (
    (INDEX, "index indice"),
    (
        ORDERS,
        "orders pedidos totalorders totalpedidos ordercount orderscount orderstotal numberoforders numorders nopedidos "
        "nodepedidos numerodepedidos numeropedidos numpedidos npedidos pedidostotales ordenes compras "
        "transactions transacciones tickets invoices facturas operaciones",
    ),
    (
        SALES,
        "sales ventas revenue ingresos facturacion turnover netsales grosssales totalsales salestotal ventastotales "
        "ventasnetas ventasbrutas totalventas totalfacturado importe amount baseimponible total",
    ),
    (INDEX, "value valor indicador nivel level"),
)
_RATES: Final = {"average", "avg", "medio", "media", "value", "valor", "per", "por", "rate", "tasa"}
_PREAMBLE: Final = 10  # rows in which the header is looked for
_MOST: Final = 1e12
_STEPS: Final = ((3, DAY), (9, WEEK), (33, MONTH))  # days between rows, at most
_HOLE: Final = 15  # days without a row that may be days without an order; more are unknown


class BadCalendarFile(VolverError):
    """A file that tells no seasons."""

    code = "predict.bad_calendar_file"
    says = "The calendar in {file} cannot be read: {why}."
    hint = "Give one column that says when (day, week or month) and one that says how much (orders, sales or index)."


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """What was sold from one day to another, both included; without days, in a `month` (1 to 12) of every year."""

    value: float
    first: date | None = None
    last: date | None = None
    month: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreIndex:
    """Rows that do not overlap, by day; `kind` says what their values are: `ORDERS`, `SALES` or `INDEX`."""

    kind: str
    rows: tuple[IndexRow, ...]

    def until(self, day: date) -> "StoreIndex":
        """What was known at the end of a day: rows that were over by then, and those of every year."""
        return replace(self, rows=tuple(each for each in self.rows if each.last is None or each.last <= day))


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """What a file holds: the index, whether its rows are days, weeks, months or months of every year, and the rows that
    were not read: their numbers (the header is 1) and why.
    """

    name: str
    index: StoreIndex
    step: str
    aside: tuple[tuple[int, Words], ...]


@dataclass(frozen=True, slots=True)
class _Header:
    """Where a table says what."""

    width: int
    when: str
    place: int
    year: int | None
    kind: str
    values: tuple[tuple[int, str], ...]  # columns, and the year that each is of, if any


def read_index_file(source: Any, today: date) -> IndexFile:
    """The index in a CSV file (its path) or a frame (pandas, polars, Arrow, DuckDB).

    Rows of a day, week or month that is not over `today` are set aside. Totals of the same day add up.
    Raises `predict.bad_calendar_file`.
    """
    name = Path(source).name if isinstance(source, str | Path) else "the frame"

    def problem(why: str) -> BadCalendarFile:
        return BadCalendarFile(file=name, why=why)

    table = table_of(Path(source), problem) if isinstance(source, str | Path) else cells_of(source)
    header, lines = _opened(table, problem)
    cells = list(_long(header, lines))
    mark = decimal_mark([value for *_, value in cells])
    step, spans = _spans(header, [when for _, when, _ in cells], problem)
    rows: dict[tuple[date | None, int | None], IndexRow] = {}
    aside: dict[int, Words] = {}
    for (number, _, value), span in zip(cells, spans, strict=True):
        found = _row(span, value, mark, today)
        if isinstance(found, Words):
            aside.setdefault(number, found)
            continue
        key = (found.first, found.month)
        if key in rows and header.kind == INDEX:
            aside.setdefault(number, Words("the same time as a row before"))
            continue
        before = rows[key].value if key in rows else 0.0
        rows[key] = IndexRow(value=before + found.value, first=found.first, last=found.last, month=found.month)
    index = StoreIndex(kind=header.kind, rows=_in_order(rows.values(), step, header.kind))
    if not rows:
        raise problem("no row has both a time and a number")
    return IndexFile(name=name, index=index, step=step, aside=tuple(sorted(aside.items(), key=lambda each: each[0])))


def _opened(table: Iterator[list[str]], problem: Any) -> tuple[_Header, list[tuple[int, list[str]]]]:
    """The header and the numbered rows below it; titles above a header are passed over."""
    first = list(islice(table, _PREAMBLE))
    if not first:
        raise problem("it is empty")
    for number, row in enumerate(first, 1):
        header = _header(row)
        if header is not None:
            rest = [*first[number:], *table]
            return header, [(at, each) for at, each in enumerate(rest, number + 1) if any(map(str.strip, each))]
    has_when = any(key in names.split() for row in first for key in map(_key, row) for names in _WHEN.values())
    missing = "how much was sold (orders, sales or index)" if has_when else "when (day, week or month)"
    raise problem(f"no column says {missing}")


def _header(row: Sequence[str]) -> _Header | None:
    keys = [_key(each) for each in row]

    def place(names: str) -> int | None:
        return next((keys.index(each) for each in names.split() if each in keys), None)

    places = {kind: place(names) for kind, names in _WHEN.items()}
    when = next((kind for kind in (DAY, WEEK, MONTH) if places[kind] is not None), None)
    if when is None:
        return None
    for kind, names in _WHAT:
        value = place(names)
        if value is None and kind == ORDERS:
            value = next((i for i, each in enumerate(row) if _says_orders(each)), None)
        if value is not None:
            return _Header(len(row), when, places[when] or 0, places["year"], kind, ((value, ""),))
    years = tuple((i, each.strip()) for i, each in enumerate(row) if re.fullmatch(r"(19|20)\d\d", each.strip()))
    if years and when == MONTH:  # one column a year, as accountants like it
        return _Header(len(row), when, places[when] or 0, None, SALES, years)
    return None


def _says_orders(name: str) -> bool:
    """Whether a longer name is one of counted orders: web orders (all), not orders per customer."""
    words = re.findall(r"[a-z]+", folded(name))
    return bool({"orders", "pedidos"} & {*words}) and not _RATES & {*words}


def _key(name: str) -> str:
    return re.sub(r"[^a-z]", "", re.sub(r"\b(eur|usd|gbp|euros?)\b", "", folded(name)))


def _long(header: _Header, lines: Sequence[tuple[int, list[str]]]) -> Iterator[tuple[int, str, str]]:
    """Number, time and value of each cell that says something; a year in a column of its own joins the time."""
    wide = len(header.values) > 1
    for number, row in lines:
        when = cell_of(row, header.place)
        for place, of_year in header.values:
            value = cell_of(row, place)
            year = of_year or (cell_of(row, header.year) if header.year is not None else "")
            if any(each.strip() for each in row[header.width :]):
                yield number, "", ""
            elif value or not wide:
                yield number, _joined(when, year, header.when), value


def _joined(when: str, year: str, kind: str) -> str:
    if not re.fullmatch(r"(19|20)\d\d", year):
        return when
    if kind == WEEK and re.fullmatch(r"\d{1,2}", when):
        return f"{year}-W{when}"
    month = month_number(when)
    return when if month is None else f"{year}-{month:02}"


Span = tuple[date | None, date | None, int | None]


def _spans(header: _Header, cells: Sequence[str], problem: Any) -> tuple[str, list[Span | None]]:
    """Whether rows are days, weeks, months or months of every year; first and last day of each, or its month alone."""
    month_first = _is_month_first(cells)
    days = [date_of(each, month_first=month_first) for each in cells]
    months = [month_of(each, month_first=month_first) for each in cells]
    alone = [month_number(each) for each in cells]
    counts = {
        DAY: sum(each is not None for each in days),
        MONTH: sum(each is not None for each in months),
        ANY_YEAR: sum(each is not None for each in alone),
    }
    if not any(counts.values()):
        raise problem("no row says when: days as 2024-03-31 or 31/03/2024, months as 2024-03 or marzo 2024")
    if counts[ANY_YEAR] > max(counts[DAY], counts[MONTH]):
        return ANY_YEAR, [None if each is None else (None, None, each) for each in alone]
    step = _step(header.when, days) if counts[DAY] >= counts[MONTH] and header.when != MONTH else MONTH
    if step is None:
        raise problem("its rows are neither days, nor weeks, nor months")
    if step == MONTH:
        return MONTH, [None if each is None else _whole_month(each) for each in months]
    length = timedelta(days=6 if step == WEEK else 0)
    return step, [None if each is None else (each, each + length, None) for each in days]


def _step(when: str, days: Sequence[date | None]) -> str | None:
    if when == WEEK:
        return WEEK
    known = sorted({each for each in days if each is not None})
    gap = median([(b - a).days for a, b in pairwise(known)]) if len(known) > 1 else 1.0
    return next((step for most, step in _STEPS if gap <= most), None)


def _is_month_first(cells: Sequence[str]) -> bool:
    """As the cells alone say; where they say nothing, the reading in which rows come at a more even pace."""
    if is_month_first(cells):
        return True
    even = []
    for month_first in (False, True):
        days = [date_of(each, month_first=month_first) for each in cells]
        known = sorted({each for each in days if each is not None})
        gaps = Counter(min((b - a).days, 28) if (b - a).days <= 31 else 99 for a, b in pairwise(known))
        even.append((len(known), max(gaps.values(), default=0)))
    return even[1] > even[0]


def _whole_month(text: str) -> Span:
    first = date.fromisoformat(f"{text}-01")
    return first, first.replace(day=monthrange(first.year, first.month)[1]), None


def _row(span: Span | None, value: str, mark: str, today: date) -> IndexRow | Words:
    """A row, or why it is none."""
    if span is None:
        return Words("a time that cannot be read")
    number = number_of(value.strip().removesuffix("%"), mark)
    if number is None or not 0 <= number <= _MOST:
        return Words("no number of 0 or more")
    if span[1] is not None and span[1] >= today:
        return Words("a time that is not over yet")
    return IndexRow(value=number, first=span[0], last=span[1], month=span[2])


def _in_order(rows: Any, step: str, kind: str) -> tuple[IndexRow, ...]:
    """By time. Where no day says 0, days without orders were left out of the file: they are put in."""
    found = sorted(rows, key=lambda each: (each.first or date.min, each.month or 0))
    if step != DAY or kind == INDEX or any(each.value == 0 for each in found):
        return tuple(found)
    whole = list(found[:1])
    for before, each in pairwise(found):
        hole = (each.first - before.first).days
        if hole <= _HOLE:
            empty = (before.first + timedelta(days=n) for n in range(1, hole))
            whole += [IndexRow(value=0.0, first=day, last=day) for day in empty]
        whole.append(each)
    return tuple(whole)
