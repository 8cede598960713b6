"""What reading the ledger through merges costs: a scan of all lines and one customer's lines, with 0 and 10,000 merges.

    python benchmarks/merges.py [LINES]

Best of seven, CPU time, in one process.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from volver.core import clock
from volver.store import Shop, canonical, create_shop, merging, people

CUSTOMERS, MERGES = 200_000, 10_000
SCAN = "select customer_id, count(*) as n, sum(amount_e4) as e4 from order_lines group by customer_id"
ONE = "select count(*) from order_lines_as_written where customer_id in ({})"


def best(work: Callable[[], object]) -> float:
    found = []
    for _ in range(7):
        began = clock.cpu_s()
        work()
        found.append(clock.cpu_s() - began)
    return min(found) * 1000


def told(shop: Shop, name: str) -> None:
    whose = ", ".join(map(str, canonical.people_of(shop, 77)))
    print(
        f"{name:>14}: scan {best(lambda: shop.compute.relation(SCAN)):6.0f} CPU-ms,"
        f" one customer {best(lambda: shop.compute.relation(ONE.format(whose))):6.1f} CPU-ms"
    )


def main(lines: int) -> None:
    with tempfile.TemporaryDirectory() as place, create_shop(Path(place) / "shop", timezone="UTC") as shop:
        sql = f"""
            select i as line_id, i // 3 as order_id, 'o' || i // 3 as order_ref,
                   1 + (i * 7919) % {CUSTOMERS} as customer_id,
                   i % 50 as product_id, i as ts_us, date '2024-01-01' + cast(i % 360 as integer) as day, 'sale' as doc,
                   'sale' as kind, 10000 as quantity_e4, 500 as unit_price_e4, 500 as amount_e4, 0 as discount_e4,
                   null as cost_e4, i as line_key, 1 as occurrence, 1 as batch,
                   strftime(date '2024-01-01' + cast(i % 360 as integer), '%Y-%m') as month from range({lines}) t(i)"""
        shop.lake.add("order_lines", shop.compute.write(sql, "order_lines"), 1)
        with shop.state.begin() as rows:
            people.take_in(rows, dict.fromkeys(range(1, CUSTOMERS + 1)), "benchmark")
        told(shop, "no merges")
        with shop.state.begin() as rows:
            merging.join_all(rows, [(n, n + 100_000) for n in range(1, MERGES + 1)], "", "benchmark")
        began = clock.cpu_s()
        canonical.publish(shop)
        print(f"{'published':>14}: {1000 * (clock.cpu_s() - began):.0f} CPU-ms")
        told(shop, f"{MERGES:,} merges")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
