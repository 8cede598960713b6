"""What was taken off: the discounts of lines and of orders, in the sense under which the file adds up."""

import numpy as np

from volver.collect.reading.contents import Column
from volver.collect.reading.money.draft import Draft
from volver.collect.reading.money.interpretation import Sense
from volver.collect.reading.money.look import is_share, orders_are_named
from volver.collect.reading.money.reconcile import constancy
from volver.collect.reading.money.sample import Numbers
from volver.collect.reading.names import words
from volver.core import Words

_BEFORE = {"gross", "before", "bruto", "bruta", "list", "original", "full", "regular", "antes", "subtotal", "brut"}
_AFTER = {
    "sales",
    "sale",
    "revenue",
    "spend",
    "spent",
    "ventas",
    "facturado",
    "net",
    "neto",
    "neta",
    "after",
    "final",
    "paid",
    "pagado",
    "cobrado",
    "despues",
    "netto",
}
Key = tuple[str, bool]  # the sense of the lines' discount ("" where none is taken off), and whether the order's is


def settle_discounts(draft: Draft, goods: Numbers, after: Numbers | None) -> None:
    """Decide what the discount columns mean. `after`: what is left of the goods, where a total says it."""
    look = draft.look
    own, orders = look.line_discounts, look.order_discounts
    off = look.discount(goods) if after is None else {}
    usual = draft.discount if draft.is_before and draft.discount in off else _usual(draft, goods)
    prior: Key = (usual if off else "", bool(orders))
    nets = _nets(draft, goods, after, off)
    chosen = draft.by_total(nets, prior)
    if chosen is None:
        if (share := _may_be_share(own, usual, off)) is not None:
            usual = _share_or_money(draft, own[0], goods, off, share)
            prior = (usual, prior[1])
        chosen = prior
        if off and len(own) == 1 and look.is_open(own[0]) and not orders_are_named(look, own[0]):
            chosen = _whose(draft, own[0], goods, prior)
        elif off and after is None and not draft.is_before:
            chosen = (prior[0] if _is_taken_off(draft, goods, off[usual]) else "", prior[1])
    _take(draft, chosen, after)


def _take(draft: Draft, chosen: Key, after: Numbers | None) -> None:
    """Write a decision down."""
    look = draft.look
    sense, of_orders = chosen
    own, orders = look.line_discounts, look.order_discounts
    draft.fields.pop("discount", None)
    draft.fields.pop("order_discount", None)
    if sense == "once" or (sense == "money" and draft.lines == "order" and after is None and own):
        draft.fields["order_discount"] = own
        draft.of_order.add("order_discount")
        draft.notes.append(
            Words("{column} is the order's discount: it is spread over its lines.", {"column": own[0].name})
        )
    elif own and (sense or after is not None):
        draft.fields["discount"] = own
        draft.discount = (sense or draft.discount) if after is None else draft.discount  # type: ignore[assignment]
        draft.is_before = after is None and draft.lines == "total"
    elif own:
        draft.is_before = False
        if draft.lines == "price":
            draft.explained |= {column.name for column in own}
        else:
            draft.fields["discount"] = own
            draft.discount = _usual(draft, draft.look.values(draft.fields["total"][0]))
        draft.notes.append(Words("{column} is taken off the money of the lines already.", {"column": own[0].name}))
    if of_orders and orders:
        draft.fields["order_discount"] = orders
        if look.is_of_order(orders[0]):
            draft.of_order.add("order_discount")
        draft.notes.append(
            Words("{column} is the order's discount: it is spread over its lines.", {"column": orders[0].name})
        )


def _nets(draft: Draft, goods: Numbers, after: Numbers | None, off: dict[str, Numbers]) -> dict[Key, Numbers]:
    """What each order comes to under each reading of its discounts."""
    look = draft.look
    sums = look.sample.sums
    left = {"": goods if after is None else after}
    if after is None and "discount" in look.given:
        left = {}
    left |= {sense: goods - each for sense, each in off.items()}
    found: dict[Key, Numbers] = {}
    of_orders = np.zeros(look.sample.n_orders)
    for column in look.order_discounts:
        of_orders = of_orders + look.sample.per_order(np.abs(look.values(column)), look.level(column))
    for sense, each in left.items():
        found[sense, bool(look.order_discounts)] = sums(each) - of_orders
        if "order_discount" not in look.given:
            found[sense, False] = sums(each)
    own = look.line_discounts
    if off and len(own) == 1 and look.is_open(own[0]):
        once = look.sample.per_order(np.abs(look.values(own[0])), "order")
        found["once", False] = sums(goods) - once
    return found


def _usual(draft: Draft, goods: Numbers) -> Sense:
    """What a discount's cells mean where no total tells: by its name and the size of its numbers."""
    columns = draft.look.line_discounts
    if not columns:
        return "money"
    column = columns[0]
    cells = [cell for cell in column.filled if not cell.endswith("%")]
    values = [abs(n) for cell, n in zip(column.cells, column.numbers, strict=True)
              if n is not None and not str(cell).strip().endswith("%")]  # fmt: skip
    named = is_share(column)
    small = bool(values) and max(values) <= 1
    if named and not small:
        return "percent"
    if not cells and values == []:
        return "money"
    fractions = sum(n != int(n) for n in values)
    typical = float(np.nanmedian(np.abs(goods))) if np.any(~np.isnan(goods)) else 0.0
    if small and fractions and (named or (typical > 5 and len(set(values)) <= 25)):
        return "fraction"
    return "percent" if named else "money"


def _is_taken_off(draft: Draft, goods: Numbers, off: Numbers) -> bool:
    """Whether goods hold the discount still. The same product's price is constant before discounts, not after them."""
    look = draft.look
    if "discount" in look.given and draft.lines == "price":
        return True
    pieces = np.where(look.quantity == 0, np.nan, look.quantity)
    share = np.round(off / np.where(goods == 0, np.nan, goods), 6)
    winner = constancy(look.products, np.nan_to_num(share), goods / pieces, (goods + off) / pieces).winner
    if draft.lines == "price":
        return winner != 1
    column = draft.fields["total"][0]
    said = set(words(column.name))
    prior = {0: "before-discount", 1: "after-discount"}.get(winner)
    if prior is None and said & (_BEFORE | _AFTER):
        prior = "before-discount" if said & _BEFORE else "after-discount"
    if prior is None and {"total", "discount"} <= look.given:
        prior = "after-discount"
    answers = {"before-discount": Words("before the discount"), "after-discount": Words("after the discount")}
    money = {"before-discount": goods - off, "after-discount": goods}
    return draft.choose(column.name, answers, money, prior) == "before-discount"


def _may_be_share(own: tuple[Column, ...], usual: Sense, off: dict[str, Numbers]) -> Sense | None:
    """The share that a discount may be though no name says so: small fractions, or multiples of five alone."""
    if len(own) != 1 or is_share(own[0]) or "money" not in off:
        return None
    if usual == "fraction":
        return usual
    values = {abs(n) for cell, n in zip(own[0].cells, own[0].numbers, strict=True) if n and "%" not in str(cell)}
    round_ones = len(values) > 1 and all(value % 5 == 0 and value <= 100 for value in values)
    return "percent" if round_ones and "percent" in off else None


def _share_or_money(draft: Draft, column: Column, goods: Numbers, off: dict[str, Numbers], share: Sense) -> Sense:
    """Shares of a line or money: money is never more than the line; else it is asked."""
    answers = {"discount-as-share": Words("as a share of the line"), "discount-in-money": Words("as money")}
    money = {"discount-as-share": goods - off[share], "discount-in-money": goods - off["money"]}
    taken = (off["money"] > 0) & (goods > 0)
    beyond = (off["money"] > goods + 0.005) & taken
    prior = "discount-as-share" if beyond.sum() > 0.1 * max(int(taken.sum()), 1) else None
    return share if draft.choose(column.name, answers, money, prior) == "discount-as-share" else "money"


def _whose(draft: Draft, column: Column, goods: Numbers, prior: Key) -> Key:
    """Ask whether a discount that is the same on all lines of an order is each line's, or the order's."""
    look = draft.look
    off = look.discount(goods)[prior[0]]
    once = look.sample.per_order(np.abs(look.values(column)), "order")
    answers = {
        "discount-per-line": Words("taking it off each line"),
        "discount-per-order": Words("taking it off each order"),
    }
    money = {
        "discount-per-line": look.sample.sums(goods - off),
        "discount-per-order": look.sample.sums(goods) - once,
    }
    return ("once", False) if draft.choose(column.name, answers, money, None) == "discount-per-order" else prior
