"""One commit a second for a week: what a commit and a query cost at its start and at its end.

A week is 604,800 commits, too long to wait for. What is real here: every commit of the simulated week's slices, made by
`Appender` (its folding and thinning at the real cadence, each 8 and 50 commits), and `keep` once between two slices
(a shop runs it every six hours). What is simulated: the clock (a file's time is set back so that log and files grow as
old as they would), and the seconds between the slices: their rows are there from the start, laid down as the compacted
files that upkeep leaves.
Prints CPU of this process; nothing else should run. `--commits` sets how many commits each slice makes.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa

from volver.store import Appender, Shop, create_shop, keep

WEEK_S = 7 * 86_400
SLICES = 8
QUERY = """
select kind, count(*) as n, count(distinct customer_id) as people from events
where day >= date '2026-01-02' group by kind
"""


def events(first: int, many: int) -> pa.Table:
    """Rows of seconds `first`, `first + 1`, …"""
    seconds = range(first, first + many)
    return pa.table(
        {
            "event_id": seconds,
            "customer_id": [n * 7919 % 50_000 for n in seconds],
            "ts_us": [1_767_225_600_000_000 + n * 1_000_000 for n in seconds],
            "day": [date(2026, 1, 1 + n // 86_400) for n in seconds],
            "kind": [("page_viewed", "product_viewed", "cart_added")[n % 3] for n in seconds],
            "month": ["2026-01"] * many,
        }
    )


def cpu_ms(work: Callable[[], object], times: int = 15) -> float:
    """The median CPU time of some work."""
    spent = []
    for _ in range(times):
        began = time.process_time()
        work()
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)


def grow_older(shop: Shop, seconds: float) -> None:
    """Let the files of the table and its log be that much older."""
    for path in shop.lake.path("events").rglob("*"):
        if path.is_file():
            stat = path.stat()
            os.utime(path, (stat.st_atime - seconds, stat.st_mtime - seconds))


def asked(shop: Shop) -> Callable[[], object]:
    """The query of a page or a report, as it is asked."""
    return lambda: shop.compute.relation(QUERY)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--commits", type=int, default=300)
    commits = parser.parse_args().commits
    with tempfile.TemporaryDirectory() as folder, create_shop(Path(folder) / "shop") as shop:
        stream, costs, queries, logs, files = Appender(shop, "events", wait_us=0), [], [], [], []
        gap = (WEEK_S - SLICES * commits) // (SLICES - 1)
        second = 0
        for number in range(SLICES):
            began = time.process_time()
            for _ in range(commits):
                stream.gather(events(second, 1), second + 1, second)
                second += 1
                if second % 60 == 0:
                    grow_older(shop, 60)
            costs.append((time.process_time() - began) * 1000 / commits)
            queries.append(cpu_ms(asked(shop)))
            logs.append(len(os.listdir(shop.lake.path("events") / "_delta_log")))
            files.append(len(shop.lake.snapshot("events").files))
            print(
                f"day {second / 86_400:4.1f}  commit {costs[-1]:6.1f} CPU-ms  query {queries[-1]:6.1f} CPU-ms  "
                f"rows {second:7,}  files {files[-1]:3}  log {logs[-1]:4}",
                flush=True,
            )
            if number < SLICES - 1:
                stream.gather(events(second, gap), second + gap, second)
                second += gap
                grow_older(shop, gap)
                keep(shop)
        with create_shop(Path(folder) / "fresh") as fresh:
            at_once = Appender(fresh, "events", wait_us=0)
            at_once.gather(events(0, second), second, 0)
            ours, peers = [], []
            for _ in range(7):  # in turns, so that both meet the same weather
                ours.append(cpu_ms(asked(shop)))
                peers.append(cpu_ms(asked(fresh)))
        ratio = statistics.median(ours) / statistics.median(peers)
        print(f"query after the week against a table written at once: {ratio:.2f} (budget 1.20)")
        print(f"commit at the end against the start: {costs[-1] / costs[0]:.2f}")


if __name__ == "__main__":
    main()
