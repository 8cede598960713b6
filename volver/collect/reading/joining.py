"""Orders whose lines, dates and customers stand in files of their own, as databases export them: put together again."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from volver.collect.reading.contents import Column
from volver.collect.reading.files import RawFile
from volver.collect.reading.mapping import Fields, recognise
from volver.collect.reading.names import key
from volver.collect.reading.options import ReadOptions
from volver.collect.reading.tables import Table, sampled

if TYPE_CHECKING:
    import duckdb

Opened = tuple[RawFile, Table]


def put_together(opened: list[Opened], options: ReadOptions, connection: "duckdb.DuckDBPyConnection") -> list[Opened]:
    """The files, with one file of lines joined to the one file of orders that has its dates, if there are two such.

    If the orders name their customer by a column that a customer file explains with another id (one customer, many
    account numbers), that id is joined too. Lines keep their number and order; orders without lines bring no money.
    """
    if options.as_ not in (None, "orders"):
        return opened
    fields = [recognise(table.columns, as_="orders", said=options.mapping).fields for _, table in opened]
    lines = [n for n, each in enumerate(fields) if _is_lines(each)]
    heads = [n for n, each in enumerate(fields) if _is_heads(each)]
    if len(lines) != 1 or len(heads) != 1:
        return opened
    (line,), (head,) = lines, heads
    ref = fields[line]["order_ref"][0]
    together = _join(opened[line][1], ref, opened[head][1], fields[head]["order_ref"][0], connection)
    people = _people(opened, fields[head], skip={line, head})
    if people is not None:
        table, theirs = people
        ours = next((c for c in together.columns if key(c.name) == key(theirs.name)), None)
        if ours is not None:
            together = _join(together, ours, table, theirs, connection)
    joined = (opened[line][0], together)
    return [joined if n == line else each for n, each in enumerate(opened) if n != head]


def _is_lines(fields: Fields) -> bool:
    """Products with prices under an order number, and no date."""
    has_product = fields.get("product_ref") or fields.get("product_name")
    has_money = fields.get("unit_price") or fields.get("total")
    return bool(fields.get("order_ref") and has_product and has_money and not fields.get("date"))


def _is_heads(fields: Fields) -> bool:
    """One dated row for each order number, and no products."""
    if not fields.get("order_ref") or not fields.get("date") or fields.get("product_ref"):
        return False
    ref = fields["order_ref"][0]
    return ref.n_distinct == len(ref.filled) and not fields.get("quantity")


def _people(opened: Sequence[Opened], head: Fields, skip: set[int]) -> tuple[Table, Column] | None:
    """The customer file that has the orders' customer column beside a better id."""
    if not head.get("customer_ref"):
        return None
    wanted = key(head["customer_ref"][0].name)
    for number, (_, table) in enumerate(opened):
        theirs = next((column for column in table.columns if key(column.name) == wanted), None)
        if number in skip or theirs is None:
            continue
        found = recognise(table.columns, as_=None, said={})
        better = found.fields.get("customer_ref", ())
        if found.as_ == "customers" and better and better[0] is not theirs and theirs.n_distinct == len(theirs.filled):
            return table, theirs
    return None


def _join(
    left: Table, left_key: Column, right: Table, right_key: Column, connection: "duckdb.DuckDBPyConnection"
) -> Table:
    """Every row of the left table, once, with the right table's columns (those whose names are new) behind its own."""
    known = {key(column.name) for column in left.columns}
    added = [column for column in right.columns if key(column.name) not in known]
    n_left = len(left.columns)
    ours = ", ".join(f"l.{column.sql}" for column in left.columns)
    theirs = ", ".join(f"r.{column.sql} AS c{n_left + n}" for n, column in enumerate(added))
    text = "trim(cast({0} AS VARCHAR))"
    order = f"PARTITION BY {text.format(right_key.sql)} ORDER BY row_no"
    once = f"(SELECT * FROM {right.scan} QUALIFY row_number() OVER ({order}) = 1)"
    scan = (
        f"(SELECT {ours}, {theirs}, l.row_no, l.fault, l.line, l.surplus FROM {left.scan} l LEFT JOIN {once} r "
        f"ON {text.format(f'l.{left_key.sql}')} = {text.format(f'r.{right_key.sql}')})"
    )
    columns = [*left.columns, *added]
    return replace(
        left,
        label=f"{left.label} + {right.label}",
        scan=scan,
        columns=sampled(scan, [c.name for c in columns], [c.kind for c in columns], connection),
        is_padded=False,
    )
