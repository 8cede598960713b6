"""Each rule for dirty order files, on an export whose every figure was counted by hand."""

import json
from pathlib import Path

import pytest

from tests.collect.ledger_world import (
    EXPORT,
    HEADER,
    UK,
    Row,
    arithmetic_holds,
    british,
    imported,
    ledger,
    rows_of,
    write_csv,
)
from tests.world import new_shop
from volver.collect import OtherCurrency, set_aside
from volver.store import Shop, open_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return british(tmp_path / "shop")


def test_the_whole_export_is_counted_as_by_hand(shop: Shop, tmp_path: Path) -> None:
    report = imported(shop, write_csv(tmp_path / "orders.csv", EXPORT))
    assert {name: value for name, value in report.to_json().items() if name != "notes"} == {
        "files": 1,
        "rows": {
            "read": 25,
            "added": 22,
            "already_there": 0,
            "identical": 1,
            "pending": 0,
            "set_aside": {"absurd_date": 1, "future_date": 1, "no_date": 1},
        },
        "orders": {"total": 13, "sales": 6, "cancellations": 2, "adjustments": 3, "guest": 5},
        "lines": {
            "sale": 10,
            "return": 1,
            "cancel": 3,
            "adjustment": 3,
            "write_off": 1,
            "shipping_or_fee": 4,
            "guest": 8,
            "zero_price": 3,
            "negative_price": 4,
            "no_description": 1,
        },
        "customers": 2,
        "products": 6,
        "net": "-651.6975",
        "ledger_net": "498.7425",
        "ledger_net_after": "498.7425",
        "documents": {
            "new": 13,
            "same": 0,
            "completed": 0,
            "changed": 0,
            "before": "0.00",
            "after": "0.00",
            "examples": (),
        },
        "currency": "GBP",
        "first_at": "2010-12-01T08:26:00+00:00",
        "last_at": "2010-12-08T15:00:00+00:00",
        "money": {
            "rows": 25,
            "orders": 13,
            "gross": "119.9525",
            "discounts": "0.00",
            "charges": "39.22",
            "cancelled": "-341.67",
            "returned": "2.10",
            "net": "498.7425",
            "pending": "0.00",
            "pending_orders": 0,
            "beside": {},
            "taxed": None,
            **dict.fromkeys(("checked", "met"), 0),
            "unmet": (),
        },
    }
    assert arithmetic_holds(report)


def test_the_ledger_sums_to_what_the_report_says(shop: Shop, tmp_path: Path) -> None:
    imported(shop, write_csv(tmp_path / "orders.csv", EXPORT))
    assert rows_of(shop, "select sum(amount_e4) from order_lines where kind not in ('adjustment', 'write_off')") == [
        (4987425,)
    ]
    assert rows_of(shop, "select count(*) from order_lines") == [(22,)]


def kinds(shop: Shop, tmp_path: Path, *rows: Row, header: tuple[str, ...] = HEADER) -> list[str]:
    """The kinds of rows that are imported among ordinary orders, in the order of their prices."""
    plain = [("9001", "1", "A THING", "1", "2010-12-01 08:26:00", "999", "1", UK, *[""] * (len(header) - 8))]
    imported(shop, write_csv(tmp_path / "orders.csv", [*plain, *rows], header))
    found = rows_of(
        shop,
        "select kind from order_lines where unit_price_e4 <> 9990000 order by abs(unit_price_e4), quantity_e4 desc",
    )
    return [kind for (kind,) in found]


def line(code: str, name: str, price: float, quantity: int = 1, order: str = "9002", customer: str = "7") -> Row:
    return (order, code, name, str(quantity), "2010-12-01 08:26:00", str(price), customer, UK)


def test_fees_are_told_from_goods_by_whole_words(shop: Shop, tmp_path: Path) -> None:
    fees = [
        ("POST", "POSTAGE"), ("DOT", "DOTCOM POSTAGE"), ("DOT", ""), ("C2", "CARRIAGE"), ("M", "Manual"),
        ("m", "Manual"),
        ("D", "Discount"), ("S", "SAMPLES"), ("BANK CHARGES", "Bank Charges"), ("AMAZONFEE", "AMAZON FEE"),
        ("CRUK", "CRUK Commission"), ("gift_0001_10", "Dotcomgiftshop Gift Voucher £10.00"), ("E1", "Gastos de envío"),
        ("E2", "Envío 24h península"), ("E3", "Portes"), ("E4", "Comisión PayPal"), ("E5", "Tarjeta regalo 50 €"),
        ("E6", "Cheque regalo"), ("E7", "Shipping & Handling"), ("E8", "Gift card $25"), ("ENVIO", ""),
        ("E9", "Express delivery"),
        ("F1", "Next Day Carriage"), ("F2", "PACKING CHARGE"), ("F3", "Descuento"), ("F4", "Recargo contrarreembolso"),
    ]  # fmt: skip
    goods = [
        ("POST", "Post box"), ("P1", "POSTER"), ("P2", "MANUAL COFFEE GRINDER"), ("DOT", "Dot cushion"),
        ("D", "Dinner plate"), ("S", "Small vase"), ("M", "Medium vase"), ("P3", "Gift card holder in leather"),
        ("P4", "Delivery van toy"), ("P5", "Caja de envíos de cartón"), ("P6", "Sample set of teas"),
        ("P7", "Carriage clock"),
        ("P8", "Adjustable lamp"), ("P9", "Libro de portes históricos"), ("PADS", "PADS TO MATCH ALL CUSHIONS"),
        ("Q1", "Postage stamp album"), ("Q2", "VINTAGE GIFT VOUCHERS BOX SET"), ("DISCO", "DISCO BALL"),
    ]  # fmt: skip
    rows = [line(code, name, 1 + n / 100) for n, (code, name) in enumerate([*fees, *goods])]
    found = kinds(shop, tmp_path, *rows)
    wrong = [(pair, kind) for pair, kind in zip(fees, found[: len(fees)], strict=True) if kind != "shipping_or_fee"]
    wrong += [(pair, kind) for pair, kind in zip(goods, found[len(fees) :], strict=True) if kind != "sale"]
    assert not wrong


def test_adjustments_are_known_by_code_or_text(shop: Shop, tmp_path: Path) -> None:
    rows = [
        line("ADJUST", "whatever", 1),
        line("ADJUST2", "", 2),
        line("B", "Adjust bad debt", 3, order="A9003"),
        line("Z1", "Ajuste de inventario", 4),
        line("Z2", "Deuda incobrable", 5),
        line("B", "Blue bowl", 6),
        line("Z3", "Adjustable stool", 7),
    ]
    assert kinds(shop, tmp_path, *rows) == ["adjustment"] * 5 + ["sale"] * 2


def test_what_a_cancellation_holds_is_cancelled_whatever_else_it_is(shop: Shop, tmp_path: Path) -> None:
    rows = [
        line("POST", "POSTAGE", 1, -1, order="C9003"),
        line("ADJUST", "Adjustment", 2, -1, order="C9003"),
        line("1", "A THING", 0, -1, order="C9003"),
        line("1", "A THING", 3, 1, order="C9004"),
        line("1", "A THING", 4, -1, order="9005"),
    ]
    assert kinds(shop, tmp_path, *rows) == ["cancel", "cancel", "cancel", "cancel", "return"]


def test_a_letter_means_nothing_where_every_order_has_it(shop: Shop, tmp_path: Path) -> None:
    rows = [line("1", "A THING", n, order=f"C100{n}") for n in range(1, 5)]
    report = imported(shop, write_csv(tmp_path / "orders.csv", rows))
    assert report.lines["sale"] == 4
    assert report.orders.cancellations == 0


def test_a_cancelled_status_undoes_the_order_without_editing_it(shop: Shop, tmp_path: Path) -> None:
    header = (*HEADER, "Status")

    def export(status: str) -> Path:
        rows = [
            (*line("1", "A THING", 10, 2, order="9100"), status),
            (*line("POST", "POSTAGE", 5, order="9100"), status),
            (*line("XX", "thank you", -1, order="9100"), status),
            (*line("1", "A THING", 7, order="9101"), "completed"),
        ]
        return write_csv(tmp_path / f"{status}.csv", rows, header)

    before = imported(shop, export("processing"))
    assert (before.ledger_net, before.orders.cancellations, before.rows.added) == ("31.00", 0, 4)
    first = ledger(shop)
    after = imported(shop, export("Cancelado"))
    assert (after.ledger_net, after.net, after.orders.cancellations, after.orders.sales) == ("7.00", "31.00", 1, 1)
    assert (after.rows.added, after.rows.already_there, after.lines["cancel"]) == (3, 1, 3)
    assert set(first) < set(ledger(shop))
    assert rows_of(shop, "select sum(amount_e4) from order_lines where order_ref = '9100'") == [(0,)]
    again = imported(shop, export("Cancelado"), export("processing"))
    assert (again.rows.added, again.ledger_net, again.orders.cancellations) == (0, "7.00", 1)


def test_cancelled_first_and_pending_later_gives_the_same_ledger(shop: Shop, tmp_path: Path) -> None:
    header = (*HEADER, "Status")
    pending = write_csv(tmp_path / "a.csv", [(*line("1", "A THING", 10, 2), "processing")], header)
    voided = write_csv(tmp_path / "b.csv", [(*line("1", "A THING", 10, 2), "voided")], header)
    other = british(tmp_path / "other")
    imported(shop, pending), imported(shop, voided)
    imported(other, voided), imported(other, pending)
    assert ledger(shop) == ledger(other)
    assert len(ledger(shop)) == 2


def test_identical_lines_are_kept_unless_told_otherwise(tmp_path: Path) -> None:
    rows = [line("1", "A THING", 2)] * 3 + [line("1", "A THING", 3)]
    path = write_csv(tmp_path / "orders.csv", rows)
    kept, one = british(tmp_path / "kept"), british(tmp_path / "one")
    report = imported(kept, path)
    assert (report.rows.added, report.rows.identical, report.ledger_net) == (4, 2, "9.00")
    report = imported(one, path, drop_identical=True)
    assert (report.rows.added, report.rows.identical, report.ledger_net) == (2, 2, "5.00")
    assert arithmetic_holds(report, dropped=True)
    assert imported(one, path).rows.added == 2


def test_ids_that_are_no_ids_are_guests_and_decimal_ids_are_whole(shop: Shop, tmp_path: Path) -> None:
    refs = ["17850.0", "17850", "null", "undefined", "guest", "0", "", "NaN"]
    rows = [line("1", "A THING", n + 1, order=str(9200 + n), customer=ref) for n, ref in enumerate(refs)]
    report = imported(shop, write_csv(tmp_path / "orders.csv", rows))
    assert (report.customers, report.orders.guest, report.lines["guest"]) == (1, 6, 6)
    assert rows_of(shop, "select customer_ref from customers") == [("17850",)]


def test_a_product_with_several_names_takes_the_most_used(shop: Shop, tmp_path: Path) -> None:
    rows = [
        line("1", "RED BOX", 1),
        line("1", "BOX RED", 2),
        line("1", "BOX RED", 3),
        line("2", "LATE", 4)[:4] + ("2010-12-02 00:00:00", "4", "7", UK),
        line("2", "EARLY", 5),
    ]
    path = write_csv(tmp_path / "orders.csv", rows)
    imported(shop, path)
    imported(shop, write_csv(tmp_path / "part.csv", rows[:1]))
    assert rows_of(shop, "select name from products order by product_ref") == [("BOX RED",), ("LATE",)]


def test_rows_that_cannot_be_read_are_set_aside_once(shop: Shop, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "orders.csv", EXPORT)
    imported(shop, path), imported(shop, path)
    imported(shop, write_csv(tmp_path / "part.csv", EXPORT[10:]))
    found = set_aside(shop)
    assert (found.total, dict(found.reasons)) == (3, {"absurd_date": 1, "future_date": 1, "no_date": 1})
    assert [(row.file, row.row_no, row.reason) for row in found.rows] == [
        ("orders.csv", 22, "no_date"),
        ("orders.csv", 23, "future_date"),
        ("orders.csv", 24, "absurd_date"),
    ]
    assert json.loads(found.rows[0].body)["Invoice"] == "1013"


def test_other_and_unknown_currencies_are_set_aside(shop: Shop, tmp_path: Path) -> None:
    header = (*HEADER, "Currency")
    rows = [(*line("1", "A THING", n + 1), code) for n, code in enumerate(["GBP", "EUR", "QQQ", ""])]
    report = imported(shop, write_csv(tmp_path / "orders.csv", rows, header))
    assert dict(report.rows.set_aside) == {"other_currency": 1, "unknown_currency": 1}
    assert (report.rows.added, report.ledger_net, report.net) == (2, "5.00", "10.00")


def test_an_empty_shop_takes_the_currency_of_its_first_import(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "orders.csv", EXPORT)
    shop = new_shop(tmp_path / "shop")
    assert imported(shop, path, currency="gbp").currency == "GBP"
    assert imported(shop, path).rows.added == 0
    assert open_shop(tmp_path / "shop").settings.currency == "GBP"
    with pytest.raises(OtherCurrency):
        imported(shop, path, currency="USD")
    chosen = new_shop(tmp_path / "chosen", currency="EUR")
    with pytest.raises(OtherCurrency):
        imported(chosen, path, currency="GBP")
