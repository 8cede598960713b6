"""The due-table with a million jobs waiting: jobs advanced per second, an empty poll, on SQLite and PostgreSQL.

`python benchmarks/jobs.py [--waiting 1000000] [--due 20000] [--json]` prints, for each engine, CPU-milliseconds
and jobs a second of claiming and finishing every due job in batches of 100 and one by one, and milliseconds of a poll
that finds nothing. The exit code is 1 if fewer than 2,000 jobs are advanced per second or a poll costs above 1 ms.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.store.postgres import cluster, server_folder
from volver.core.room import Job
from volver.core.words import Words
from volver.store import Ended, Jobs, State

JOB = Job(name="bench", where="bench:run", says=Words("Nothing"))
LATER_US = 3_600_000_000
FILL = """
insert into jobs (name, payload, status, priority, due_us, lease_us, most_attempts, created_us)
with recursive n(i) as (select 1 union all select i + 1 from n where i < :n)
select 'bench', '{}', 'waiting', i % 3, :first + i, 60000000, 5, :now from n
"""


@contextmanager
def states() -> Iterator[dict[str, State]]:
    with tempfile.TemporaryDirectory() as folder:
        found = {"sqlite": State(f"sqlite:///{folder}/state.db")}
        programs = server_folder()
        if programs is None:
            yield found
            return
        with cluster(programs) as url:
            found["postgresql"] = State(url)
            yield found
            found["postgresql"].close()


def fill(state: State, n: int, first_us: int) -> None:
    with state.begin() as rows:
        rows.execute(sa.text(FILL), {"n": n, "first": first_us, "now": first_us})


def advance(jobs: Jobs, batch: int, most: int) -> int:
    done = 0
    while done < most and (claimed := jobs.claim("bench", batch)):
        if batch == 1:
            jobs.finish(claimed[0])
        else:
            jobs.settle([Ended(claimed=each, status="done") for each in claimed])
        done += len(claimed)
    return done


def measured(state: State, waiting: int, due: int) -> dict[str, float]:
    now = time.time_ns() // 1000
    fill(state, waiting, now + LATER_US)
    if not state.is_sqlite:
        with state.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as rows:
            rows.execute(sa.text("vacuum analyze jobs"))
    jobs = Jobs(state)
    jobs.claim("bench")  # connections and plans are made
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(500):
        assert not jobs.claim("bench")
    told = {
        "empty_poll_cpu_ms": (time.process_time() - cpu) * 2,
        "empty_poll_ms": (time.perf_counter() - wall) * 2,
    }
    fill(state, due, now - LATER_US)
    for batch, most in ((1, due // 10), (100, due)):
        cpu, wall = time.process_time(), time.perf_counter()
        done = advance(jobs, batch, most)
        told[f"per_s_in_{batch}s"] = done / (time.perf_counter() - wall)
        told[f"cpu_ms_each_in_{batch}s"] = (time.process_time() - cpu) * 1000 / done
    cpu, wall = time.process_time(), time.perf_counter()
    for n in range(200):
        jobs.put(JOB, {"n": n}, unique=f"one {n}", due_us=now + LATER_US)
    told["put_cpu_ms"] = (time.process_time() - cpu) * 5
    return told


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--waiting", type=int, default=1_000_000)
    asked.add_argument("--due", type=int, default=20_000)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    with states() as found:
        told = {name: measured(state, options.waiting, options.due) for name, state in found.items()}
    if options.json:
        print(json.dumps(told))
    else:
        for name, figures in told.items():
            print(f"{name}, {options.waiting:,} jobs wait:")
            for key, value in figures.items():
                print(f"  {key:24} {value:12,.3f}")
    missed = [name for name, each in told.items() if each["per_s_in_100s"] < 2000 or each["empty_poll_cpu_ms"] > 1]
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
