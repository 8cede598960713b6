"""A shop at work: an import, events into the log and people who look at pages, all at once on one machine.

    python benchmarks/drill.py [--minutes 5] [--rate 500] [--customers 20000] [--json]

A server with its runner (`volver serve`), a process that appends `rate` events a second to the log in groups, one
that imports a year of orders again with one order in twenty changed, and a reader who opens five pages in turn. Told
are what each got done, how long it waited, the server's CPU, and whether anything was lost: every event is in the log
once, and no order stands twice.
"""

import argparse
import http.client
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from http.cookies import SimpleCookie
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

PAGES = ("/", "/customers", "/segments", "/value", "/jobs")
GROUP = 50  # events appended at once, as a server under load gathers them


def append(shop_path: str, rate: float, seconds: float) -> dict[str, Any]:
    from volver.store import Entry, open_shop

    waits, sent, began = [], 0, time.monotonic()
    with open_shop(shop_path) as shop:
        while time.monotonic() - began < seconds:
            due = began + sent / rate
            if due > time.monotonic():
                time.sleep(due - time.monotonic())
            body = json.dumps({"event": "Product Viewed", "properties": {"sku": "A"}}).encode()
            group = [Entry(source="drill", message_id=f"{sent + n}", kind="event", body=body) for n in range(GROUP)]
            asked = time.monotonic()
            shop.log.append(group)
            waits.append(time.monotonic() - asked)
            sent += GROUP
    return {"sent": sent, "seconds": time.monotonic() - began, **told(waits)}


def bring(shop_path: str, files: str) -> dict[str, Any]:
    from volver.app import open_recovered
    from volver.collect import import_files

    began, done = time.monotonic(), []
    with open_recovered(shop_path) as shop:
        for file in sorted(Path(files).glob("*.csv")):
            done.append(import_files(shop, [file]))
    return {"seconds": time.monotonic() - began, "rows": [each.rows.added for each in done],
            "changed": [each.documents.changed for each in done]}  # fmt: skip


def orders(folder: Path, customers: int) -> None:
    """A year of orders, and the same exported again with one order in twenty changed."""
    import duckdb

    line = f"""
        select n as order_no,
               strftime(timestamp '2025-01-01' + to_minutes((n * 7919) % 525000), '%Y-%m-%d %H:%M') as ordered_at,
               1 + (n * 31) % {customers} as customer_id, 'P' || (n % 500) as sku,
               1 + {{more}} as quantity, 5 + (n % 90) as unit_price
        from range({customers * 5}) t(n)"""
    for name, more in (("1", "0"), ("2", "case when n % 20 = 0 then 1 else 0 end")):
        duckdb.sql(f"copy ({line.format(more=more)}) to '{folder}/{name}.csv' (header)")


def told(waits: list[float]) -> dict[str, float]:
    cut = quantiles(waits, n=100) if len(waits) > 1 else [waits[0]] * 99
    return {"p50_ms": median(waits) * 1000, "p99_ms": cut[98] * 1000, "most_ms": max(waits) * 1000}


class Reader:
    """Somebody who opens pages, one connection at a time."""

    def __init__(self, address: str, link: str) -> None:
        self.host, self.cookies = urlsplit(address).netloc, SimpleCookie()
        found = urlsplit(link)
        self.get(f"{found.path}?{found.query}")

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        sent = "; ".join(f"{each.key}={each.value}" for each in self.cookies.values())
        connection.request("GET", path, headers={"Cookie": sent, "Accept-Language": "es"})
        answer = connection.getresponse()
        answer.read()
        for each in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.load(each)
        connection.close()
        return answer.status


def serve(shop: Path) -> tuple[subprocess.Popen[str], str, str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "volver", "--shop", str(shop), "serve", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    address = link = ""
    assert server.stderr is not None
    for line in server.stderr:
        found = re.search(r"http://\S+", line)
        address = address or (found[0] if found else "")
        if found and "token=" in found[0]:
            link = found[0]
            break
    return server, address, link


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def browse(reader: Reader, seconds: float) -> dict[str, Any]:
    waits: dict[str, list[float]] = {page: [] for page in PAGES}
    failed, began = 0, time.monotonic()
    while time.monotonic() - began < seconds:
        for page in PAGES:
            asked = time.monotonic()
            failed += reader.get(page) != 200
            waits[page].append(time.monotonic() - asked)
            time.sleep(0.2)
    every = [each for some in waits.values() for each in some]
    return {"views": len(every), "failed": failed, **told(every), "pages": {k: told(v) for k, v in waits.items()}}


def drill(work: Path, minutes: float, rate: float, customers: int) -> dict[str, Any]:
    from volver.app import open_recovered, refresh
    from volver.store import create_shop

    shop, files = work / "shop", work / "files"
    files.mkdir()
    orders(files, customers)
    create_shop(shop, currency="EUR", timezone="Europe/Madrid").close()
    first = work / "first"
    first.mkdir()
    (files / "1.csv").rename(first / "1.csv")
    bring(str(shop), str(first))
    with open_recovered(shop) as opened:
        refresh(opened)
    server, address, link = serve(shop)
    reader = Reader(address, link)
    seconds = minutes * 60
    before = cpu_s(server.pid)
    appending, bringing = (
        subprocess.Popen([sys.executable, __file__, "--part", *words], stdout=subprocess.PIPE, text=True)
        for words in (
            ["append", str(shop), str(rate), str(seconds)],
            ["bring", str(shop), str(files)],
        )
    )
    seen = browse(reader, seconds)
    events, imported = (json.loads(each.communicate()[0]) for each in (appending, bringing))
    served_s = cpu_s(server.pid) - before
    server.send_signal(signal.SIGINT)
    server.wait(timeout=60)
    with open_recovered(shop) as opened:
        held = opened.log.find("drill", str(events["sent"] - 1)) is not None
        with_events = opened.log.count()
        doubled = opened.compute.relation(
            "select count(*) as n from (select order_id from order_lines group by order_id having count(*) > 1)"
        ).to_pylist()[0]["n"]
    return {
        "minutes": minutes, "rate": rate, "events": events, "import": imported, "pages": seen,
        "server_cpu_s": served_s, "log_entries": with_events, "last_event_held": held, "orders_doubled": doubled,
        "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }  # fmt: skip


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--minutes", type=float, default=5.0)
    words.add_argument("--rate", type=float, default=500.0)
    words.add_argument("--customers", type=int, default=20_000)
    words.add_argument("--json", action="store_true")
    words.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    said = words.parse_args()
    if said.part:
        name, *rest = said.part
        done = append(rest[0], float(rest[1]), float(rest[2])) if name == "append" else bring(*rest)
        print(json.dumps(done))
        return
    with tempfile.TemporaryDirectory(prefix="volver-drill-") as folder:
        found = drill(Path(folder), said.minutes, said.rate, said.customers)
    if said.json:
        print(json.dumps(found, indent=1))
        return
    for name in ("events", "import", "pages"):
        print(f"{name:<8}", {k: round(v, 1) if isinstance(v, float) else v for k, v in found[name].items()})
    print({k: v for k, v in found.items() if k not in ("events", "import", "pages")})


if __name__ == "__main__":
    main()
