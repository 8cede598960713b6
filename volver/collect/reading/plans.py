"""How one file is read, decided from all of it: the plan that `rows` turns into SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from volver.collect.reading import dates, numbers
from volver.collect.reading.contents import Column
from volver.collect.reading.day_order import said, telling_cell, told_by_surroundings
from volver.collect.reading.mapping import Recognised
from volver.collect.reading.options import ReadOptions
from volver.collect.reading.stated import zone_of
from volver.collect.reading.tables import Table
from volver.core import VolverError, Words, one_line, some_of

if TYPE_CHECKING:
    import duckdb

NUMBERS = (
    *("quantity", "unit_price", "total", "discount", "cost", "order_discount", "refunded", "refunded_quantity"),
    *("cancelled_quantity", "tax", "shipping", "fee", "tip", "gift_card", "order_total"),
)
REFS = ("order_ref", "product_ref")
_ENOUGH_STEPS = 8
_LONGEST_CELL = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A table, its fields, and how their cells become dates, numbers and references.

    `fancy` names the number columns (SQL names) that hold more than plain numbers; `floats` the reference fields
    written as 85123.0. `date_plan` is None for columns that are dates already.
    """

    table: Table
    found: Recognised
    date_plan: dates.DatePlan | None = None
    has_time: bool = False
    zone: str | None = None  # of times that name none, as the heading says it
    decimal: str = "."
    fancy: frozenset[str] = frozenset()
    floats: frozenset[str] = frozenset()
    asks: tuple[VolverError, ...] = ()
    notes: tuple[Words, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)

    def columns(self, name: str) -> tuple[Column, ...]:
        """The columns of a field; empty if the file has none."""
        return self.found.fields.get(name, ())


def date_text(plan: Plan) -> str:
    """SQL for the text of a date, with the time of its own column behind it."""
    column = plan.columns("date")[0]
    if column.kind == "timestamp":
        text = f"strftime({column.sql}, '%Y-%m-%d')"
    elif column.kind in ("date", "integer", "float", "decimal"):
        text = f"cast({column.sql} AS VARCHAR)"
        text = f"regexp_replace({text}, '[.]0+$', '')" if column.kind in ("float", "decimal") else text
    else:
        text = column.sql
    if not plan.columns("time"):
        return text
    time = plan.columns("time")[0].sql
    only_date = f"regexp_replace(trim({text}), '[ T]0?0:00(:00)?([.]0+)?$', '')"
    return f"concat_ws(' ', {only_date}, nullif(trim({time}), ''))"


def is_typed_date(plan: Plan) -> bool:
    """Whether the date column needs no reading."""
    kind = plan.columns("date")[0].kind
    return kind == "instant" or (kind in ("date", "timestamp") and not plan.columns("time"))


def make_plans(
    tables: Sequence[tuple[Table, Recognised]],
    options: ReadOptions,
    zone: str,
    connection: "duckdb.DuckDBPyConnection",
) -> list[Plan]:
    """Plans for files of one layout: what all of them say together decides how each is read; `zone` is the shop's."""
    plans = [Plan(table=table, found=found) for table, found in tables]
    seen = [_look(plan, connection) for plan in plans]
    mark = options.decimal or numbers.decimal_mark([each for look in seen for each in look.numbers.values()])
    asks: list[VolverError] = list(plans[0].found.money.asks) if plans else []
    if mark is None:
        columns = [c.name for f in NUMBERS for c in plans[0].columns(f) if _is_open(seen, c)]
        asks.append(numbers.AmbiguousDecimals(file=plans[0].table.label, column=some_of(columns) or "the file"))
    done = []
    for plan, look in zip(plans, seen, strict=True):
        fancy = [sql for sql, sorts in look.numbers.items() if any(sort.startswith("fancy") for sort in sorts)]
        done.append(replace(plan, decimal=mark or ".", fancy=frozenset(fancy), floats=frozenset(look.floats)))
    if done and done[0].columns("date"):
        done, more = _with_dates(done, seen, options, zone, connection)
        asks += more
    return [replace(plan, asks=tuple(asks), zone=_zone(plan)) for plan in done]


def _zone(plan: Plan) -> str | None:
    dates_ = plan.columns("date")
    return zone_of(dates_[0].name) if dates_ else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one scan of a whole file found."""

    numbers: Mapping[str, Mapping[str, int]]
    floats: Sequence[str]
    n_timed: int
    date_evidence: dates.Evidence | None


def _is_open(seen: Sequence[_Look], column: Column) -> bool:
    return any(sort.endswith("either") for look in seen for sort in look.numbers.get(column.sql, {}))


def _look(plan: Plan, connection: "duckdb.DuckDBPyConnection") -> _Look:
    """Read the file once for everything that its first rows cannot settle."""
    numeric = [c for f in NUMBERS for c in plan.columns(f) if c.kind == "text"]
    floats = [f for f in REFS if plan.columns(f) and _all_floats(plan.columns(f)[0])]
    wanted = [numbers.evidence(column.sql) for column in numeric]
    wanted += [f"bool_and({_blank_or_float(plan.columns(f)[0].sql)})" for f in floats]
    has_dates, n_dates = bool(plan.columns("date")), 0
    if has_dates and not is_typed_date(plan):
        text, n_dates = date_text(plan), 4
        wanted += dates.evidence(text, words=_has_words(plan))
    elif has_dates and plan.columns("date")[0].kind == "timestamp":
        sql = plan.columns("date")[0].sql
        wanted.append(f"count(*) FILTER (cast({sql} AS TIME) <> TIME '00:00:00')")
    if not wanted:
        return _Look(numbers={}, floats=(), n_timed=0, date_evidence=None)
    row = connection.execute(f"SELECT {', '.join(wanted)} FROM {plan.table.scan} WHERE fault IS NULL").fetchall()[0]
    after = len(numeric) + len(floats)
    found = None
    if n_dates:
        shapes, first_no_month, first_no_day, second_no_month = row[after:]
        found = dates.Evidence(
            shapes=shapes or {},
            first_no_month=int(first_no_month),
            first_no_day=int(first_no_day),
            second_no_month=int(second_no_month),
        )
    return _Look(
        numbers={column.sql: row[n] or {} for n, column in enumerate(numeric)},
        floats=[f for n, f in enumerate(floats) if row[len(numeric) + n]],
        n_timed=int(row[after]) if len(row) == after + 1 else 0,
        date_evidence=found,
    )


def _all_floats(column: Column) -> bool:
    return column.kind == "text" and bool(column.filled) and all(cell.endswith(".0") for cell in column.filled)


def _blank_or_float(sql: str) -> str:
    return f"{numbers.blank(sql)} OR ends_with(trim({sql}), '.0')"


def _has_words(plan: Plan) -> bool:
    cells = [cell for column in (*plan.columns("date")[:1], *plan.columns("time")[:1]) for cell in column.filled]
    return any(dates.has_words(cell) for cell in cells)


def _with_dates(
    plans: Sequence[Plan],
    seen: Sequence[_Look],
    options: ReadOptions,
    zone: str,
    connection: "duckdb.DuckDBPyConnection",
) -> tuple[list[Plan], list[VolverError]]:
    if is_typed_date(plans[0]):
        timed = any(look.n_timed for look in seen) or plans[0].columns("date")[0].kind == "instant"
        return [replace(plan, has_time=timed) for plan in plans], []
    words = any(_has_words(plan) for plan in plans)
    all_found = [look.date_evidence for look in seen if look.date_evidence is not None]
    together = dates.Evidence(
        shapes=_added([each.shapes for each in all_found]),
        first_no_month=sum(each.first_no_month for each in all_found),
        first_no_day=sum(each.first_no_day for each in all_found),
        second_no_month=sum(each.second_no_month for each in all_found),
    )
    label, column = plans[0].table.label, plans[0].columns("date")[0].name
    asks: list[VolverError] = []
    notes: tuple[Words, ...] = ()
    day_first = options.day_first if options.day_first is not None else together.day_first
    if day_first is None and together.open_shape:
        day_first = _in_order(plans, together, words, connection)
        if day_first is None:
            cells = [cell for plan in plans for cell in plan.columns("date")[0].filled]
            cell = telling_cell(cells) or together.open_shape.replace("9", "0")
            told = told_by_surroundings(
                [each.name for each in plans[0].table.columns],
                decimal=plans[0].decimal,
                delimiter=plans[0].table.delimiter,
                mark=together.open_shape.lstrip("9")[:1],
                zone=zone,
            )
            if told is None:
                asks.append(dates.AmbiguousDates(file=label, column=column, cell=one_line(cell, _LONGEST_CELL)))
            else:
                day_first, why = told
                notes = (said(why, column, one_line(cell, _LONGEST_CELL), day_first=day_first),)
    if not any(plan.table.n_rows for plan in plans):
        return [replace(plan, date_plan=dates.DatePlan(local=("%Y-%m-%d",))) for plan in plans], []
    found = dates.plan(together, day_first=day_first, words=words)
    if found is None:
        columns = some_of([each.name for each in plans[0].table.columns])
        raise dates.UnknownDates(file=label, columns=columns)
    return [replace(plan, date_plan=found, has_time=found.has_time, notes=notes) for plan in plans], asks


def _added(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for shape, count in each.items():
            total[shape] = total.get(shape, 0) + count
    return total


def _in_order(
    plans: Sequence[Plan], together: dates.Evidence, words: bool, connection: "duckdb.DuckDBPyConnection"
) -> bool | None:
    """Files are often sorted: if only one reading never steps back, over many steps, it is the right one."""
    back, steps = {True: 0, False: 0}, {True: 0, False: 0}
    for day_first in (True, False):
        read = dates.plan(together, day_first=day_first, words=words)
        if read is None:
            return None
        for plan in plans:
            day = f"cast({dates.local_sql(read, date_text(plan))} AS DATE)"
            days = f"SELECT {day} AS d, row_no FROM {plan.table.scan} WHERE {day} IS NOT NULL"
            row = connection.execute(
                "SELECT count(*) FILTER (d < before), count(*) FILTER (d > before), count(*) FILTER (d <> before) "
                f"FROM (SELECT d, lag(d) OVER (ORDER BY row_no) AS before FROM ({days}))"
            ).fetchall()[0]
            back[day_first] += min(row[0], row[1])
            steps[day_first] += row[2]
    for day_first in (True, False):
        if back[day_first] == 0 and back[not day_first] > 0 and steps[day_first] >= _ENOUGH_STEPS:
            return day_first
    return None
