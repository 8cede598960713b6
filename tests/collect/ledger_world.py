"""A gift shop's ugly order export in small, and how to look at what an import made of it."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.world import new_shop
from volver.collect import ImportOptions, ImportReport, import_files
from volver.store import Shop

HEADER = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country")
Row = tuple[str, ...]

UK = "United Kingdom"
EXPORT: tuple[Row, ...] = (
    # 1001: an ordinary order whose lines span two minutes, one line twice, with postage and a word-wise trap
    ("1001", "85048", "GLASS LIGHTS", "12", "2010-12-01 08:26:00", "6.95", "17850.0", UK),
    ("1001", "22041", "POST BOX RED", "2", "2010-12-01 08:27:00", "2.10", "17850.0", UK),
    ("1001", "22041", "POST BOX RED", "2", "2010-12-01 08:27:00", "2.10", "17850.0", UK),
    ("1001", "POST", "POSTAGE", "1", "2010-12-01 08:28:00", "18.00", "17850.0", UK),
    ("1001", "POST", "Post box, small", "1", "2010-12-01 08:28:00", "4.00", "17850.0", UK),
    # 1002: a guest by the word, a manual line, a voucher, a poster that is no postage
    ("1002", "M", "Manual", "1", "2010-12-02 09:00:00", "5.55", "null", UK),
    ("1002", "gift_0001_20", "Dotcomgiftshop Gift Voucher £20.00", "1", "2010-12-02 09:00:00", "16.67", "", UK),
    ("1002", "21000", "POSTER OF PARIS", "1", "2010-12-02 09:00:00", "3.25", "guest", UK),
    ("1002", "21001", "MANUAL COFFEE GRINDER", "1", "2010-12-02 09:00:00", "12.50", "0", UK),
    # C1003: cancels part of 1001, and its own postage
    ("C1003", "85048", "GLASS LIGHTS", "-2", "2010-12-03 10:00:00", "6.95", "17850", UK),
    ("C1003", "POST", "POSTAGE", "-1", "2010-12-03 10:00:00", "18.00", "17850", UK),
    # C1004: a cancellation by somebody who never bought; one line is positive
    ("C1004", "M", "Manual", "1", "2010-12-03 11:00:00", "373.57", "99999", UK),
    # 1005: goods sent back, without saying to which sale
    ("1005", "22041", "POST BOX RED", "-1", "2010-12-04 12:00:00", "2.10", "17850", UK),
    # 1006-1008: stock written off; found again; a free gift
    ("1006", "85048", "damaged", "-5", "2010-12-05 13:00:00", "0.00", "", UK),
    ("1007", "85048", "", "3", "2010-12-05 13:00:00", "0.00", "", UK),
    ("1008", "22041", "POST BOX RED", "1", "2010-12-05 13:00:00", "0.00", "12346", UK),
    # A1009, 1010: bad debt and an adjustment by its code
    ("A1009", "B", "Adjust bad debt", "1", "2010-12-06 14:00:00", "-1106.44", "", UK),
    ("1010", "ADJUST", "Adjustment by hand on 06/12/2010", "1", "2010-12-06 14:00:00", "-50.00", "12346", UK),
    # 1011: a discount as a negative price, for a customer and for nobody
    ("1011", "22041", "POST BOX RED", "3", "2010-12-07 15:00:00", "2.10", "12346", "France"),
    ("1011", "XX", "thank you", "1", "2010-12-07 15:00:00", "-1.00", "12346", "France"),
    ("1012", "XX", "till difference", "1", "2010-12-07 16:00:00", "-0.30", "", UK),
    # set aside: no date, a date to come, a date before the web
    ("1013", "22041", "POST BOX RED", "1", "", "2.10", "12346", UK),
    ("1014", "22041", "POST BOX RED", "1", "2999-01-01 00:00:00", "2.10", "12346", UK),
    ("1015", "22041", "POST BOX RED", "1", "1890-01-01 00:00:00", "2.10", "12346", UK),
    # another wording of a product
    ("1016", "22041", "POST BOX ROUGE", "1", "2010-12-08 15:00:00", "2.1025", "12346", "France"),
)


def write_csv(path: Path, rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def british(path: Path) -> Shop:
    return new_shop(path, currency="GBP", timezone="Europe/London")


def imported(shop: Shop, *paths: Path, **options: Any) -> ImportReport:
    return import_files(shop, paths, ImportOptions(**options))


def ledger(shop: Shop) -> list[tuple[Any, ...]]:
    """The ledger's content by references: everything but numbers that follow first appearance."""
    found = shop.compute.relation(
        """select l.order_ref, c.customer_ref, p.product_ref, l.ts_us, l.day, l.doc, l.kind, l.quantity_e4,
                  l.unit_price_e4, l.amount_e4, l.discount_e4, l.cost_e4, l.line_key, l.occurrence, l.order_id, l.month
           from order_lines l left join customers c using (customer_id) left join products p using (product_id)
           order by all"""
    )
    return [tuple(row.values()) for row in found.to_pylist()]


def rows_of(shop: Shop, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in shop.compute.relation(sql).to_pylist()]


def arithmetic_holds(report: ImportReport, *, dropped: bool = False) -> bool:
    """Every row read is added, already there or set aside, and every line has one kind."""
    rows = report.rows
    gone = rows.identical if dropped else 0
    return rows.read == rows.added + rows.already_there + sum(rows.set_aside.values()) + gone
