"""How much CPU and memory an import takes, against DuckDB's own reading and writing of the same file in the same run.

    python benchmarks/import.py [TRANSACTIONS.parquet]

Two forms of the same order lines: Parquet, and the CSV that a shop would export. The physical limit is DuckDB reading
the file and writing it as Parquet, without looking at a single value; beside it stands the same in the ledger's order,
a file for each month sorted by customer and time. Every run has a process of its own.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

LINES = Path(__file__).parents[2] / "shared/data/completejourney/transactions.parquet"
MAPPING = {
    "order_ref": "basket_id",
    "customer_ref": "household_id",
    "product_ref": "product_id",
    "date": "transaction_at",
    "quantity": "quantity",
    "total": "sales_value_usd",
    "discount": "retail_disc_usd",
}


def measured(work: str, path: Path, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, work, str(path), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def copy(path: Path, folder: Path, *, in_order: bool) -> None:
    import duckdb

    spill = str(folder / "spill")
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "512MB", "temp_directory": spill})
    source = f"read_csv('{path}')" if path.suffix == ".csv" else f"read_parquet('{path}')"
    rows, options = f"select * from {source}", "format parquet, compression zstd"
    if in_order:
        rows = f"select *, strftime(transaction_at, '%Y-%m') as month from {source}"
        rows, options = f"{rows} order by month, household_id, transaction_at", f"{options}, partition_by (month)"
    connection.execute(f"copy ({rows}) to '{folder / f'copy-{in_order}'}' ({options})")


def take_in(path: Path, folder: Path) -> dict[str, object]:
    from volver.collect import ImportOptions, import_files
    from volver.store import create_shop, open_shop

    place = folder / "shop"
    shop = open_shop(place) if place.exists() else create_shop(place, currency="USD", timezone="America/New_York")
    with shop:
        report = import_files(shop, [path], ImportOptions(as_="orders", mapping=MAPPING, timezone="UTC"))
    return {"rows": report.rows.read, "added": report.rows.added, "ledger_net": report.ledger_net}


def as_csv(path: Path, folder: Path) -> Path:
    import duckdb

    target = folder / "lines.csv"
    naive = "* replace (strftime(timezone('UTC', transaction_at), '%Y-%m-%d %H:%M:%S') as transaction_at)"
    duckdb.execute("set TimeZone = 'UTC'")
    duckdb.execute(f"copy (select {naive} from '{path}') to '{target}' (header)")
    return target


def work(name: str, path: Path, folder: Path) -> None:
    told = take_in(path, folder) if name == "import" else copy(path, folder, in_order=name == "sorted")
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    print(json.dumps({"cpu_s": cpu_s, "rss_mib": own.ru_maxrss / 1024, **(told or {})}))


def main(lines: Path) -> None:
    if not lines.exists():
        print(f"Nothing to measure: {lines.name} is not there. Name a Parquet file of order lines.")
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for form, path in (("parquet", lines), ("csv", as_csv(lines, folder))):
            here = folder / form
            here.mkdir()
            limit, ordered, first, again = (measured(n, path, here) for n in ("copy", "sorted", "import", "import"))
            print(f"{form}: {first['rows']:,} lines, {os.path.getsize(path) / 1e6:.0f} MB, net {first['ledger_net']}")
            print(f"  {'duckdb reads and writes':<24} {limit['cpu_s']:6.2f} CPU-s  {limit['rss_mib']:5.0f} MiB")
            for name, found in (("duckdb, in ledger order", ordered), ("import", first), ("import again", again)):
                ratio = found["cpu_s"] / limit["cpu_s"]
                print(
                    f"  {name:<24} {found['cpu_s']:6.2f} CPU-s  {found['rss_mib']:5.0f} MiB  {ratio:4.1f} times duckdb"
                )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        work(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else LINES)
