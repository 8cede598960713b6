"""Which column is which when names say nothing: headerless files, other languages. The cells decide."""

import re
from collections.abc import Callable, Mapping, Sequence

from volver.collect.reading.contents import Column
from volver.collect.reading.field_names import field_words
from volver.collect.reading.names import OTHER_DATES, bare_key, words
from volver.core import Words

_BARE = {"id", "number", "numero", "num", "no", "n", "codigo", "code"}
# A column named by nothing but such words is an identifier of people.
_PEOPLE = frozenset(
    {"cust", "customer", "client", "cliente", "kunde", "kunden", "buyer", "shopper", "consumer", "comprador", "donor"}
    | {"member", "membership", "subscriber", "user", "usuario", "household", "panelist", "guest", "account", "socio"}
    | {"acheteur", "patron"}
)
_IDENTIFIER = frozenset(
    {"id", "ids", "no", "nr", "num", "number", "numero", "nummer", "code", "codigo", "cod", "ref", "reference", "key"}
    | {"uid", "uuid", "guid", "hash", "token", "unique", "anon", "anonymized", "anonymous", "masked", "identifier"}
    | {"identity", "card", "sk", "fk", "the", "of", "de", "do", "del", "la"}
)
_GOODS = {"asin", "sku", "ean", "upc", "gtin", "product", "producto", "produto", "item", "article", "articulo"}
_CENTS = re.compile(r"^[^A-Za-z]*\d[.,]\d{2}\D*$")
_LONG = re.compile(r"[.,]\d{5,}$")
_NOT_OURS = {"seller", "vendor", "supplier", "staff", "agent", "merchant", "store", "shop", "vendedor", "proveedor"}
Fields = dict[str, tuple[Column, ...]]


def by_content(
    columns: Sequence[Column], fields: Mapping[str, tuple[Column, ...]], settled: set[str]
) -> tuple[Fields, list[Words]]:
    """The fields of an order file with those that no name gave away; the notes say which were guessed.

    Only what an order cannot do without is guessed (date, money, order, customer) and, in a file without names,
    the quantity and the product. `settled` fields stay as they are, even empty.
    """
    found, notes = dict(fields), list[Words]()
    nameless = (
        sum(re.fullmatch(r"column_\d+|v\d+|col_?\d+|\d+", c.name.lower()) is not None for c in columns)
        > len(columns) / 2
    )

    def free() -> list[Column]:
        taken = {column.name for each in found.values() for column in each}
        return [column for column in columns if column.name not in taken and column.filled]

    def guess(field: str, column: Column | None) -> None:
        if column is not None and field not in settled and not found.get(field):
            found[field] = (column,)
            facts = {"column": column.name, "field": field_words(field)}
            notes.append(Words("{column} is taken for the {field} because of what it holds.", facts))

    guess("date", _date(free()))
    if not found.get("date"):
        return found, notes
    guess("email", next((c for c in free() if c.p_email >= 0.8), None) if nameless else None)
    if nameless or not (found.get("total") or found.get("unit_price")):
        _money(free, guess)
    if not found.get("order_ref"):
        own = next((c for c in free() if bare_key(c.name) in _BARE and c.n_distinct > 1), None)
        if own is not None and _has_one(own, found["date"][0].cells):
            has_product = bool(found.get("product_ref") or found.get("product_name"))
            is_row = has_product and own.n_distinct == len(own.filled)
            guess("line_ref" if is_row else "order_ref", own)
    if not found.get("order_ref") or not (found.get("customer_ref") or found.get("email")):
        order, customer = _references(free(), found, nameless=nameless)
        if nameless or not (found.get("order_ref") or found.get("customer_ref") or found.get("email")):
            guess("order_ref", order)
            guess("customer_ref", customer)
    if not (found.get("customer_ref") or found.get("email")):
        who, mail = _people(free(), found), _mails(free())
        guess("customer_ref", who)
        guess("email", mail)
    if nameless:
        guess("product_ref", next((c for c in free() if c.is_code and c.n_distinct > 1), None))
        guess("product_name", next((c for c in free() if c.p_words >= 0.5), None))
    return found, notes


def _date(free: Sequence[Column]) -> Column | None:
    typed = [c for c in free if c.kind in ("date", "timestamp", "instant") or c.p_date >= 0.9]
    typed = [c for c in typed if not OTHER_DATES.search(bare_key(c.name))]
    if typed:
        return typed[0]
    numbers = [c for c in free if c.p_number_date >= 0.98 and c.n_distinct > 1]
    return numbers[0] if len(numbers) == 1 else None


def _money(free: Callable[[], list[Column]], guess: Callable[[str, Column | None], None]) -> None:
    """Money is the column with decimals; of three that multiply, the product is the total."""
    numeric = [c for c in free() if c.p_numeric >= 0.9 and c.p_date < 0.5]
    money = [c for c in numeric if c.p_whole < 0.9 and _like_money(c)]
    counts = [c for c in numeric if c.p_whole >= 0.99 and _is_small(c)]
    for total in money:
        for price in money:
            for count in counts:
                if total is not price and _multiply(count, price, total):
                    guess("quantity", count)
                    guess("unit_price", price)
                    guess("total", total)
                    return
    if len(money) == 1:
        guess("total" if not counts or grows(counts[0], money[0]) else "unit_price", money[0])
        guess("quantity", counts[0] if len(counts) == 1 else None)


def _like_money(column: Column) -> bool:
    """Whether decimals are cents: at most four of them, and nothing that counts people or sessions."""
    if set(words(column.name)) & (_PEOPLE | {"session", "sesion", "visit", "visitor"}):
        return False
    return sum(_LONG.search(cell) is None for cell in column.filled) >= 0.9 * len(column.filled)


def _has_cents(column: Column) -> bool:
    """Whether cells end in two decimals: money tells no orders or customers apart."""
    cents = sum(_CENTS.search(cell) is not None for cell in column.filled)
    return bool(cents) and cents >= 0.9 * len(column.filled)


def _is_small(column: Column) -> bool:
    if any(re.match(r"0\d", cell) for cell in column.filled):
        return False
    values = sorted(abs(n) for n in column.numbers if n is not None)
    return bool(values) and values[len(values) // 2] <= 24 and column.n_distinct <= max(50, len(values) // 5)


def _multiply(count: Column, price: Column, total: Column) -> bool:
    rows = [
        q * p - t
        for q, p, t in zip(count.numbers, price.numbers, total.numbers, strict=True)
        if q is not None and p is not None and t is not None
    ]
    return bool(rows) and sum(abs(gap) <= 0.011 for gap in rows) >= 0.9 * len(rows)


def grows(count: Column, money: Column) -> bool:
    """Whether the money of rows with more pieces is larger: a total, not a unit price."""
    few = [m for q, m in zip(count.numbers, money.numbers, strict=True) if q == 1 and m is not None]
    many = [m for q, m in zip(count.numbers, money.numbers, strict=True) if q is not None and q >= 2 and m is not None]
    if len(few) < 5 or len(many) < 5:
        return True
    return sum(many) / len(many) > 1.2 * sum(few) / len(few)


def _references(
    free: Sequence[Column], found: Mapping[str, tuple[Column, ...]], *, nameless: bool
) -> tuple[Column | None, Column | None]:
    """An order has one date and one customer; a customer has several dates."""
    dates = found["date"][0].cells
    codes = [c for c in free if c.is_code and c.n_distinct > 1 and (nameless or not bare_key(c.name).endswith("name"))]
    if not nameless:
        codes = [c for c in codes if sum(any(d.isdigit() for d in cell) for cell in c.filled) >= 0.9 * len(c.filled)]
    codes = [c for c in codes if nameless or not set(words(c.name)) & _GOODS]
    codes = [c for c in codes if not _has_cents(c)]
    same_day = [c for c in codes if _has_one(c, dates)]
    orders = [c for c in same_day if c.n_distinct > 1]
    customers = [c for c in codes if c not in same_day]
    order = max(orders, key=lambda c: c.n_distinct, default=None)
    if order is None:
        return None, customers[0] if customers else None
    owners = [c for c in codes if c is not order and _has_one(order, c.cells)]
    return order, max(owners, key=lambda c: c.n_distinct, default=None)


def _people(free: Sequence[Column], found: Mapping[str, tuple[Column, ...]]) -> Column | None:
    """The column whose name speaks of nothing but people and identifiers; an order has one of its values."""
    named = [c for c in free if (name := set(words(c.name))) & _PEOPLE and name <= _PEOPLE | _IDENTIFIER]
    named = [c for c in named if c.is_code and c.n_distinct > 1]
    if found.get("order_ref"):
        named = [c for c in named if _has_one(found["order_ref"][0], c.cells)]
    return max(named, key=lambda c: c.n_distinct, default=None)


def _mails(free: Sequence[Column]) -> Column | None:
    """The one column of e-mail addresses that are not the seller's."""
    mails = [c for c in free if c.p_email >= 0.8 and c.n_distinct > 1 and not set(words(c.name)) & _NOT_OURS]
    return mails[0] if len(mails) == 1 else None


def _has_one(column: Column, others: Sequence[str | None]) -> bool:
    """Whether each value of the column goes with one value of the other, and mostly so."""
    seen: dict[str, set[str]] = {}
    for cell, other in zip(column.cells, others, strict=True):
        if cell and other:
            seen.setdefault(cell, set()).add(other[:10] if other[:4].isdigit() else other.split(" ")[0])
    return bool(seen) and sum(len(each) == 1 for each in seen.values()) >= 0.98 * len(seen)
