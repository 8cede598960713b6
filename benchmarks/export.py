"""A list of a million customers as a CSV file: CPU-seconds, peak memory, and the ratio to the engine copying the rows.

Run `python benchmarks/export.py [customers]`.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from volver import know
from volver.store import SEMICOLON, create_shop, open_shop
from volver.ui import Speech

FACTS = """select i as customer_id, 1 + i % 9 as orders, 1 + i % 9 as order_days, (i * 7919) % 90000000 as net_e4,
  0 as gross_e4, 0 as margin_e4, 450000 as aov_e4, 0 as units_e4, date '2025-01-01' as first_day,
  date '2026-01-01' + cast(i % 150 as integer) as last_day, 3 as days_since, 30.0 as usual_gap_days,
  30.0 as rhythm_days,
  0.0 as discount_share, 0.0 as returned_share, null as top_product_id, null as top_category,
  ['new','growing','champion','slipping','sleeping','lost'][1 + i % 6] as stage, date '2026-01-01' as stage_since,
  i % 512 as segments from range({n}) t(i)"""
CUSTOMERS = """select i as customer_id, 'C-' || i as customer_ref, 'Lucía Ferrer Núñez ' || i as name,
  'lucia.ferrer.' || i || '@example.com' as email, 'Ávila' as city, 'ES' as country, 'tienda online' as channel,
  'Navidad' as campaign from range({n}) t(i)"""


def main(customers: int) -> None:
    """Make a shop, then let a process of its own write the list, and print what that took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop"
        shop = create_shop(path, name="A million", currency="EUR", timezone="Europe/Madrid", lang="es")
        for table, sql in (("facts", FACTS), ("customers", CUSTOMERS)):
            whole = f"(select * from {table} limit 0) union all by name ({sql.format(n=customers)})"
            shop.lake.replace(table, shop.compute.write(whole, table))
        shop.close()
        subprocess.run([sys.executable, __file__, "--take", str(path)], check=True)


def take(path: Path) -> None:
    """Write the list of a shop that is there, and copy the same rows by the engine alone."""
    with open_shop(path) as shop:
        know.customers(shop, limit=1)
        held = _peak_mb()
        spoken = Speech(lang="es", currency="EUR", zone="Europe/Madrid")
        target = path / "all.csv"
        began, wall = time.process_time(), time.perf_counter()
        rows = know.customers_csv(shop, target, say=spoken.words, marks=SEMICOLON, choice=know.Choice())
        spent, waited, peak = time.process_time() - began, time.perf_counter() - wall, _peak_mb()
        began = time.process_time()
        emails = know.customer_emails(shop, know.Choice())
        mails = time.process_time() - began
        connection = shop.compute.connection()
        began = time.process_time()
        everything = "select * from facts join customers using (customer_id) order by net_e4"
        connection.execute(f"copy ({everything}) to '{path}/plain.csv'")
        plain = time.process_time() - began
        print(f"{rows:,} rows, {target.stat().st_size / 1e6:.0f} MB: {spent:.1f} CPU-s, {waited:.1f} s")
        print(f"{spent / plain:.2f} times the engine's plain copy ({plain:.1f} CPU-s)")
        print(f"{len(emails.addresses):,} addresses: {mails:.1f} CPU-s")
        print(f"peak memory {held:.0f} MB with the list held, {peak:.0f} MB once it was written")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["--take"]:
        take(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
