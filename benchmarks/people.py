"""What it costs to number people, and to read the ledger through their merges.

    python benchmarks/people.py [PEOPLE] [LINES]

A million new names against SQLite writing the same rows, sorted, into the same table without looking whether they are
there; then a scan of all lines and one customer's lines with 0 and 10,000 merges (best of seven). CPU time, one
process.
"""

import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from volver.core import clock
from volver.store import Shop, State, canonical, create_shop, merging, people

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


def numbering(many: int, folder: Path) -> None:
    names = [f"ana.garcia.{n}@example.com" for n in range(many)]
    random.Random(1).shuffle(names)
    rows = [("email", name, n, "import", 1, 2, 0) for n, name in enumerate(sorted(names))]
    state, plain = State(f"sqlite:///{folder / 'state.db'}"), State(f"sqlite:///{folder / 'plain.db'}")
    plain.close()
    began = clock.cpu_s()
    with sqlite3.connect(folder / "plain.db") as limit:
        limit.execute("pragma secure_delete = 1")
        limit.executemany("insert into identifiers values (?, ?, ?, ?, ?, ?, ?)", rows)
    least = clock.cpu_s() - began
    print(f"{many:,} names: sqlite writes the rows in {least:.1f} CPU-s")
    times = [1] * many
    for turn in ("new", "again"):
        began = clock.cpu_s()
        with state.begin() as found:
            people.number(found, people.Named(references=names, first_us=times, last_us=times))
        spent = clock.cpu_s() - began
        print(f"{turn:>14}: {spent:.1f} CPU-s, {spent / least:.1f} times that")
    state.close()


def reading(lines: int) -> None:
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


def main(many: int, lines: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        numbering(many, Path(place))
    reading(lines)


if __name__ == "__main__":
    main(*(int(given) for given in (*sys.argv[1:], *("1000000", "2000000")[len(sys.argv) - 1 :])))
