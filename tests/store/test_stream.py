"""Rows that trickle in: gathered, committed once, folded, and cheap however long it goes on."""

import os
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.store.lakes import add_lines, total
from volver.store import Appender, Shop, compact, keep, open_shop
from volver.store.delta_log import newest_version

HOUSE = Path(__file__).parent.parent.parent


def events(first: int, many: int = 1, month: str = "2026-01", **more: Any) -> pa.Table:
    columns = {
        "event_id": range(first, first + many),
        "customer_id": [n % 7 for n in range(many)],
        "ts_us": range(first, first + many),
        "day": [date.fromisoformat(f"{month}-03")] * many,
        "kind": ["page_viewed"] * many,
        "month": [month] * many,
    }
    return pa.table(columns | more)


def ids(shop: Shop) -> list[int]:
    found = shop.compute.relation("select event_id from events order by 1")
    return [int(each) for each in found.column("event_id").to_pylist()]


def test_rows_wait_a_second_and_are_committed_together(shop: Shop) -> None:
    stream = Appender(shop, "events")
    for n in range(5):
        assert not stream.gather(events(n), n + 1, now_us=n * 200_000)
    assert ids(shop) == []
    assert stream.tick(1_000_000)
    assert ids(shop) == [0, 1, 2, 3, 4]
    assert shop.lake.version("events") == 0
    assert (stream.offset, shop.lake.offset("events", "stream"), shop.lake.offset("events")) == (5, 5, -1)
    assert not stream.tick(9_000_000)


def test_many_rows_do_not_wait(shop: Shop) -> None:
    stream = Appender(shop, "events", most_rows=100)
    assert not stream.gather(events(0, 99), 99, 0)
    assert stream.gather(events(99), 100, 0)
    assert len(ids(shop)) == 100


def test_every_month_gets_its_own_sorted_file_with_bounds(shop: Shop) -> None:
    stream = Appender(shop, "events", wait_us=0)
    nobody = events(20, 1, "2026-02", customer_id=pa.array([None], pa.int64()))
    stream.gather(pa.concat_tables([events(10, 3, "2026-02"), events(0, 3), nobody]), 1, 0)
    files = shop.lake.snapshot("events").files
    assert [Path(each).parent.name for each in files] == ["month=2026-01", "month=2026-02"]
    assert shop.lake.snapshot("events").rows == 7
    pruned = shop.compute.relation("select count(*) as n from events where day >= date '2026-02-01'").to_pylist()
    assert pruned == [{"n": 4}]
    from deltalake import DeltaTable

    stream_of = DeltaTable(shop.lake.path("events")).get_add_actions(flatten=True)
    told = pa.RecordBatchReader.from_stream(stream_of).read_all().to_pylist()  # type: ignore[arg-type]
    bounds = sorted((each["min.event_id"], each["max.event_id"], each["null_count.customer_id"]) for each in told)
    assert bounds == [(0, 2, 0), (10, 20, 1)]


def test_what_is_given_again_after_a_crash_is_taken_once(shop: Shop) -> None:
    stream = Appender(shop, "events", wait_us=0)
    stream.gather(events(0, 3), 3, 0)
    lost = Appender(shop, "events")
    lost.gather(events(3, 3), 6, 0)  # never committed
    with open_shop(shop.path) as again:
        resumed = Appender(again, "events", wait_us=0)
        assert resumed.offset == 3
        assert not resumed.gather(events(0, 3), 3, 0)
        resumed.gather(events(3, 3), 6, 0)
        assert not again.lake.add("events", [], 6, writer="stream")
        assert ids(again) == list(range(6))


def test_a_batch_and_a_stream_share_a_table_whatever_their_offsets(shop: Shop) -> None:
    stream = Appender(shop, "events", wait_us=0)
    stream.gather(events(0, 2), 50, 0)
    files = shop.compute.write("select * from events", "events")
    assert shop.lake.add("events", files, 7)
    assert (shop.lake.offset("events"), shop.lake.offset("events", "stream")) == (7, 50)
    assert ids(shop) == [0, 0, 1, 1]


def test_a_long_stream_keeps_few_files_and_a_short_log(shop: Shop) -> None:
    stream = Appender(shop, "events", wait_us=0)
    log = shop.lake.path("events") / "_delta_log"
    most_files = most_log = 0
    for n in range(1, 161):
        stream.gather(events(n), n, 0)
        for commit in log.iterdir():  # an hour later
            os.utime(commit, (commit.stat().st_mtime - 3600,) * 2)
        most_files = max(most_files, len(shop.lake.snapshot("events").files))
        most_log = max(most_log, len(list(log.glob("*.json"))))
    assert ids(shop) == list(range(1, 161))
    assert most_files <= 16
    assert most_log <= 80
    with open_shop(shop.path) as again:
        assert ids(again) == list(range(1, 161))
        assert again.lake.offset("events", "stream") == 160


def test_a_reader_that_slept_while_the_log_was_thinned_finds_the_newest_version(shop: Shop) -> None:
    add_lines(shop, 1)
    with open_shop(shop.path) as sleeper:
        assert total(sleeper)[0] == 100
        for offset in range(2, 9):
            add_lines(shop, offset)
        log = shop.lake.path("order_lines") / "_delta_log"
        for commit in log.iterdir():
            os.utime(commit, (commit.stat().st_mtime - 3600,) * 2)
        shop.lake.thin("order_lines")
        assert len(list(log.glob("*.json"))) < 3
        assert total(sleeper)[0] == 800
        add_lines(sleeper, 9)
        assert total(shop)[0] == 900


def test_a_version_is_found_by_name_with_two_looks(shop: Shop) -> None:
    for offset in range(1, 4):
        add_lines(shop, offset)
    folder = shop.lake.path("order_lines")
    assert [newest_version(folder), newest_version(folder, 0), newest_version(folder, 2)] == [2, 2, 2]
    assert newest_version(folder, 99) == 2
    assert newest_version(folder / "nothing", 0) == -1


def test_large_files_are_left_alone_when_small_ones_are_folded(shop: Shop) -> None:
    stream = Appender(shop, "events", wait_us=0)
    stream.gather(events(0, 20_000), 1, 0)
    (large,) = shop.lake.snapshot("events").files
    for n in range(12):
        stream.gather(events(50_000 + n), 2 + n, 0)
    assert large in shop.lake.snapshot("events").files
    assert len(shop.lake.snapshot("events").files) <= 9
    assert len(ids(shop)) == 20_012


def test_compaction_gives_way_to_a_table_that_was_replaced_meanwhile(shop: Shop) -> None:
    """Readers, a compactor and a writer that replaces: no answer mixes the two."""
    for offset in range(1, 6):
        add_lines(shop, offset)
    stop = threading.Event()
    problems: list[BaseException] = []

    def go_on() -> None:
        try:
            while not stop.is_set():
                compact(shop, "order_lines")
        except BaseException as problem:
            problems.append(problem)

    worker = threading.Thread(target=go_on)
    worker.start()
    for offset in range(6, 18):
        add_lines(shop, offset)
        assert total(shop)[0] == offset * 100
    shop.lake.replace("order_lines", [])
    assert total(shop)[0] == 0
    stop.set()
    worker.join()
    assert problems == []
    assert total(shop)[0] == 0
    keep(shop, unseen_minutes=-1)


STREAMER = """
import sys
from pathlib import Path
from tests.store.test_stream import events
from volver.store import Appender, open_shop
shop = open_shop(Path(sys.argv[1]))
stream = Appender(shop, "events", wait_us=0)
for n in range(max(stream.offset, 0) + 1, 10_000):
    stream.gather(events(n), n, 0)
    print(n, flush=True)
"""


def test_every_row_is_there_once_after_kill_9(shop: Shop) -> None:
    for lines in (3, 9, 40):  # before, about and well after the first fold
        process = subprocess.Popen(
            [sys.executable, "-c", STREAMER, str(shop.path)], cwd=HOUSE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        told += process.stdout.read().splitlines()
        process.wait()
        reached = shop.lake.offset("events", "stream")
        assert reached >= max(int(each) for each in told)
        assert ids(shop) == list(range(1, reached + 1))
