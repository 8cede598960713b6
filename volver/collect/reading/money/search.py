"""The search for what a file's money means: of all readings the one under which the file adds up."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from volver.collect.reading.contents import Column
from volver.collect.reading.money.bases import settle_base
from volver.collect.reading.money.discounts import settle_discounts
from volver.collect.reading.money.draft import Draft
from volver.collect.reading.money.interpretation import Money
from volver.collect.reading.money.look import look_at, orders_are_named
from volver.collect.reading.money.roles import BESIDE
from volver.collect.reading.money.sample import Numbers
from volver.collect.reading.money.totals import settle_total
from volver.collect.reading.names import key, words
from volver.collect.reading.row_kinds import kind_column
from volver.core import Words

_CENTS = {"cents", "cent", "centavos", "centimos", "minor"}
_PROVIDER_ID = re.compile(r"(ch|pi|py|in|txn|cs|re)_[0-9A-Za-z]{6,}")
Fields = dict[str, tuple[Column, ...]]


def money_of(
    columns: Sequence[Column],
    fields: Mapping[str, tuple[Column, ...]],
    given: set[str],
    answers: frozenset[str] = frozenset(),
) -> tuple[Fields, Money, list[Words]]:
    """The fields with their money settled, how amounts are made, and what was noticed.

    `given` fields were named by the person and stay; `answers` are what they said of money (`asks.ANSWERS`).
    """
    settled, noticed = _amount_or_count(columns, _converted(columns, dict(fields), given), given)
    look = look_at(columns, settled, given, answers)
    draft = Draft(look=look, fields=dict(settled), notes=noticed)
    if "total" not in given:
        draft.fields.pop("total", None)
    if look.price is not None:
        goods, after = settle_base(draft)
    elif look.roles.of("total") or look.fields.get("total"):
        goods, after = settle_total(draft)
    else:
        return settled, Money(), noticed
    settle_discounts(draft, goods, after)
    if draft.lines == "order":
        draft.of_order.add("total")
        draft.notes.append(
            Words("{column} is the order's: it is counted once per order.", {"column": draft.fields["total"][0].name})
        )
    _undone(draft)
    _beside(draft)
    if "kind" not in given and (kinds := fields.get("kind") or _one(kind_column(columns, draft.fields))):
        draft.fields["kind"] = kinds
        draft.notes.append(Words("{column} says which rows are sales, refunds, or neither.", {"column": kinds[0].name}))
    return draft.fields, draft.done(_cost_of(draft.fields), in_cents=_in_cents(draft, goods)), draft.notes


def _one(column: Column | None) -> tuple[Column, ...]:
    return (column,) if column is not None else ()


def _converted(columns: Sequence[Column], fields: Fields, given: set[str]) -> Fields:
    """Where a file says its money in the shop's own currency too, that is what counts."""
    if fields.get("unit_price") or {"total", "currency"} & given:
        return fields
    named = {key(c.name): c for c in columns if "convert" in c.name.lower() or "settle" in c.name.lower()}
    amounts = [c for name, c in named.items() if re.search("amount|total|importe|monto", name) and c.is_number]
    codes = [c for name, c in named.items() if re.search("currency|moneda|divisa", name)]
    rows = len(columns[0].cells) if columns else 0
    if amounts and codes and len(amounts[0].filled) == len(codes[0].filled) >= 0.9 * rows > 0:
        fields |= {"total": (amounts[0],), "currency": (codes[0],)}
    return fields


def _amount_or_count(columns: Sequence[Column], fields: Fields, given: set[str]) -> tuple[Fields, list[Words]]:
    """A column called amount beside a price and no quantity counts pieces, if it holds small whole numbers."""
    price, notes = fields.get("unit_price", ()), list[Words]()
    if not price or fields.get("quantity") or "quantity" in given or "total" in given:
        return fields, notes
    taken = {c.name for field, each in fields.items() if field != "total" for c in each}
    for column in columns:
        if key(column.name) == "amount" and column.name not in taken and _is_count(column, price[0]):
            fields["quantity"] = (column,)
            if fields.get("total") == (column,):
                del fields["total"]
            notes.append(
                Words(
                    "{column} holds small whole numbers beside a price: it is read as the quantity.",
                    {"column": column.name},
                )
            )
            break
    return fields, notes


def _is_count(total: Column, price: Column) -> bool:
    """Whether a column called amount counts pieces: small whole numbers beside far higher prices or decimals."""
    if total.p_whole < 0.99 or not total.is_number:
        return False
    counts, prices = (sorted(n for n in each.numbers if n is not None) for each in (total, price))
    if not counts or not prices or counts[len(counts) // 2] > 10:
        return False
    return price.p_whole < 0.9 or prices[len(prices) // 2] >= 10 * counts[len(counts) // 2]


def _in_cents(draft: Draft, goods: Numbers) -> bool:
    """Whether money is counted in cents: its name says so; whole numbers beside a payment provider's ids are asked."""
    money = [c for field in ("unit_price", "total") for c in draft.fields.get(field, ())]
    if any(set(words(c.name)) & _CENTS for c in money):
        draft.notes.append(Words("{column} is counted in cents.", {"column": money[0].name}))
        return True
    if not all(cell.lstrip("+-").isdigit() for c in money for cell in c.filled):  # 9.00 is no number of cents
        return False
    refs = [cell for c in draft.look.columns if c.is_code for cell in c.filled[:20]]
    if not any(_PROVIDER_ID.match(cell) for cell in refs):
        return False
    answers = {"cents": Words("counting in cents"), "units": Words("counting in whole units")}
    return draft.choose(money[0].name, answers, {"cents": goods / 100, "units": goods}, None) == "cents"


def _undone(draft: Draft) -> None:
    """What was given back or never sent: the lines' own columns before the order's."""
    look = draft.look
    for field in ("refunded", "refunded_quantity", "cancelled_quantity"):
        if field in look.given:
            continue
        draft.fields.pop(field, None)
        columns = [c for c in look.roles.of(field) if field != "refunded_quantity" or look.fields.get("quantity")]
        columns.sort(key=look.is_of_order)
        if not columns:
            continue
        draft.fields[field] = (columns[0],)
        if field == "refunded" and _is_orders_refund(draft, columns[0]):
            draft.of_order.add(field)
        draft.explained |= {c.name for c in columns[1:]}


def _is_orders_refund(draft: Draft, column: Column) -> bool:
    """Whether refunded money is the order's; asked where all lines of an order say the same and nothing tells."""
    look = draft.look
    if not look.is_open(column) or orders_are_named(look, column):
        return look.is_of_order(column)
    values = np.abs(look.values(column))
    answers = {
        "refund-per-line": Words("taking it off each line"),
        "refund-per-order": Words("taking it off each order"),
    }
    money = {"refund-per-line": -values, "refund-per-order": -look.sample.per_order(values, "order")}
    return draft.choose(column.name, answers, money, None) == "refund-per-order"


def _beside(draft: Draft) -> None:
    """Money that stands beside the goods is named, and counted by order or by line."""
    look = draft.look
    for field in BESIDE:
        columns = draft.beside.get(field) or look.apart(field)
        if field in look.given or not columns:
            continue
        draft.fields[field] = columns
        draft.explained |= {c.name for c in look.roles.of(field) if c not in look.apart(field)}
        if all(look.is_of_order(c) or (field not in draft.terms and _is_repeated(draft, field, c)) for c in columns):
            draft.of_order.add(field)


def _is_repeated(draft: Draft, field: str, column: Column) -> bool:
    """Whether money that an order has once stands on each of its lines: 4.90 of postage on three lines are 4.90."""
    return field != "tax" and draft.look.sample.level(draft.look.values(column)) == "alike"


def _cost_of(fields: Fields) -> str:
    """Whether a cost is a piece's or a line's, by its name."""
    cost = fields.get("cost", ())
    of_line = bool(cost) and any(part in key(cost[0].name) for part in ("total", "line", "cogs", "goods"))
    return "line" if of_line else "unit"
