"""An import while the log lives: events arrive, other writers commit, and every line still names its log entry."""

import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

import pyarrow as pa
import pytest

from tests.collect.ledger_world import EXPORT, UK, british, rows_of, write_csv
from volver import know
from volver.collect import ImportOptions, import_files
from volver.know import update_order_days
from volver.store import Appender, Entry, Shop

STAGES = ("understood", "read", "compared", "written", "pending", "logged")


def arrive(shop: Shop, name: str, many: int = 7) -> None:
    shop.log.append(
        [Entry(source="web", message_id=f"{name}-{n}", kind="track", body=b'{"event": "seen"}') for n in range(many)]
    )


def check_links(shop: Shop) -> None:
    """Ledger, state and lake name the batches by their entries in the log."""
    entries = [each.offset for each in shop.log.read(0, 10_000) if each.kind == "batch"]
    with shop.state.read() as state:
        told = [int(row[0]) for row in state.exec_driver_sql('select "offset" from batches order by 1')]
    named = rows_of(shop, "select batch, min(line_id >> 32), max(line_id >> 32) from order_lines group by 1 order by 1")
    assert told == entries
    assert named == [(each, each, each) for each in entries]
    assert shop.lake.offset("order_lines") == entries[-1]


@pytest.mark.parametrize("stage", STAGES)
def test_lines_name_their_entry_whatever_arrives_while_they_are_imported(stage: str, tmp_path: Path) -> None:
    first, second = write_csv(tmp_path / "first.csv", EXPORT[:9]), write_csv(tmp_path / "second.csv", EXPORT)
    with british(tmp_path / "shop") as shop:
        for number, path in enumerate((first, second)):

            def step(reached: str, number: int = number) -> None:
                if reached == stage:
                    arrive(shop, f"{number}")

            import_files(shop, [path], ImportOptions(), step)
        check_links(shop)
        assert rows_of(shop, "select count(distinct line_id) = count(*) from order_lines") == [(True,)]


def commit_one(stream: Appender) -> float:
    """Commit an event; how long it took."""
    offset = stream.offset + 1
    row = {"event_id": [offset], "ts_us": [offset], "day": [date(2011, 1, 1)], "kind": ["x"], "month": ["2011-01"]}
    began = time.monotonic()
    stream.gather(pa.table(row), offset, 0)
    return time.monotonic() - began


def commit_often(stream: Appender, until: threading.Event, waits: list[float]) -> None:
    """Commit events until told to stop, each twentieth of a second."""
    while not until.is_set():
        waits.append(commit_one(stream))
        time.sleep(0.05)


def while_streaming(shop: Shop, work: Callable[[], object]) -> tuple[float, list[float]]:
    """How long some work took while another thread committed events, and how long each of its commits took."""
    until, waits, stream = threading.Event(), list[float](), Appender(shop, "events", wait_us=0)
    commit_one(stream)  # the libraries load at their first use
    worker = threading.Thread(target=commit_often, args=(stream, until, waits))
    worker.start()
    began = time.monotonic()
    work()
    took = time.monotonic() - began
    until.set()
    worker.join()
    assert shop.lake.snapshot("events").rows >= len(waits)
    return took, waits


def many_lines(path: Path, lines: int) -> Path:
    rows = (
        (
            f"7{n // 3:06d}",
            f"8{n % 900:04d}",
            "LIGHTS",
            "1",
            f"2011-{n % 12 + 1:02d}-03 10:00:00",
            "2.00",
            str(n % 5000),
            UK,
        )
        for n in range(lines)
    )
    return write_csv(path, rows)


@pytest.mark.parametrize("lines", [20_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_a_stream_does_not_wait_for_an_import_nor_for_a_refresh(lines: int, tmp_path: Path) -> None:
    path = many_lines(tmp_path / "many.csv", lines)
    with british(tmp_path / "shop") as shop:
        took, waits = while_streaming(shop, lambda: import_files(shop, [path]))
        print(f"import {took:.1f} s, {len(waits)} commits, longest {max(waits):.2f} s, median {median(waits):.3f} s")
        assert len(waits) > 4
        assert sorted(waits)[-2] < took / 4  # one may meet a disk that holds its breath
        refreshed, waits = while_streaming(shop, lambda: (know.refresh(shop), update_order_days(shop)))
        print(f"refresh {refreshed:.1f} s, {len(waits)} commits, longest {max(waits):.2f} s")
        assert shop.lake.snapshot("order_lines").rows == lines
        assert rows_of(shop, "select count(*) from order_lines where batch = 1") == [(lines,)]


def test_a_commit_goes_on_while_an_import_compares(tmp_path: Path) -> None:
    """At every stage of an import but its own commits another writer gets the lease at once."""
    blocked = []
    with british(tmp_path / "shop") as shop:

        def step(reached: str) -> None:
            done = threading.Event()

            def commit() -> None:
                with shop.lake.writing():
                    done.set()

            threading.Thread(target=commit, daemon=True).start()
            if not done.wait(10):
                blocked.append(reached)

        import_files(shop, [write_csv(tmp_path / "orders.csv", EXPORT)], ImportOptions(), step)
    assert blocked == []


def test_two_imports_at_once_number_their_customers_and_lines_once(tmp_path: Path) -> None:
    paths = [
        write_csv(
            tmp_path / f"{part}.csv", [(f"{part}{n:03d}", *EXPORT[0][1:6], f"{part}{n:03d}", UK) for n in range(40)]
        )
        for part in (1, 2, 3)
    ]
    with british(tmp_path / "shop") as shop:
        threads = [threading.Thread(target=import_files, args=(shop, [path])) for path in paths]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        counted = "select count(*), count(distinct customer_id), count(distinct customer_ref) from customers"
        assert rows_of(shop, counted) == [(120, 120, 120)]
        assert rows_of(shop, "select count(*), count(distinct line_id) from order_lines") == [(120, 120)]
        check_links(shop)
