"""A shop that hears of its orders again and again, and how to look at what stands of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.collect.ledger_world import rows_of, write_csv
from volver.collect import ImportOptions, ImportReport, import_files
from volver.store import Shop

HEADER = ("order", "at", "who", "sku", "qty", "price", "off", "status", "changed")
MAPPING = {
    "order_ref": "order", "date": "at", "customer_ref": "who", "product_ref": "sku", "quantity": "qty",
    "unit_price": "price", "discount": "off", "status": "status", "updated": "changed",
}  # fmt: skip
Line = tuple[str, ...]


def line(
    order: str = "1",
    sku: str = "A",
    qty: int = 1,
    price: str = "10.00",
    at: str = "2025-03-01 10:20:31",
    who: str = "7",
    off: str = "0.00",
    status: str = "paid",
    changed: str = "",
) -> Line:
    return (order, at, who, sku, str(qty), price, off, status, changed)


def hear(shop: Shop, *files: Sequence[Line]) -> ImportReport:
    """One import of these files."""
    folder = shop.path.parent / f"files-{len(list(shop.path.parent.iterdir()))}"
    folder.mkdir()
    paths = [write_csv(folder / f"{at}.csv", rows, HEADER) for at, rows in enumerate(files)]
    return import_files(shop, paths, ImportOptions(as_="orders", mapping=MAPPING, decimal="."))


def stands(shop: Shop) -> list[tuple[Any, ...]]:
    """What holds: order, product, pieces and money of every line."""
    return rows_of(
        shop,
        """select l.order_ref, p.product_ref, l.quantity_e4 // 10000, l.amount_e4 / 10000.0
           from order_lines l left join products p using (product_id) order by all""",
    )


def sums(shop: Shop) -> list[tuple[Any, ...]]:
    """What the whole ledger adds up to, replaced lines and mirrors included, by all that a shop looks at."""
    return rows_of(
        shop,
        """select l.order_ref, l.day, l.ts_us, l.kind, l.doc, c.customer_ref, p.product_ref,
                  cast(sum(l.quantity_e4) as bigint) as q, cast(sum(l.amount_e4) as bigint) as a,
                  cast(sum(l.discount_e4) as bigint) as d
           from ledger l left join customers c using (customer_id) left join products p using (product_id)
           group by all having q <> 0 or a <> 0 or d <> 0 order by all""",
    )


def folder_of(path: Path) -> Path:
    path.mkdir()
    return path
