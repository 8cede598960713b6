"""A process that works on a shop with jobs of the tests: `python -m tests.store.working SHOP [serve]`.

Each job writes its number into a table `begun`, so that a job begun twice is seen twice, and into `once`, guarded, so
that what is done counts once. Both stand in a database beside the shop's own.
"""

import sqlite3
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from volver.core.room import Job, Projection
from volver.core.words import Words
from volver.store import LogEntry, NoSuchJob, Runner, Shop, Work, open_shop

ONE = Job(name="one", where="tests.store.working:one", says=Words("One"), lease_s=1, most_attempts=1000)
SLOW = Job(name="slow", where="tests.store.working:slow", says=Words("Slow"), lease_s=1, most_attempts=1000)
NEXT = Job(name="next", where="tests.store.working:after", says=Words("Next"), after="one")
OFTEN = Job(name="often", where="tests.store.working:one", says=Words("Often"), every_s=3600)
BREAKS = Job(name="breaks", where="tests.store.working:breaks", says=Words("Breaks"), most_attempts=2)
REFUSES = Job(name="refuses", where="tests.store.working:refuses", says=Words("Refuses"))
HEARD = Projection(name="heard", kinds=("news",), where="tests.store.working:hear", most=7)
JOBS = (ONE, SLOW)


def ledger(shop: Shop) -> sqlite3.Connection:
    """Where the tests' jobs write; made when first asked for."""
    found = sqlite3.connect(shop.path / "tests.db", timeout=30, isolation_level=None)
    found.execute("pragma journal_mode=wal")
    found.execute("create table if not exists once (n integer primary key)")
    found.execute("create table if not exists begun (n integer, at real)")
    found.execute("create table if not exists heard (entry integer primary key, body text)")
    return found


def one(work: Work) -> dict[str, int]:
    """Write down that it began, and once that it is done."""
    table = ledger(work.shop)
    table.execute("insert into begun values (?, ?)", (work.payload["n"], time.time()))
    time.sleep(0.002)
    done = table.execute("insert or ignore into once values (?)", (work.payload["n"],)).rowcount
    table.close()
    return {"done": done}


def slow(work: Work) -> dict[str, int]:
    """Take three leases' time, in steps."""
    for step in range(60):
        work.progress(step / 60, Words("Step {n}", {"n": step}))
        time.sleep(0.05)
    return one(work)


def after(work: Work) -> dict[str, int]:
    """Do as the first did, for a number a hundred higher."""
    return one(Work(shop=work.shop, payload={"n": work.payload["n"] + 100}))


def breaks(_work: Work) -> None:
    """Raise what is no error of ours."""
    raise ZeroDivisionError("a name that no log may hold")


def refuses(_work: Work) -> None:
    """Raise what the caller got wrong."""
    raise NoSuchJob(id=1, wanted="found")


def hear(shop: Shop, entries: Sequence[LogEntry]) -> None:
    """Write entries down, each once."""
    table = ledger(shop)
    table.executemany("insert or ignore into heard values (?, ?)", [(e.offset, e.body.decode()) for e in entries])
    table.close()


def main() -> None:
    """Work, or serve and work, until killed."""
    shop = open_shop(Path(sys.argv[1]))
    ledger(shop).close()
    runner = Runner(shop, JOBS, (HEARD,), threads=2, poll_s=0.02)
    if sys.argv[2:] == ["serve"]:
        from volver.app import web
        from volver.server import serve

        serve(lambda hosts: web(shop, hosts, runner=runner), port=0, ready=lambda address: print(address, flush=True))
        return
    runner.start()
    print("working", flush=True)
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main()
