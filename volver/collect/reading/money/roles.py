"""Which columns may play which part in an order's money: by what the person said, then by their headings' words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from volver.collect.reading.contents import Column
from volver.collect.reading.headings import read_heading
from volver.collect.reading.names import NAMES, OF_LINE, OF_ORDER, bare_key, words

# Fields whose money is neither a line's price nor its total. They stand beside the goods, or are taken off them.
BESIDE = ("tax", "shipping", "fee", "tip", "gift_card")
UNDONE = ("refunded", "refunded_quantity", "cancelled_quantity")
DISCOUNTS = ("discount", "order_discount")
TOTALS = ("total", "order_subtotal", "order_total")
_STEMS: tuple[tuple[str, str], ...] = (
    ("discount", r"disc(ount)?s?|descuentos?|dto|rebate|promotion|rebaja|remise|rabatt|sconto|desconto"),
    ("refunded", r"refund(ed)?|reembols\w*|rembours\w*|devuelt\w*|devoluci\w*|rimbors\w*|erstattet\w*"),
    ("tax", r"tax(es)?|vat|iva|impuestos?|mwst|tva|impostos?|imposta"),
    ("shipping", r"shipping|shipment|envios?|postage|freight|frete|portes|versand\w*|livraison|delivery|transporte"),
    ("tip", r"tips?|propinas?|gratuity"),
    ("fee", r"fees?|comision(es)?|surcharge|recargos?"),
)
_MARKS = {"incl", "included", "incluido", "incluidos", "inc", "con", "with", "ttc", "excl", "ex", "sin", "without"}
_SHARE = {"rate", "pct", "percent", "percentage", "porcentaje"}
_PIECES = {"qty", "quantity", "quantities", "cantidad", "units", "unidades", "uds", "pieces"}
_SUBTOTAL = {"subtotal", "sub"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Columns by the field that they may be, best first. `settled` fields were named by the person or the layout."""

    by_field: Mapping[str, tuple[Column, ...]]
    settled: frozenset[str]

    def of(self, field: str) -> tuple[Column, ...]:
        """The columns that may be a field."""
        return self.by_field.get(field, ())

    def one(self, field: str) -> Column | None:
        """The best of them."""
        return next(iter(self.of(field)), None)


def money_field(name: str) -> str | None:
    """The field beside the goods that a heading names, or what was taken off or undone; None for prices and totals.

    >>> [money_field(each) for each in ("total_tax", "Importe (IVA incl.)", "Qty Refunded", "Shipping", "Item Total")]
    ['tax', None, 'refunded_quantity', 'shipping', None]
    >>> money_field("Shipping Cost (ex tax)")
    'shipping'
    """
    said = words(name)
    if not said or "date" in said or "method" in said or ("discount" in said and {"code", "name", "type"} & set(said)):
        return None
    if {"gift"} <= set(said) and {"card", "cards"} & set(said):
        return "gift_card"
    pieces = bool(_PIECES & set(said))
    if pieces and any(re.fullmatch(r"cancel\w*|anulad\w*", word) for word in said):
        return "cancelled_quantity"
    for field, stem in _STEMS:
        if not any(re.fullmatch(stem, word) for word in said):
            continue
        if field == "tax" and ("%" in name or _SHARE & set(said)):
            return None
        if field == "tax" and _MARKS & set(said):
            continue  # *shipping (ex tax)* is shipping
        if pieces:
            return "refunded_quantity" if field == "refunded" else None
        return field
    return None


def is_of(column: Column) -> str | None:
    """`order` or `line` where a heading says whose money it is."""
    name = bare_key(column.name)
    if OF_LINE.search(name):
        return "line"
    return "order" if OF_ORDER.search(name) else None


def is_total(column: Column) -> bool:
    """Whether a heading means what something came to."""
    name = column.name.rsplit("[].", 1)[-1]
    return bare_key(name) in NAMES["total"] or "total" in read_heading(name).roles


def _place(column: Column) -> int:
    """How well a heading names a total: its place among the known names; behind them what its words say."""
    name = bare_key(column.name.rsplit("[].", 1)[-1])
    return NAMES["total"].index(name) if name in NAMES["total"] else len(NAMES["total"])


def is_subtotal(column: Column) -> bool:
    """Whether a heading means the goods alone."""
    return "subtotal" in bare_key(column.name)


def roles_of(columns: Sequence[Column], fields: Mapping[str, tuple[Column, ...]], given: set[str]) -> Roles:
    """The parts that columns may play. A column that is something else already (an id, a date, a price) plays none."""
    money = {*BESIDE, *UNDONE, *DISCOUNTS, *TOTALS}
    taken = {c.name for field, each in fields.items() if field not in money for c in each}
    taken |= {c.name for field in given for c in fields.get(field, ())}
    found: dict[str, list[Column]] = {field: list(fields.get(field, ())) for field in money & given}
    nested = any("[]." in column.name for column in columns)
    totals = []
    for column in columns:
        if "convert" in column.name.lower() or "currency" in words(column.name):
            continue
        if column.name in taken or not column.is_number or column.p_date >= 0.5 or not column.filled:
            continue
        field = money_field(column.name)
        if field == "tax" and sum("%" in cell for cell in column.filled) >= 0.5 * len(column.filled):
            continue  # a rate
        if field and field not in given:
            found.setdefault(field, []).append(column)
        elif field is None and is_total(column) and ("[]." in column.name) == nested:
            rank = {"line": 0, None: 1, "order": 2}[is_of(column)]
            totals.append((rank, _place(column), column))
    if "total" not in given:
        named = [column for *_, column in sorted(totals, key=lambda each: each[:2])]
        guessed = [c for c in fields.get("total", ()) if c not in named and money_field(c.name) is None]
        found["total"] = [*guessed, *named]
    return Roles(by_field={field: tuple(each) for field, each in found.items()}, settled=frozenset(given))
