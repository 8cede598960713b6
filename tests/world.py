"""A tiny shop for tests: ledger lines as Python values, written through the store's own doors.

A shop that costs time is made once and copied: `new_shop` for an empty one, `once` for whatever a run needs often.
"""

import atexit
import fcntl
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from volver.core import write_settings
from volver.store import Shop, create_shop, open_shop

START = date(2025, 1, 1)
DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A ledger line: `day` counts from START, `hour` within the day; money in whole currency units."""

    order: str
    customer: int | None
    product: int | None
    day: int
    price: int
    quantity: int = 1
    kind: str = "sale"
    doc: str = "sale"
    hour: int = 12
    discount: int = 0

    @property
    def ts_us(self) -> int:
        start = datetime(START.year, START.month, START.day, tzinfo=UTC)
        return round((start + timedelta(days=self.day, hours=self.hour)).timestamp() * 1e6)

    @property
    def amount_e4(self) -> int:
        return self.price * self.quantity * 10_000

    def row(self, n: int) -> dict[str, Any]:
        """The line as a row of `order_lines` with the id `n`."""
        return {
            "line_id": n,
            "order_id": sum(ord(char) * 257**i for i, char in enumerate(self.order)) % 2**61,
            "order_ref": self.order,
            "customer_id": self.customer,
            "product_id": self.product,
            "ts_us": self.ts_us,
            "day": day(self.day),
            "doc": self.doc,
            "kind": self.kind,
            "quantity_e4": self.quantity * 10_000,
            "unit_price_e4": self.price * 10_000,
            "amount_e4": self.amount_e4,
            "discount_e4": self.discount * 10_000,
            "line_key": n,
            "occurrence": 1,
            "batch": 1,
            "month": f"{day(self.day):%Y-%m}",
        }


def day(n: int) -> date:
    """The date of day `n`."""
    return START + timedelta(days=n)


@cache
def _empty() -> Path:
    """An empty shop of this process: a copy of it costs a twentieth of making one."""
    folder = Path(mkdtemp(prefix="volver-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    create_shop(folder / "shop").close()
    return folder / "shop"


def new_shop(path: Path, **settings: Any) -> Shop:
    """What `create_shop` makes, as a copy."""
    shutil.copytree(_empty(), path)
    write_settings(path, settings)
    return open_shop(path)


def once(temporary: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """What `make` writes to a folder, made by the first who asks in this run, whatever worker that is."""
    base = temporary.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made = base / f"once-{name}"
    with (base / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(made.with_suffix(".part"))
            made.with_suffix(".part").rename(made)
    return made


def examples(quick: int, thorough: int) -> int:
    """How many examples a test draws whose every example makes shops: few in `make test`, many in `make test-all`."""
    from hypothesis import settings

    return thorough if settings.get_current_profile_name() == "thorough" else quick


def copied(made: Path, path: Path) -> Shop:
    """A copy of a closed shop, open."""
    shutil.copytree(made, path)
    return open_shop(path)


def entered(shop: Shop) -> int:
    """A log entry and the state's record of it, for rows that a test brings into the lake past the import."""
    from volver.store import Entry
    from volver.store.schema import batches

    name = f"{shop.log.last() + 1:x}"
    # no reader of the log knows what to do with such an entry
    offset = shop.log.append([Entry(source="world", message_id=name, kind="world", body=b"")])[0]
    row = {"offset": offset, "source": "world", "digest": name, "kind": "import", "rows": 0, "created_us": 0}
    with shop.state.begin() as rows:
        rows.execute(batches.insert(), row | {"report": "{}"})
    return offset


def shop_of(path: Path, lines: Sequence[Line], *, cost: int | None = None, **settings: Any) -> Shop:
    """A shop whose ledger holds these lines; products cost `cost` units each."""
    shop = new_shop(path, timezone="UTC", **settings)
    offset = entered(shop)
    rows = [line.row(n) for n, line in enumerate(lines)]
    customers = sorted({line.customer for line in lines if line.customer is not None})
    products = sorted({line.product for line in lines if line.product is not None})
    with shop.lake.writing():
        shop.lake.add("order_lines", written(shop, "order_lines", rows), offset)
        people = [{"customer_id": one, "customer_ref": f"c{one}"} for one in customers]
        shop.lake.add("customers", written(shop, "customers", people), offset)
        cost_e4 = None if cost is None else cost * 10_000
        goods = [
            {
                "product_id": p,
                "product_ref": f"p{p}",
                "name": f"Product {p}",
                "category": f"cat{p % 2}",
                "cost_e4": cost_e4,
                "is_product": 1,
            }
            for p in products
        ]
        shop.lake.add("products", written(shop, "products", goods), offset)
    return shop


def written(shop: Shop, table: str, rows: list[dict[str, Any]]) -> Any:
    """Rows as new files of a lake table, not yet committed; columns left out are null."""
    import pyarrow as pa

    from volver.store import TABLES

    kinds = {
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
    }
    schema = pa.schema([(name, kinds[kind]) for name, kind in TABLES[table].columns.items()])
    given = pa.Table.from_pylist(rows, schema=schema)
    connection = shop.compute.connection()
    try:
        connection.register("given", given)
        return shop.compute.write("select * from given", table, connection=connection)
    finally:
        connection.close()
