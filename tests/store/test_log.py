"""The event log: acknowledged means on disk, once."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volver.store import Entry, EventLog
from volver.store.log import BadEntry, LogNotReadable, LogNotWritten

HOUSE = Path(__file__).parent.parent.parent


def entry(message_id: str, source: str = "web", body: bytes = b"{}") -> Entry:
    return Entry(source=source, message_id=message_id, kind="track", body=body)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    made = EventLog(tmp_path / "log.db")
    yield made
    made.close()


def test_what_was_appended_is_read_back_in_order(log: EventLog) -> None:
    offsets = log.append([entry("a", body=b"\x00\xff"), entry("b")])
    assert offsets == [1, 2]
    found = log.read(0, 10)
    assert [(each.offset, each.message_id, each.body) for each in found] == [(1, "a", b"\x00\xff"), (2, "b", b"{}")]
    assert [each.offset for each in log.read(1, 10)] == [2]
    assert log.read(0, 1)[0].offset == 1
    assert (log.last(), log.count(), log.damage()) == (2, 2, "")
    assert found[0].received_us > 1_600_000_000_000_000


def test_a_new_log_ends_at_zero(log: EventLog) -> None:
    assert (log.last(), log.read(0, 5), log.append([])) == (0, [], [])


def test_a_known_message_returns_its_old_offset_and_keeps_its_first_body(log: EventLog) -> None:
    log.append([entry("a", body=b"first"), entry("b")])
    assert log.append([entry("c"), entry("a", body=b"second"), entry("c")])[1] == 1
    found = log.find("web", "a")
    assert found is not None
    assert found.body == b"first"
    assert [each.offset for each in log.read(0, 9)] == [1, 2, 3]
    assert log.last() == 3
    assert log.find("web", "z") is None


def test_the_same_id_from_another_source_is_another_message(log: EventLog) -> None:
    assert len(set(log.append([entry("a", "web"), entry("a", "shop")]))) == 2


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), max_size=8))
@settings(max_examples=25)
def test_every_message_is_kept_once_whatever_the_batches(batches: list[list[str]]) -> None:
    folder = Path(tempfile.mkdtemp())
    log = EventLog(folder / "log.db")
    told: dict[str, int] = {}
    for batch in batches:
        for name, offset in zip(batch, log.append([entry(name) for name in batch]), strict=True):
            assert told.setdefault(name, offset) == offset
    assert {each.message_id: each.offset for each in log.read(0, 100)} == told
    log.close()
    shutil.rmtree(folder)


def test_many_threads_share_transactions(log: EventLog) -> None:
    ready = threading.Barrier(16)

    def go_on(name: int) -> list[int]:
        ready.wait()
        return [log.append([entry(f"{name}-{number}")])[0] for number in range(20)]

    groups: list[int] = []
    write = log._write
    log._write = lambda group: (groups.append(len(group)), write(group))[1]  # type: ignore[method-assign]
    with ThreadPoolExecutor(16) as pool:
        offsets = [each for found in pool.map(go_on, range(16)) for each in found]
    assert sorted(offsets) == list(range(1, 321))
    assert sum(groups) == 320
    assert max(groups) > 1


def test_two_processes_may_append_to_one_log(log: EventLog) -> None:
    other = EventLog(log.path)
    assert [log.append([entry("a")]), other.append([entry("b")]), log.append([entry("b")])] == [[1], [2], [2]]
    assert other.last() == log.last() == 2
    other.close()


SECRET = b"a secret that was told"


def traces(log: EventLog, secret: bytes = SECRET) -> list[str]:
    """The files of a log that hold the secret."""
    return sorted(path.name for path in log.path.parent.glob("log.db*") if secret in path.read_bytes())


def test_a_forgotten_entry_leaves_no_trace_in_file_or_journal(log: EventLog) -> None:
    log.append([entry("a", body=SECRET * 500), entry("b", body=b"kept"), entry("c", body=SECRET)])
    assert traces(log)
    assert log.forget([1, 3]) == 2
    assert traces(log) == []
    assert [(each.offset, each.kind, each.body) for each in log.read(0, 9)] == [
        (1, "forgotten", b""),
        (2, "track", b"kept"),
        (3, "forgotten", b""),
    ]
    assert log.damage() == ""


def test_a_forgotten_message_is_not_taken_again_and_no_offset_comes_back(log: EventLog) -> None:
    log.append([entry("a", body=SECRET), entry("b")])
    log.forget([1])
    assert log.append([Entry(source="web", message_id="a", kind="track", body=SECRET, about=("customer:7",))]) == [1]
    assert log.append([entry("c")]) == [3]
    assert traces(log) == []
    assert log.about("customer:7") == []
    assert (log.count(), log.last()) == (3, 3)


def test_forgetting_twice_or_what_is_not_there_changes_nothing(log: EventLog) -> None:
    log.append([entry("a"), entry("b")])
    assert [log.forget([1]), log.forget([1]), log.forget([99]), log.forget([])] == [1, 0, 0, 0]
    found = log.find("web", "b")
    assert found is not None
    assert found.body == b"{}"


def test_what_is_about_a_person_is_found_without_reading_the_log(log: EventLog) -> None:
    about = [Entry(source="web", message_id=f"{n}", kind="k", body=b"", about=(f"customer:{n % 3}",)) for n in range(9)]
    log.append(about)
    log.append([entry("later")])
    log.note("customer:1", [10, 10, 999])
    assert log.about("customer:1") == [2, 5, 8, 10]
    plan = log._reader.execute('explain query plan select "offset" from subjects where person = ?', ("x",)).fetchall()
    assert "PRIMARY KEY" in plan[0][3]
    log.forget(log.about("customer:1"))
    assert log.about("customer:1") == []
    assert log.about("customer:0") == [1, 4, 7]
    log.note("customer:1", [2])
    assert log.about("customer:1") == []


def test_an_index_of_persons_comes_and_goes_with_the_entries_that_a_crash_takes(log: EventLog) -> None:
    pages = log._writer.execute("pragma page_count").fetchone()[0]
    log._writer.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(LogNotWritten):
        log.append([Entry(source="web", message_id="a", kind="k", body=b"x" * 100_000, about=("customer:1",))])
    assert log.about("customer:1") == []


def test_a_journal_that_another_process_reads_is_said_not_to_be_wiped(log: EventLog) -> None:
    log.append([entry("a", body=SECRET)])
    reader = sqlite3.connect(log.path)
    reader.execute("begin")
    reader.execute("select * from log").fetchall()
    with pytest.raises(LogNotWritten, match="journal"):
        log.forget([1])
    reader.close()
    assert log.forget([1]) == 0
    assert traces(log) == []


def test_a_wrong_entry_stops_only_its_own_call(log: EventLog) -> None:
    with pytest.raises(BadEntry):
        log.append([Entry(source="web", message_id="a", kind="k", body="text")])  # type: ignore[arg-type]
    assert log.append([entry("b")]) == [1]


def test_a_disk_that_refuses_acknowledges_nothing(log: EventLog) -> None:
    log.append([entry("a")])
    pages = log._writer.execute("pragma page_count").fetchone()[0]
    log._writer.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(LogNotWritten) as caught:
        log.append([entry("b", body=b"x" * 100_000), entry("c")])
    assert caught.value.status == 503
    assert log.count() == 1
    log._writer.execute("pragma max_page_count = 1000000")
    assert log.append([entry("c")]) == [2]


def run_and_kill(path: Path, life: int, wait_s: float) -> list[str]:
    """Let an appender live for a moment, kill it, and return what it had acknowledged."""
    command = [sys.executable, "-m", "tests.store.appender", str(path), str(life)]
    process = subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(wait_s)
    process.send_signal(signal.SIGKILL)
    told = [first, *process.stdout.read().splitlines(keepends=True)]
    process.wait()
    return [line.split()[0] for line in told if line.endswith("\n") and line.count(" ") == 1]


def survive(path: Path, rounds: int, seed: int) -> None:
    chance, told = random.Random(seed), []
    for life in range(rounds):
        told += run_and_kill(path, life, chance.uniform(0.0, 0.05))
        log = EventLog(path)
        kept = Counter(each.message_id for each in log.read(0, 10_000_000))
        assert log.damage() == ""
        log.close()
        assert [each for each in told if kept[each] != 1] == []
        assert max(kept.values()) == 1
    assert len(told) > rounds


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    survive(tmp_path / "log.db", rounds=20, seed=1)


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill_9_two_hundred_times(tmp_path: Path) -> None:
    survive(tmp_path / "log.db", rounds=200, seed=2)


def test_half_a_call_is_never_kept(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = EventLog(path)
    log.close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    other.execute("insert into log (source, message_id, kind, received_us, body) values ('s', 'm', 'k', 1, x'00')")
    other.close()
    log = EventLog(path)
    assert log.count() == 0
    log.close()


def test_a_file_that_is_no_log_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"these bytes are not a log" * 99)
    with pytest.raises(LogNotReadable, match="log.db"):
        EventLog(tmp_path / "log.db")
