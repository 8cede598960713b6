"""Which column says what a line brought: a unit price, a line total, an order's total. The numbers decide."""

from collections.abc import Sequence
from typing import Literal

from volver.collect.reading.contents import Column
from volver.collect.reading.guesses import grows
from volver.collect.reading.money.interpretation import Money
from volver.collect.reading.names import NAMES, OF_LINE, OF_ORDER, bare_key, is_discount, key, words
from volver.core import Words

Fields = dict[str, tuple[Column, ...]]
_FEWEST_PAIRS = 20  # lines with one piece, and with several


def money_of(columns: Sequence[Column], fields: Fields, given: set[str]) -> tuple[Fields, Money, list[Words]]:
    """The fields with their money settled, how amounts are made, and what was noticed."""
    fields, taken = dict(fields), {c.name for each in fields.values() for c in each}
    notes: list[Words] = []
    once = False
    if "total" not in given:
        guessed = [c for c in fields.get("total", ()) if c not in _totals(columns)]
        free = [*guessed, *(c for c in _totals(columns) if c.name not in taken or c in fields.get("total", ()))]
        fields, once, notes = _total(fields, free, given)
    if "discount" not in given and not fields.get("discount"):
        several = tuple(c for c in columns if c.name not in taken and is_discount(c.name) and c.is_number and c.filled)
        several = tuple(c for c in several if not OF_ORDER.search(bare_key(c.name)))
        fields |= {"discount": several} if several else {}
    if "discount" not in given and (found := fields.get("discount")) and OF_ORDER.search(bare_key(found[0].name)):
        del fields["discount"]
        notes.append(_of(found[0], "{column} is the order's, not a line's: it is not read."))
    cost = fields.get("cost", ())
    of_line = bool(cost) and any(part in key(cost[0].name) for part in ("total", "line", "cogs", "goods"))
    settled = Money(discount=_discount_unit(fields), cost_of="line" if of_line else "unit", once_per_order=once)
    return fields, settled, notes


def _of(column: Column, says: str) -> Words:
    return Words(says, {"column": column.name})


def _totals(columns: Sequence[Column]) -> list[Column]:
    """The columns named like totals: a line's first, an order's last."""
    wanted = NAMES["total"]
    found = []
    nested = any("[]." in column.name for column in columns)
    for column in columns:
        inside = "[]." in column.name
        name = bare_key(column.name.rsplit("[].", 1)[-1])
        if name in wanted and column.is_number and column.p_date < 0.5 and inside == nested:
            rank = 0 if OF_LINE.search(name) else 2 if OF_ORDER.search(name) else 1
            found.append((rank, wanted.index(name), column))
    return [column for *_, column in sorted(found, key=lambda each: each[:2])]


def _total(fields: Fields, totals: list[Column], given: set[str]) -> tuple[Fields, bool, list[Words]]:
    """Choose among totals: with a unit price, only one that agrees with quantity x price; else the best named."""
    fields, notes = dict(fields), list[Words]()
    price = fields.get("unit_price", ())
    fields.pop("total", None)
    if not totals:
        return fields, False, notes
    if not price:
        fields["total"] = (totals[0],)
        once = _repeats_in_orders(fields, totals[0])
        if once:
            notes.append(
                _of(totals[0], "{column} is the same on every line of an order: it is counted once per order.")
            )
        return fields, once, notes
    if not fields.get("quantity"):
        if "quantity" not in given and _is_count(totals[0], price[0]):
            notes.append(
                _of(totals[0], "{column} holds small whole numbers beside a price: it is read as the quantity.")
            )
            fields["quantity"] = (totals.pop(0),)
            if not totals and "unit_price" not in given and _is_of_line(fields["quantity"][0], price[0]):
                notes.append(_of(price[0], "{column} grows with the quantity: it is read as the line's total."))
                fields["total"] = fields.pop("unit_price")
                return fields, False, notes
        else:
            totals = [total for total in totals if OF_LINE.search(bare_key(total.name))]
    for total in totals:
        if _agrees(fields, total):
            fields["total"] = (total,)
            return fields, False, notes
    if totals:
        notes.append(_of(totals[0], "{column} does not follow from quantity and price: it is not read."))
    return fields, False, notes


def _agrees(fields: Fields, total: Column) -> bool:
    """Whether the total is quantity x price, less a discount at most, on nearly every line."""
    price = fields["unit_price"][0].numbers
    quantity = fields["quantity"][0].numbers if fields.get("quantity") else [1.0] * len(price)
    rows = [(q * p, t) for q, p, t in zip(quantity, price, total.numbers, strict=True) if q and p and t is not None]
    if not rows:
        return False
    exact = sum(abs(product - t) <= 0.011 + 0.0005 * abs(product) for product, t in rows)
    below = sum(-0.011 <= t / product <= 1.001 for product, t in rows)
    if exact >= 0.9 * len(rows):
        return True
    return below >= 0.95 * len(rows) and exact >= 0.1 * len(rows) and not _repeats_in_orders(fields, total)


def _is_count(total: Column, price: Column) -> bool:
    """Whether a column called amount counts pieces: small whole numbers beside far higher prices or decimals."""
    if key(total.name) != "amount" or total.p_whole < 0.99:
        return False
    counts, prices = (sorted(n for n in each.numbers if n is not None) for each in (total, price))
    if not counts or not prices or counts[len(counts) // 2] > 10:
        return False
    return price.p_whole < 0.9 or prices[len(prices) // 2] >= 10 * counts[len(counts) // 2]


def _is_of_line(count: Column, price: Column) -> bool:
    """Whether what is called a price is the money of all pieces: much larger where there are more of them."""
    pairs = [(q, p) for q, p in zip(count.numbers, price.numbers, strict=True) if q and p is not None]
    few, many = (sum(q == 1 for q, _ in pairs), sum(q > 1 for q, _ in pairs))
    return min(few, many) >= _FEWEST_PAIRS and grows(count, price)


def _repeats_in_orders(fields: Fields, total: Column) -> bool:
    """Whether an order's total stands on each of its lines."""
    if not fields.get("order_ref") or not (fields.get("product_ref") or fields.get("product_name")):
        return False
    if not (OF_ORDER.search(bare_key(total.name)) or fields.get("unit_price")):
        return False
    seen: dict[str, set[str]] = {}
    lines: dict[str, int] = {}
    for ref, cell in zip(fields["order_ref"][0].cells, total.cells, strict=True):
        if ref and cell:
            seen.setdefault(ref, set()).add(cell)
            lines[ref] = lines.get(ref, 0) + 1
    several = [ref for ref, n in lines.items() if n > 1]
    return bool(several) and sum(len(seen[ref]) == 1 for ref in several) >= 0.98 * len(several)


def _discount_unit(fields: Fields) -> Literal["money", "fraction", "percent"]:
    """Whether a discount is money, a fraction of one or a percentage."""
    if not fields.get("discount"):
        return "money"
    column = fields["discount"][0]
    values = [n for n in column.numbers if n is not None]
    named = (
        set(words(column.name)) & {"percent", "percentage", "pct", "rate", "porcentaje", "tasa"} or "%" in column.name
    )
    signed = any(cell.endswith("%") for cell in column.filled)
    small = bool(values) and max(abs(n) for n in values) <= 1
    if signed or (named and not small):
        return "percent"
    fractions = sum(n != int(n) for n in values)
    money = [n for field in ("total", "unit_price") for c in fields.get(field, ())[:1] for n in c.numbers if n]
    typical = sorted(abs(n) for n in money)[len(money) // 2] if money else 0.0
    if small and fractions and (named or (typical > 5 and len(set(values)) <= 25)):
        return "fraction"
    return "money"
