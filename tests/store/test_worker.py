"""The runner: does what is due, once, through failures, stops and kills; alone, in two processes, in the server."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.store.working import BREAKS, HEARD, NEXT, OFTEN, ONE, REFUSES, SLOW, ledger
from tests.world import new_shop
from volver.core.room import Job
from volver.store import Ended, Entry, Jobs, Runner, Shop, open_shop

KNOWN = (ONE, SLOW, NEXT, OFTEN, BREAKS, REFUSES)


def until(holds: Callable[[], bool], seconds: float = 600.0) -> None:
    """Wait until something holds; the limit only says that it never will."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "never came true"
        time.sleep(0.02)


def done(shop: Shop) -> list[int]:
    table = ledger(shop)
    found = [n for (n,) in table.execute("select n from once order by n")]
    table.close()
    return found


def begun(shop: Shop) -> Counter[int]:
    table = ledger(shop)
    found = Counter(n for (n,) in table.execute("select n from begun"))
    table.close()
    return found


@contextlib.contextmanager
def running(shop: Shop, *jobs: Job, threads: int = 2) -> Iterator[Runner]:
    runner = Runner(shop, jobs, (HEARD,), threads=threads, poll_s=0.02)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop()


def process(shop: Path, *words: str) -> "subprocess.Popen[str]":
    made = subprocess.Popen(
        [sys.executable, "-m", "tests.store.working", str(shop), *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert made.stdout
    assert made.stdout.readline()  # it has begun
    return made


def test_due_work_is_done_and_its_result_kept(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    ids = [jobs.put(ONE, {"n": n}) for n in range(40)]
    with running(shop, ONE):
        until(lambda: jobs.counts().waiting + jobs.counts().running == 0)
    assert done(shop) == list(range(40))
    assert set(begun(shop).values()) == {1}
    assert jobs.get(ids[7]).result == {"done": 1}


def test_what_comes_after_a_job_gets_its_payload(shop: Shop) -> None:
    Jobs(shop.state).put(ONE, {"n": 1})
    assert Runner(shop, (ONE, NEXT)).drain() == 2
    assert done(shop) == [1, 101]


def test_each_payload_calls_what_comes_after_once(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    for n in (1, 2, 2, 3):
        jobs.put(ONE, {"n": n})
    jobs.settle(
        [Ended(claimed=each, status="done", result=1, then=[(NEXT, each.payload, None)]) for each in jobs.claim("a", 9)]
    )
    assert Runner(shop, (ONE, NEXT)).drain() == 3
    assert done(shop) == [101, 102, 103]


def test_work_that_comes_back_by_itself_waits_for_its_next_time(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    runner = Runner(shop, (OFTEN,))
    runner.drain()  # its payload has no number: it breaks, and comes again after a while
    [again] = jobs.listed("waiting")
    assert again.attempts == 1
    jobs.cancel(again.id)
    jobs.put(OFTEN, {"n": 5}, unique="often")
    assert Runner(shop, (OFTEN,)).drain() == 1
    [later] = jobs.listed("waiting")
    assert 3500 < (later.due_us or 0) / 1e6 - time.time() < 3700


def test_work_that_breaks_is_tried_again_later_and_then_buried(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    job_id = jobs.put(BREAKS)
    Runner(shop, KNOWN).drain()
    first = jobs.get(job_id)
    assert first.status == "waiting"
    assert 4 < ((first.due_us or 0) - (first.started_us or 0)) / 1e6 < 12
    jobs.put(OFTEN, {"n": 1})
    with shop.state.quick_begin() as run:
        run("update jobs set due_us = 0 where id = :id", id=job_id)
    Runner(shop, KNOWN).drain()
    last = jobs.get(job_id)
    assert (last.status, last.attempts) == ("failed", 2)
    assert last.problem
    assert (last.problem["code"], last.problem["message"]) == ("store.job_broke", "The work broke (ZeroDivisionError).")


def test_what_the_caller_got_wrong_is_not_tried_again(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    refused, unknown = jobs.put(REFUSES), jobs.put(Job(name="of tomorrow", where="x:y", says=ONE.says))
    Runner(shop, KNOWN).drain()
    assert (jobs.get(refused).status, jobs.get(refused).attempts) == ("failed", 1)
    assert (jobs.get(refused).problem or {})["code"] == "store.no_such_job"
    assert jobs.get(unknown).status == "waiting"  # a newer runner may know it


def test_long_work_outlives_its_lease_and_shows_how_far_it_is(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    job_id = jobs.put(SLOW, {"n": 1})
    shares = set()
    with running(shop, *KNOWN), running(shop, *KNOWN):
        while jobs.get(job_id).status != "done":
            shares.add(jobs.get(job_id).share)
            time.sleep(0.05)
    assert begun(shop) == {1: 1}
    assert len(shares) > 3
    assert jobs.get(job_id).attempts == 1


def test_cancelled_work_stops_at_its_next_step(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    job_id = jobs.put(SLOW, {"n": 1})
    with running(shop, *KNOWN):
        until(lambda: jobs.get(job_id).share is not None)
        assert jobs.cancel(job_id) == "stopping"
        until(lambda: jobs.get(job_id).status == "cancelled")
    assert done(shop) == []


def test_a_runner_that_stops_gives_its_work_back(shop: Shop) -> None:
    jobs = Jobs(shop.state)
    ids = [jobs.put(SLOW, {"n": n}) for n in range(3)]
    with running(shop, *KNOWN) as runner:
        until(lambda: len([each for each in ids if jobs.get(each).status == "running"]) == 2)
        assert runner.stop()
    assert [jobs.get(each).status for each in ids] == ["waiting"] * 3
    assert all(jobs.get(each).most_attempts - jobs.get(each).attempts == SLOW.most_attempts for each in ids)


def test_a_runner_lets_projections_take_what_comes(shop: Shop) -> None:
    with running(shop, *KNOWN):
        shop.log.append([Entry(source="t", message_id=str(n), kind="news", body=b"x") for n in range(25)])
        table = ledger(shop)
        until(lambda: table.execute("select count(*) from heard").fetchone() == (25,))
        table.close()


def test_two_processes_never_do_one_job_twice(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop") as shop:
        jobs = Jobs(shop.state)
        workers = [process(shop.path) for _ in range(2)]
        try:
            for n in range(300):
                jobs.put(ONE, {"n": n})
            until(lambda: jobs.counts().waiting + jobs.counts().running == 0)
        finally:
            for each in workers:
                each.kill()
                each.wait()
        assert begun(shop) == dict.fromkeys(range(300), 1)


def test_sigterm_ends_the_command_after_what_runs(tmp_path: Path) -> None:
    new_shop(tmp_path / "shop").close()
    command = [sys.executable, "-m", "volver", "--shop", str(tmp_path / "shop"), "work"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr
        assert "Working for" in worker.stderr.readline()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    with open_shop(tmp_path / "shop") as shop:
        assert Jobs(shop.state).counts().running == 0


def killed_at_random(folder: Path, kills: int, serving: bool) -> None:
    """Kill a runner again and again while it works; what is left is finished, and every job is done exactly once."""
    chance, more = random.Random(7), 6
    with new_shop(folder / "shop") as shop:
        jobs, put = Jobs(shop.state), 0
        for kill in range(kills):
            for n in range(put, put + more):
                jobs.put(ONE, {"n": n}, unique=str(n))
                shop.log.append([Entry(source="t", message_id=str(n), kind="news", body=str(n).encode())])
            put += more
            worker = process(shop.path, *(["serve"] if serving and kill % 2 else []))
            time.sleep(chance.uniform(0.0, 0.4))
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
        worker = process(shop.path)
        table = ledger(shop)
        try:
            until(lambda: jobs.counts().waiting + jobs.counts().running == 0)
            until(lambda: table.execute("select count(*) from heard").fetchone() == (put,))
        finally:
            worker.kill()
            worker.wait()
        heard = [body for (body,) in table.execute("select body from heard order by entry")]
        table.close()
        assert heard == [str(n) for n in range(put)]
        assert done(shop) == list(range(put))
        ended = jobs.listed("done", put + 1)
        assert len(ended) == put
        assert jobs.listed("failed") == []
        rows = shop.state.quick_read("select payload, attempts from jobs")
        attempts = {json.loads(payload)["n"]: attempts for payload, attempts in rows}
        assert all(1 <= times <= attempts[n] for n, times in begun(shop).items())  # never but by a claim of its own


def test_a_killed_runner_loses_no_job_and_none_is_done_twice(tmp_path: Path) -> None:
    killed_at_random(tmp_path, kills=10, serving=False)


@pytest.mark.slow
def test_a_hundred_kills_of_runner_and_server_lose_no_job(tmp_path: Path) -> None:
    killed_at_random(tmp_path, kills=100, serving=True)
