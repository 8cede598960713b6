"""From paths or a frame to a view of typed rows, one for each row of the source."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.collect.reading.adding_up import file_money
from volver.collect.reading.canonical import PARSED
from volver.collect.reading.dates import UnknownDates
from volver.collect.reading.files import NoFiles, RawFile
from volver.collect.reading.joining import Opened, put_together
from volver.collect.reading.layouts import refusal
from volver.collect.reading.mapping import Recognised, check_said, recognise
from volver.collect.reading.money import FileMoney, check_answers
from volver.collect.reading.names import suggested_currency
from volver.collect.reading.options import Kind, ReadOptions
from volver.collect.reading.paths import expand
from volver.collect.reading.plans import Plan, make_plans
from volver.collect.reading.rows import Frame, rows_sql
from volver.collect.reading.shapes import answered, said_of, shape_of
from volver.collect.reading.staging import stage_frame
from volver.collect.reading.stated import currencies_of
from volver.collect.reading.tables import Table, open_parquet, open_table
from volver.collect.reading.telling import with_telling_rows
from volver.collect.reading.unread_words import unread_words
from volver.core import VolverError, Words, some_of, zone_named

if TYPE_CHECKING:
    import duckdb

_MEMORY = "512MB"
_SHOWN = 10
_SAMPLES = 3
_LONGEST_SAMPLE = 60
_CELLS = 8000  # looked at in each column to tell what it is


class NotRecognised(VolverError):
    """A file's columns are neither orders nor products nor customers."""

    code = "collect.not_recognised"
    says = "{file} is neither orders nor products nor customers. Its columns: {columns}."
    hint = "Say what it is (`--as orders`) and which column is which: `--map date=COLUMN`."


class NoMoneyColumn(VolverError):
    """An order file without a price or a total."""

    code = "collect.no_money_column"
    says = "In {file}, neither a price nor a total is recognised. Its columns: {columns}."
    hint = (
        "Name one: `--map unit_price=COLUMN` for the price of a piece, `--map total=COLUMN` for what the line came to."
    )


class NoKeyColumn(VolverError):
    """A file whose rows cannot be told apart: no order and no customer, no product id."""

    code = "collect.no_key_column"
    says = "In {file}, no {wanted} is recognised. Its columns: {columns}."
    hint = "Name it: `--map {field}=COLUMN`."


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file as it was understood. `label` is its name without its folder; it may be shown and logged.

    `kind` is csv, jsonl, parquet, arrow, sheet or frame. `mapping` goes from field to column. `date_format` and
    `notes` are for people. `unused` columns are kept out of the ledger; those that hold money are `unread_money`, to be
    told first. `layout` names the export that it is, if it is known.
    `money` says what the money of an order file means. `samples` are a few cells of each column, to look at
    while the file is brought. `shape` names its headings, `said` what was said of it this time, `asks` what is open.
    """

    file_no: int
    label: str
    kind: str
    as_: Kind
    n_rows: int
    columns: tuple[str, ...]
    mapping: Mapping[str, str]
    unused: tuple[str, ...]
    encoding: str | None = None
    delimiter: str | None = None
    date_format: str | None = None
    decimal: str | None = None
    notes: tuple[Words, ...] = ()
    money: FileMoney | None = None
    unread_money: tuple[str, ...] = ()
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    layout: str = ""
    shape: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)
    asks: tuple[VolverError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Files that are understood, the questions they leave open (`asks`), and what in a folder was `skipped` and why.

    `selects` goes from a kind to the SQL of its files, in the order of `files`. `currencies` counts, over the first
    rows of order files, in which currency they say that their money is.
    """

    files: tuple[SourceFile, ...]
    selects: Mapping[Kind, tuple[str, ...]]
    asks: tuple[VolverError, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    currencies: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a dry run shows: the files as understood, ten parsed rows (canonical column -> value) and what is asked."""

    files: tuple[SourceFile, ...]
    rows: tuple[Mapping[str, Any], ...]
    asks: tuple[VolverError, ...]


def open_sources(
    paths: Sequence[str | Path],
    options: ReadOptions,
    *,
    shop_currency: str,
    shop_timezone: str,
    workdir: Path,
    now_us: int,
    asking: bool = False,
    unpack_bytes: int = 0,
) -> Sources:
    """Look at every file whole and decide how it is read; nothing is kept but plans and, in `workdir`, unpacked copies.

    Folders are read recursively in sorted order; gz and zip are unpacked. With `asking`, questions that only a person
    can answer (which comes first, day or month?) are returned in `Sources.asks`; otherwise the first one is raised.
    Packed files hold at most `unpack_bytes` (0: what their size makes likely). `workdir` must live as long as the
    views made by `parsed`.
    """
    frame = _frame(options, shop_currency, shop_timezone, now_us)
    skipped: list[tuple[str, str]] = []
    tables: list[tuple[RawFile, Table]] = []
    with _connected(workdir) as connection:
        for raw in expand(paths, workdir, unpack_bytes, skipped, options.sheet):
            try:
                tables.append((raw, open_table(raw, connection, workdir)))
            except VolverError as problem:
                if raw.named:
                    raise
                skipped.append((raw.label, str(problem)))
        return _planned(tables, skipped, options, frame, connection, asking=asking)


def open_frame(
    frame: Any,
    options: ReadOptions,
    *,
    shop_currency: str,
    shop_timezone: str,
    workdir: Path,
    now_us: int,
    asking: bool = False,
) -> Sources:
    """The same for a pandas, polars, Arrow or DuckDB frame, or anything with `__arrow_c_stream__`."""
    path = stage_frame(frame, workdir)
    raw = RawFile(label="frame", path=path, kind="frame", named=True)
    settled = _frame(options, shop_currency, shop_timezone, now_us)
    with _connected(workdir) as connection:
        table = open_parquet(path, "frame", "frame", connection)
        return _planned([(raw, table)], [], options, settled, connection, asking=asking)


@contextmanager
def _connected(workdir: Path) -> "Iterator[duckdb.DuckDBPyConnection]":
    import duckdb

    workdir.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(workdir / "spill")})
    try:
        yield connection
    finally:
        connection.close()


def _frame(options: ReadOptions, shop_currency: str, shop_timezone: str, now_us: int) -> Frame:
    zone = options.timezone or shop_timezone
    zone_named(zone)
    zone_named(shop_timezone)
    currency = (options.currency or shop_currency).strip().upper()
    return Frame(currency=currency, timezone=zone, shop_timezone=shop_timezone, now_us=now_us)


def _planned(
    tables: Sequence[tuple[RawFile, Table]],
    skipped: list[tuple[str, str]],
    options: ReadOptions,
    frame: Frame,
    connection: "duckdb.DuckDBPyConnection",
    *,
    asking: bool,
) -> Sources:
    check_answers(options.money)
    check_said(options.mapping, [column.name for _, table in tables for column in table.columns])
    tables = put_together(list(tables), options, connection)
    alike: dict[object, list[Opened]] = {}
    for raw, table in tables:
        alike.setdefault(tuple((column.name, column.kind) for column in table.columns), []).append((raw, table))
    groups: dict[int, _Group] = {}
    plans: list[Plan] = []
    refused: list[VolverError] = []
    unplanned: list[SourceFile] = []
    for members in alike.values():
        group = _Group.of(members[0][1], options, frame)
        try:
            found = _understood_whole([table for _, table in members], group.options, connection)
            made = make_plans([(table, found) for _, table in members], group.options, frame.shop_timezone, connection)
        except VolverError as problem:
            named = any(raw.named for raw, _ in members)
            if named and not asking:
                raise
            refused.append(problem)
            if named:
                unplanned += [_undecided(table, group, problem) for _, table in members]
            else:
                skipped += [(raw.label, str(problem)) for raw, _ in members]
            continue
        plans += made
        groups |= {id(plan.table): group for plan in made}
    if not plans and not unplanned:
        raise refused[0] if refused else NoFiles(where=some_of([label for label, _ in skipped]) or "the paths")
    by_label = {id(table): number for number, (_, table) in enumerate(tables)}
    plans.sort(key=lambda plan: by_label[id(plan.table)])
    asked = [*(refused if unplanned else ()), *(ask for plan in plans for ask in plan.asks)]
    asks = tuple({(ask.code, str(ask)): ask for ask in asked}.values())
    if asks and not asking:
        raise asks[0]
    selects: dict[Kind, list[str]] = {}
    for number, plan in enumerate(plans, start=1):
        assert plan.found.as_ is not None
        selects.setdefault(plan.found.as_, []).append(rows_sql(plan, number, groups[id(plan.table)].frame))
    described = [_described(plan, n, groups[id(plan.table)], connection) for n, plan in enumerate(plans, start=1)]
    return Sources(
        files=(*described, *unplanned),
        selects={kind: tuple(each) for kind, each in selects.items()},
        asks=asks,
        skipped=tuple(skipped),
        currencies=_stated(plans, frame.currency),
    )


def _stated(plans: Sequence[Plan], ours: str) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for plan in plans:
        found += currencies_of(plan.found.fields, ours) if plan.found.as_ == "orders" else Counter()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """What holds for the files of one layout: the options, the frame, and a note on what was remembered of it."""

    options: ReadOptions
    frame: Frame
    shape: str
    said: Mapping[str, Any]
    note: Words | None

    @staticmethod
    def of(table: Table, options: ReadOptions, frame: Frame) -> "_Group":
        columns = [column.name for column in table.columns]
        chosen, note = answered(options, columns)
        if chosen.timezone and chosen.timezone != frame.timezone:
            zone_named(chosen.timezone)
            frame = replace(frame, timezone=chosen.timezone)
        return _Group(options=chosen, frame=frame, shape=shape_of(columns), said=said_of(options, columns), note=note)


def _undecided(table: Table, group: _Group, problem: VolverError) -> SourceFile:
    """A file that was refused, as far as it is understood, so that a person can say the rest."""
    kind = group.options.as_ or "orders"
    found = recognise(table.columns, as_=kind, said=group.options.mapping)
    used = {column.name for columns in found.fields.values() for column in columns}
    return SourceFile(
        file_no=0,
        label=table.label,
        kind=table.kind,
        as_=kind,
        n_rows=table.n_rows,
        columns=tuple(column.name for column in table.columns),
        mapping=_mapped(found),
        unused=tuple(column.name for column in table.columns if column.name not in used),
        samples=_samples(table),
        shape=group.shape,
        said=group.said,
        asks=(problem,),
    )


def _mapped(found: Recognised) -> dict[str, str]:
    return {field: " + ".join(c.name for c in columns) for field, columns in found.fields.items() if columns}


def _samples(table: Table) -> dict[str, tuple[str, ...]]:
    """The first different cells of each column that say something, cut where they are long."""
    return {
        column.name: tuple(cell[:_LONGEST_SAMPLE] for cell in list(dict.fromkeys(column.filled[:50]))[:_SAMPLES])
        for column in table.columns
    }


def _sampled_together(tables: Sequence[Table]) -> Table:
    """A table with the first cells of all files of one layout, so that a split file is understood as the whole one."""
    if len(tables) == 1:
        return tables[0]
    share = max(_CELLS // len(tables), 20)
    columns = tuple(
        replace(column, cells=[cell for table in tables for cell in table.columns[n].cells[:share]])
        for n, column in enumerate(tables[0].columns)
    )
    return replace(tables[0], columns=columns)


def _understood_whole(
    tables: Sequence[Table], options: ReadOptions, connection: "duckdb.DuckDBPyConnection"
) -> Recognised:
    """What tables of one layout are, by their first rows; and by more where those say nothing of some money."""
    sample = _sampled_together(tables)
    found = _understood(sample, options)
    longer = with_telling_rows(sample, tables, found, connection)
    return found if longer is None else _understood(longer, options)


def _understood(table: Table, options: ReadOptions) -> Recognised:
    """What the table is; raises if it lacks what its kind cannot do without."""
    found = recognise(table.columns, as_=options.as_, said=options.mapping, money=options.money)
    columns = some_of([column.name for column in table.columns])

    def has(*fields: str) -> bool:
        return any(found.fields.get(field) for field in fields)

    if found.as_ is None and found.layout is not None:
        raise refusal(found.layout, table.label)
    if found.as_ is None:
        orders = recognise(table.columns, as_="orders", said=options.mapping).fields
        if orders.get("order_ref") and (orders.get("unit_price") or orders.get("total")) and not orders.get("date"):
            raise UnknownDates(file=table.label, columns=columns)
        raise NotRecognised(file=table.label, columns=columns)
    if found.as_ == "orders":
        if not has("date"):
            raise UnknownDates(file=table.label, columns=columns)
        if not has("unit_price", "total"):
            raise NoMoneyColumn(file=table.label, columns=columns)
        if not has("order_ref", "customer_ref", "email", "customer_name"):
            raise NoKeyColumn(file=table.label, columns=columns, wanted="order or customer", field="order_ref")
    if found.as_ == "products" and not has("product_ref"):
        raise NoKeyColumn(file=table.label, columns=columns, wanted="product id", field="product_ref")
    if found.as_ == "customers" and not has("customer_ref", "email"):
        raise NoKeyColumn(file=table.label, columns=columns, wanted="customer id or e-mail", field="customer_ref")
    return found


def _described(plan: Plan, number: int, group: _Group, connection: "duckdb.DuckDBPyConnection") -> SourceFile:
    table, found, frame = plan.table, plan.found, group.frame
    summed = found.as_ == "orders" and not plan.asks
    used = {column.name for columns in found.fields.values() for column in columns}
    notes = [*table.notes, *_layout_notes(found), *([group.note] if group.note else []), *found.notes, *plan.notes]
    hints = {suggested_currency(column.name) for field in ("unit_price", "total") for column in plan.columns(field)}
    other = sorted(hint for hint in hints if hint and hint != frame.currency)
    notes += [
        Words(
            "A column's name says {code}; the money is counted as {currency}.",
            {"code": code, "currency": frame.currency},
        )
        for code in other
    ]
    if found.as_ == "orders":
        notes += unread_words(table.columns, used | set(found.money.unread), has_status=bool(plan.columns("status")))
    if not table.n_rows:
        notes.append(Words("The file has headings and no rows."))
    typed = found.as_ == "orders" and plan.date_plan is None
    return SourceFile(
        file_no=number,
        label=table.label,
        kind=table.kind,
        as_=found.as_ or "orders",
        n_rows=table.n_rows,
        columns=tuple(column.name for column in table.columns),
        mapping=_mapped(found),
        unused=tuple(column.name for column in table.columns if column.name not in used),
        encoding=table.encoding,
        delimiter=table.delimiter,
        date_format="typed" if typed else plan.date_plan.words if plan.date_plan else None,
        decimal=plan.decimal if table.kind in ("csv", "jsonl") else None,
        notes=tuple(notes),
        money=file_money(plan, frame, connection) if summed else None,
        unread_money=found.money.unread,
        samples=_samples(table),
        layout=found.layout.name if found.layout else "",
        shape=group.shape,
        said=group.said,
        asks=plan.asks,
    )


def _layout_notes(found: Recognised) -> tuple[Words, ...]:
    """Which export a file is, by which of its columns; nothing for one that nobody knows."""
    if found.layout is None:
        return ()
    facts = {"layout": found.layout.name, "columns": ", ".join(found.layout.headings[:3])}
    return (Words("This is {layout}, by its columns {columns} and others.", facts),)


def parsed(sources: Sources, connection: "duckdb.DuckDBPyConnection", as_: Kind = "orders") -> str | None:
    """Make a view of the typed rows of one kind on the connection and return its name; None if no file is of that kind.

    Columns, types and meaning: `PARSED[as_]`. Reasons in `problem`: `PROBLEMS`. Each source row appears exactly once
    (a JSON order once per line item). Rows stream; nothing is held. Several scans give the same rows.
    Raises the first of `sources.asks`.
    """
    if sources.asks:
        raise sources.asks[0]
    selects = sources.selects.get(as_)
    if not selects:
        return None
    view = f"parsed_{as_}"
    connection.execute(f"CREATE OR REPLACE VIEW {view} AS {' UNION ALL '.join(selects)}")
    return view


def preview(sources: Sources) -> Preview:
    """What a dry run prints. Rows are missing where a question is open."""
    import duckdb

    rows: list[Mapping[str, Any]] = []
    if not sources.asks:
        with duckdb.connect() as connection:
            for kind, selects in sources.selects.items():
                left = _SHOWN - len(rows)
                names = list(PARSED[kind])
                shown = connection.execute(f"SELECT * FROM ({' UNION ALL '.join(selects)}) LIMIT {left}").fetchall()
                rows += [dict(zip(names, row, strict=True)) for row in shown]
    return Preview(files=sources.files, rows=tuple(rows), asks=sources.asks)
