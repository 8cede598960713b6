"""Rows that say themselves what they are: a sale, a refund, or neither (an authorisation, a payout, a fee)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from volver.collect.reading.contents import Column
from volver.collect.reading.names import words
from volver.core import unaccented

# Asked in this order: "payment refund" is a refund, "authorised payment" no sale yet.
STEMS: Final = {
    "refund": r"refund|reembols|rembours|rimbors|erstatt|devoluc|chargeback|charge back|reversal|reversed|return",
    "none": r"authori|\bauth\b|void|payout|withdraw|transfer|deposit|\bfees?\b|comision|adjust|ajuste|reserve|\bhold\b|"
    r"auszahl|retiro|currency conversion|dispute",
    "sale": r"sale|capture|charge|payment|order|purchase|venta|pago|cobro|compra|vente|verkauf|zahlung|invoice|factura|"
    r"checkout|shipment|paiement|vendita|venda|pedido|transaction",
}
_NAMES: Final = {"kind", "type", "tipo", "typ", "event", "operacion", "operation", "movimiento", "natureza", "art"}
_NEARLY: Final = 0.95
_FEW: Final = 25


def kind_of(cell: str) -> str | None:
    """What a cell says that its row is; None if it says something else.

    >>> [kind_of(each) for each in ("Payment Refund", "authorization", "capture", "online")]
    ['refund', 'none', 'sale', None]
    """
    plain = unaccented(cell).lower()
    return next((kind for kind, stem in STEMS.items() if re.search(stem, plain)), None)


def kind_column(columns: Sequence[Column], fields: Mapping[str, tuple[Column, ...]]) -> Column | None:
    """The column that tells sales from refunds and the rest: named so, of few words, nearly all of them known."""
    taken = {column.name for each in fields.values() for column in each}
    for column in columns:
        if column.name in taken or not set(words(column.name)) & _NAMES or not column.filled:
            continue
        if column.n_distinct > _FEW:
            continue
        found = [kind_of(cell) for cell in column.filled]
        if sum(each is not None for each in found) >= _NEARLY * len(found) and {"refund", "none"} & set(found):
            return column
    return None


def kind_sql(column: Column) -> str:
    """SQL: what a row is: `refund`, `none`, or `sale` (also where it does not say)."""
    plain = f"lower(strip_accents(coalesce(cast({column.sql} AS VARCHAR), '')))"
    cases = " ".join(
        f"WHEN regexp_matches({plain}, '{stem.replace(chr(39), chr(39) * 2)}') THEN '{kind}'"
        for kind, stem in STEMS.items()
        if kind != "sale"
    )
    return f"CASE {cases} ELSE 'sale' END"
