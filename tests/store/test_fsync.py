"""Bytes are on the disk before anybody is told so: the order of system calls, seen from outside."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent.parent
CALL = re.compile(r"^\d+\s+(?:<\.\.\. )?(\w+)")

LOG = """
import os, sys
from volver.store import Entry, EventLog
log = EventLog(sys.argv[1] + "/log.db")
os.write(2, b"begin")
log.append([Entry(source="s", message_id="m", kind="k", body=b"the body of the entry" * 9)])
os.write(2, b"acknowledged")
"""
LAKE = """
import os, sys
from volver.store import create_shop
from tests.store.lakes import lines_sql
shop = create_shop(sys.argv[1] + "/shop")
files = shop.compute.write(lines_sql(100), "order_lines")
os.write(2, b"begin")
shop.lake.add("order_lines", files, 1)
os.write(2, b"acknowledged")
"""
BATCH = """
import os, sys
from pathlib import Path
from tests.collect.ledger_world import EXPORT, british, write_csv
from volver.collect import import_files
shop = british(Path(sys.argv[1]) / "shop")
path = write_csv(Path(sys.argv[1]) / "orders.csv", EXPORT)
os.write(2, b"begin")
import_files(shop, [path])
os.write(2, b"acknowledged")
"""


def traced(code: str, folder: Path) -> list[str]:
    """The system calls between `begin` and `acknowledged`, oldest first, with the paths of their files."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    calls = "trace=fsync,fdatasync,write,pwrite64,rename,renameat,renameat2,link,linkat"
    command = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-y",
        "-s",
        "64",
        "-e",
        calls,
        "-o",
        f"{folder}/trace",
        sys.executable,
        "-c",
        code,
        str(folder),
    ]
    told = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True)
    if told.returncode and "ptrace" in told.stderr:
        pytest.skip("this machine does not let processes be traced")
    assert told.returncode == 0, told.stderr
    lines = (folder / "trace").read_text(errors="replace").splitlines()
    first = next(number for number, line in enumerate(lines) if '"begin"' in line)
    last = next(number for number, line in enumerate(lines) if '"acknowledged"' in line)
    return lines[first + 1 : last]


def places(calls: list[str], names: str, path: str) -> list[int]:
    pattern = re.compile(rf"\b({names})\(.*{path}")
    return [number for number, line in enumerate(calls) if pattern.search(line)]


def test_an_entry_is_synced_before_it_is_acknowledged(tmp_path: Path) -> None:
    calls = traced(LOG, tmp_path)
    written = places(calls, "pwrite64|write", r"log\.db-wal")
    synced = places(calls, "fdatasync|fsync", r"log\.db-wal")
    assert written
    assert synced
    assert max(written) < max(synced)


def test_a_commit_is_synced_after_its_data_and_before_it_is_acknowledged(tmp_path: Path) -> None:
    calls = traced(LAKE, tmp_path)
    data = places(calls, "fsync|fdatasync", r"order_lines/month=[^>]*\.parquet>")
    folders = places(calls, "fsync|fdatasync", r"order_lines/month=[-0-9]*>")
    published = places(calls, "renameat2?|rename|linkat?", r"_delta_log/0{20}\.json")
    commit = places(calls, "fsync|fdatasync", r"_delta_log/0{20}\.json>")
    log = places(calls, "fsync|fdatasync", r"order_lines/_delta_log>")
    table = places(calls, "fsync|fdatasync", r"lake/order_lines>")
    assert len(data) == 3
    assert len(folders) == 3
    assert published
    assert max(data + folders + table[:1]) < min(published)
    assert max(published) < min(commit + log)
    assert table


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return traced(BATCH, tmp_path_factory.mktemp("batch"))


def test_all_files_of_a_batch_are_synced_before_the_log_entry_that_names_them(batch: list[str]) -> None:
    calls = batch
    entry = max(places(calls, "fsync|fdatasync", r"/log\.db-wal"))
    before = calls[:entry]
    for table in ("customers", "products", "product_names"):
        assert places(before, "fsync|fdatasync", rf"lake/{table}/[^/>]*\.parquet>")
        assert places(before, "fsync|fdatasync", rf"lake/{table}>")
        assert not places(before, "renameat2?|rename|linkat?", rf"{table}/_delta_log/")
    rows = places(before, "fsync|fdatasync", r"\.pending/[^>]*order_lines\.parquet>")
    names = places(before, "fsync|fdatasync", r"lake/\.pending>")
    assert rows
    assert names
    assert max(rows) < max(names)


def test_the_numbered_lines_of_a_batch_are_synced_before_the_lake_names_them(batch: list[str]) -> None:
    calls = batch
    published = min(places(calls, "renameat2?|rename|linkat?", r"order_lines/_delta_log/0{20}\.json"))
    entry = max(places(calls, "fsync|fdatasync", r"/log\.db-wal"))
    lines = places(calls, "fsync|fdatasync", r"order_lines/month=[^>]*\.parquet>")
    folders = places(calls, "fsync|fdatasync", r"order_lines/month=[-0-9]*>")
    assert lines
    assert folders
    assert entry < min(lines)
    assert max(lines) < published
    assert min(folders) < published
