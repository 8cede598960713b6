"""What it costs to know every customer's history on a past day: from the ledger, and from what is kept beside it.

    python benchmarks/state.py [--customers 300000] [--days 6] [--folder DIR]

Simulates and imports a shop without events (or opens the one that `--folder` holds), then prints CPU-seconds of one
run, and as ratios how many times dearer the ledger is. `tests/predict/rfm.sql` is the question put to the ledger.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from volver.collect import import_simulated, simulate_shop
from volver.know import KnowSettings, update_order_days
from volver.predict.value.histories import buyers, buyers_at, span
from volver.predict.value.order_days import TABLE
from volver.store import Shop, create_shop, open_shop

RFM = Path(__file__).resolve().parents[1] / "tests" / "predict" / "rfm.sql"
Found = TypeVar("Found")


def timed(name: str, work: Callable[[], Found], unit: float | None = None) -> tuple[Found, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    told = "" if unit is None else f"  ledger / this {unit / cpu:7.1f}"
    print(f"{name:<52} {cpu:8.3f} CPU-s {wall:8.3f} s{told}")
    return found, cpu


def made(folder: Path, customers: int) -> Shop:
    if (folder / "shop").exists():
        return open_shop(folder / "shop")
    files = simulate_shop(customers, 1, out_dir=folder / "files")
    shop = create_shop(folder / "shop", currency="EUR", timezone="Europe/Madrid", memory_limit_mb=2048, threads=2)
    import_simulated(shop, replace(files, n_events=0))
    return shop


def one_more_day(shop: Shop, last: date) -> int:
    """The lines of the last day once more, a day later, as a batch of its own: plain sales, cancellations, returns."""
    offset = shop.lake.offset("order_lines") + 1
    sql = f"""
        select (cast({offset} as bigint) << 40) + row_number() over () as line_id, order_id + {offset} as order_id,
               order_ref, customer_id, product_id, ts_us + 86400000000 as ts_us, day + 1 as day, doc, kind, quantity_e4,
               unit_price_e4, amount_e4, discount_e4, cost_e4, line_key, occurrence, {offset} as batch,
               strftime(day + 1, '%Y-%m') as month
        from order_lines where day = date '{last}'"""
    files = shop.compute.write(sql, "order_lines")
    shop.lake.add("order_lines", files, offset)
    return sum(each.rows for each in files)


def main(customers: int, days: int, folder: Path) -> None:
    with made(folder, customers) as shop:
        last, lines = span(shop)[1], shop.lake.snapshot("order_lines")
        asked = [last - timedelta(days=60 * n) for n in range(days)]
        params = {"undone_us": shop.settings.of(KnowSettings).cancel_within_hours * 3_600_000_000, "every": 1}

        def from_ledger() -> int:
            return shop.compute.relation(RFM.read_text(encoding="utf-8"), {"as_of": last, **params}).num_rows

        n = from_ledger()
        print(f"{n:,} customers with an order, {lines.rows:,} order lines in {len(lines.files)} files\n")
        _, ledger = timed("one day from the ledger", from_ledger)
        timed(f"`{TABLE}` made from the whole ledger", lambda: update_order_days(shop), ledger)
        kept = shop.lake.snapshot(TABLE)
        size, whole = (sum(Path(each).stat().st_size for each in files) for files in (kept.files, lines.files))
        print(f"{'':<52} {kept.rows:,} rows, {size / 1e6:.1f} MB; the ledger has {whole / 1e6:.1f} MB")
        buyers(shop, last)
        timed("one day from the table", lambda: buyers(shop, last), ledger)
        timed(f"{days} days from one read of it", lambda: buyers_at(shop, asked), days * ledger)
        timed("nothing to catch up with", lambda: update_order_days(shop), ledger)
        for _ in range(2):
            fresh = one_more_day(shop, last)
            done, _ = timed(f"catching up with a day of {fresh:,} lines", lambda: update_order_days(shop), ledger)
            print(f"{'':<52} {done}")
            last += timedelta(days=1)


if __name__ == "__main__":
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--customers", type=int, default=300_000)
    told.add_argument("--days", type=int, default=6)
    told.add_argument("--folder", type=Path)
    given = told.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        main(given.customers, given.days, given.folder or Path(spare))
