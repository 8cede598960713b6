"""Random exports of a known ledger: read back to the exact money of every order, or asked, never wrong in silence."""

import csv
import io
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.collect.reading_world import opened, rows_of

CENT = Decimal("0.01")
PRICES = {"TZ-1": Decimal("9.90"), "TZ-2": Decimal("14.50"), "PL-7": Decimal("32.00"), "VL-3": Decimal("4.25")}


@dataclass(frozen=True)
class Line:
    sku: str
    price: Decimal
    pieces: int
    off: Decimal
    refunded: Decimal

    @property
    def gross(self) -> Decimal:
        return self.price * self.pieces

    @property
    def net(self) -> Decimal:
        return self.gross - self.off


@dataclass(frozen=True)
class Order:
    lines: tuple[Line, ...]
    off: Decimal
    shipping: Decimal
    refunded: Decimal

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), Decimal(0)) - self.off


@dataclass(frozen=True)
class Layout:
    """How the export is laid out; `where` says if the order's money stands on each line or on the first."""

    money: str  # price, price+total, price+before, total, before, line price
    line_off: str  # none, money, percent
    order_off: bool
    tax: str  # none, in, out
    has_shipping: bool
    refunds: str  # none, line, order
    has_total: bool
    where: str
    spanish: bool
    has_price_list: bool  # a product costs the same in every order
    is_bare: bool  # the order's columns are called as a line's would be

    def name(self, english: str, spanish: str) -> str:
        return spanish if self.spanish else english


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    tax = draw(st.sampled_from(["none", "in", "out"]))
    money = draw(st.sampled_from(["price", "price+total", "price+before", "total", "before", "line price"]))
    return Layout(
        money=money,
        line_off=draw(st.sampled_from(["none", "none", "money", "percent"])),
        order_off=draw(st.booleans()),
        tax=tax,
        has_shipping=draw(st.booleans()),
        refunds=draw(st.sampled_from(["none", "line"] if tax == "out" else ["none", "line", "order"])),
        has_total=draw(st.booleans()),
        where=draw(st.sampled_from(["each", "first"])),
        spanish=draw(st.booleans()),
        has_price_list=money == "line price" or draw(st.booleans()),  # a price of unknown products is a piece's
        is_bare=draw(st.booleans()),
    )


@st.composite
def orders_of(draw: st.DrawFn, layout: Layout) -> tuple[Order, ...]:
    cents = st.integers(0, 150).map(lambda n: Decimal(n) * CENT)
    found = []
    for _ in range(draw(st.integers(6, 14))):
        lines = []
        for sku in draw(st.lists(st.sampled_from(sorted(PRICES)), min_size=1, max_size=4, unique=True)):
            pieces = draw(st.integers(1, 4))
            price = PRICES[sku] if layout.has_price_list else draw(st.integers(100, 5000)) * CENT
            gross, off = price * pieces, Decimal(0)
            if layout.line_off == "money":
                off = min(draw(st.one_of(st.just(Decimal(0)), cents)), gross)  # what is taken off a line is never more
            elif layout.line_off == "percent":
                off = gross * draw(st.sampled_from([0, 0, 10, 25])) / 100
            back = (
                (gross - off).quantize(CENT, ROUND_DOWN)
                if layout.refunds == "line" and draw(st.integers(0, 4)) == 0
                else Decimal(0)
            )
            lines.append(Line(sku=sku, price=price, pieces=pieces, off=off, refunded=back))
        off = draw(st.one_of(st.just(Decimal(0)), cents)) if layout.order_off else Decimal(0)
        order = Order(lines=tuple(lines), off=off, shipping=Decimal(0), refunded=Decimal(0))
        shipping = (
            draw(st.sampled_from([Decimal("4.00"), Decimal("6.95"), Decimal(0)])) if layout.has_shipping else off * 0
        )
        back = draw(st.sampled_from([Decimal(0), Decimal("1.30")])) if layout.refunds == "order" else Decimal(0)
        found.append(Order(lines=order.lines, off=off, shipping=shipping, refunded=back))
    return tuple(found)


def tax_of(order: Order, layout: Layout) -> Decimal:
    rate = Decimal("0.21")
    share = rate / (1 + rate) if layout.tax == "in" else rate
    return (order.net * share).quantize(CENT, ROUND_HALF_UP)


def columns_of(order: Order, line: Line, layout: Layout) -> dict[str, str]:
    """The line's own columns."""
    found = {"sku": line.sku, layout.name("quantity", "cantidad"): str(line.pieces)}
    total = line.gross if "before" in layout.money else line.net
    if layout.money.startswith("price"):
        found[layout.name("price", "precio")] = f"{line.price}"
    if layout.money == "line price":
        found[layout.name("price", "precio")] = f"{line.gross}"
    if layout.money in ("price+total", "price+before", "total", "before"):
        found[layout.name("line_total", "total línea")] = f"{total:f}"
    if layout.line_off == "percent" and layout.money != "total":
        found[layout.name("discount", "descuento")] = f"{line.off * 100 / line.gross:.0f}%" if line.off else ""
    elif layout.line_off == "money" and layout.money != "total":
        found[layout.name("discount", "descuento")] = f"{line.off}"
    if layout.refunds == "line":
        found[layout.name("refunded", "reembolsado")] = f"{line.refunded}"
    return found


def order_columns(order: Order, layout: Layout) -> dict[str, str]:
    """The order's own columns."""
    found = {}
    whole = order.net + order.shipping
    if layout.order_off:
        is_bare = layout.is_bare and (layout.line_off == "none" or layout.money == "total")
        name = (
            layout.name("discount", "descuento") if is_bare else layout.name("order_discount", "descuento del pedido")
        )
        found[name] = f"{order.off}"
    if layout.tax != "none":
        found[layout.name("total_tax", "total IVA")] = f"{tax_of(order, layout)}"
        whole += tax_of(order, layout) if layout.tax == "out" else 0
    if layout.has_shipping:
        found[layout.name("shipping", "gastos de envío")] = f"{order.shipping}"
    if layout.refunds == "order":
        name = layout.name("order_refunded_amount", "importe reembolsado pedido")
        found[layout.name("refunded", "reembolsado") if layout.is_bare else name] = f"{order.refunded}"
    if layout.has_total:
        name = "total" if layout.is_bare else layout.name("order_total", "total pedido")
        found[name] = f"{whole.quantize(CENT)}"
    return found


def written(orders: tuple[Order, ...], layout: Layout) -> str:
    out = io.StringIO()
    rows = []
    for number, order in enumerate(orders, start=1):
        own = order_columns(order, layout)
        for nth, line in enumerate(order.lines):
            common = own if nth == 0 or layout.where == "each" else dict.fromkeys(own, "")
            head = {"order_id": f"A{number}", "date": f"2025-03-{number:02d}", "customer_id": f"c{number % 4}"}
            rows.append(head | columns_of(order, line, layout) | common)
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def truth(orders: tuple[Order, ...]) -> dict[str, Decimal]:
    """What each order brought, by hand."""
    found = {}
    for number, order in enumerate(orders, start=1):
        held = sum((line.net for line in order.lines), Decimal(0))
        left = held - min(order.off, held)
        back = sum((line.refunded for line in order.lines), Decimal(0)) or order.refunded
        found[f"A{number}"] = left - min(back, left)
    return found


def money_read(folder: Path, path: Path, money: tuple[str, ...] = ()) -> tuple[dict[str, Decimal], list[Any]]:
    """The money of each order as it is read, and what is asked."""
    sources = opened(folder, path, asking=True, money=money)
    if sources.asks:
        return {}, list(sources.asks)
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows_of(sources):
        assert row["problem"] is None
        found[row["order_ref"]] += Decimal(row["amount_e4"] - row["refunded_e4"]) / 10000
    return dict(found), []


@given(st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_an_export_is_read_back_to_the_exact_money_or_asked(data: st.DataObject) -> None:
    read_back(data)


@pytest.mark.slow
@given(st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_hundreds_of_exports_are_read_back_to_the_exact_money_or_asked(data: st.DataObject) -> None:
    read_back(data)


def read_back(data: st.DataObject) -> None:
    layout = data.draw(layouts())
    orders = data.draw(orders_of(layout))
    expected = truth(orders)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        path.write_text(written(orders, layout), encoding="utf-8")
        found, asks = money_read(Path(folder), path)
        event("asked" if asks else "read")
        readings = answered(Path(folder), path, (), asks) if asks else [found]
        assert any(close(each, expected) for each in readings), (layout, readings, expected)


def answered(folder: Path, path: Path, said: tuple[str, ...], asks: list[Any]) -> list[dict[str, Decimal]]:
    """Every reading that some answers lead to."""
    found = []
    for choice in asks[0].choices:
        money = (*said, *choice.sets["money"])
        read, more = money_read(folder, path, money)
        found += answered(folder, path, money, more) if more else [read]
    return found


def close(found: dict[str, Decimal], expected: dict[str, Decimal]) -> bool:
    """The same to a ten-thousandth: the order's cents are exact, a percentage of a line may have four decimals."""
    return found.keys() == expected.keys() and all(
        abs(found[ref] - expected[ref]) < Decimal("0.00005") for ref in found
    )
