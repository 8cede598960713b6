"""A backup is one moment of a shop in one file; a restore makes all of it or nothing."""

import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.lakes import add_lines, total
from tests.world import entered
from volver.core import VolverError
from volver.store import Entry, Shop, back_up, compact, open_shop, people, restore, tidy
from volver.store.lake import NewFile


def grow(shop: Shop) -> list[NewFile]:
    return add_lines(shop, entered(shop))


@pytest.fixture
def full(shop: Shop) -> Shop:
    (shop.path / "models" / "value-1.json").write_text('{"r": 1}')
    (shop.path / "incoming").mkdir()
    (shop.path / "incoming" / "orders.csv").write_text("order_id\n1\n")
    for _ in range(3):
        grow(shop)
    with shop.state.begin() as rows:
        people.take_in(rows, {1: "anna", 2: "ben"}, "till")
    return shop


def told(shop: Shop) -> tuple[object, ...]:
    """What a shop holds in each of its parts."""
    with shop.state.read() as rows:
        known = people.newest(rows)
        batches = rows.exec_driver_sql('select "offset" from batches order by 1').fetchall()
    files = {
        str(path.relative_to(shop.path)): path.read_bytes()
        for folder in ("models", "incoming")
        for path in (shop.path / folder).iterdir()
    }
    settings = (shop.path / "volver.toml").read_text()
    versions = {table: shop.lake.version(table) for table in ("order_lines", "months")}
    return total(shop), known, batches, shop.log.read(0, 10_000), files, settings, versions


def test_a_restored_shop_is_the_shop_of_the_backup(full: Shop, tmp_path: Path) -> None:
    before = told(full)
    made = back_up(full, tmp_path)
    grow(full)
    done = restore(Path(made.path), tmp_path / "again")
    with open_shop(tmp_path / "again") as again:
        assert told(again) == before
        grow(again)
        assert told(again)[0] == told(full)[0]
    assert (done.offset, done.files, done.aside) == (made.offset, made.files, "")
    assert made.damaged == ()


def test_only_its_owner_may_read_a_backup_and_it_leaves_nothing_else(full: Shop, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    left = tmp_path / "to" / ".volver-backup-999999999-x"
    left.mkdir()
    made = Path(back_up(full, tmp_path / "to").path)
    assert made.stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "to").iterdir()) == [made]
    assert made.name.startswith("shop-")
    with pytest.raises(VolverError) as refused:
        back_up(full, made)
    assert refused.value.code == "store.backup_exists"


def test_other_programs_can_read_a_backup(full: Shop, tmp_path: Path) -> None:
    made = back_up(full, tmp_path / "one.tar")
    with tarfile.open(made.path) as tar:
        names = tar.getnames()
        tar.extractall(tmp_path / "plain", filter="data")
    assert names[-1] == "manifest.json"
    with closing(sqlite3.connect(tmp_path / "plain" / "log.db")) as log:
        assert log.execute("select count(*) from log").fetchone() == (3,)
    assert not any(name.endswith(("-wal", "-shm", ".lock")) or "spill" in name for name in names)


def test_what_upkeep_would_remove_waits_for_the_backup(full: Shop, tmp_path: Path) -> None:
    old = full.lake.snapshot("order_lines").files
    with full.lake.alone("backup"):
        compact(full, "order_lines")
        with open_shop(full.path) as other:
            assert tidy(other, "order_lines", unseen_minutes=-1) == []
        assert all(Path(each).exists() for each in old)
    assert tidy(full, "order_lines", unseen_minutes=-1)
    assert not any(Path(each).exists() for each in old)


def test_a_backup_while_everybody_writes_is_one_moment(full: Shop, tmp_path: Path) -> None:
    """Log, state and lake of every backup agree: batches are taken in, compacted and removed meanwhile."""
    stop, problems = threading.Event(), list[BaseException]()

    def write() -> None:
        try:
            with open_shop(full.path) as other:
                while not stop.is_set():
                    with other.lake.alone("point"):
                        grow(other)
                    other.log.append([Entry(source="page", message_id=os.urandom(8).hex(), kind="view", body=b"{}")])
                    compact(other, "order_lines", many=2)
                    tidy(other, "order_lines", unseen_minutes=-1)
        except BaseException as problem:
            problems.append(problem)

    writer = threading.Thread(target=write)
    writer.start()
    made = [back_up(full, tmp_path / f"{n}.tar") for n in range(4)]
    stop.set()
    writer.join()
    assert problems == []
    for n, each in enumerate(made):
        restore(Path(each.path), tmp_path / f"shop-{n}")
        with open_shop(tmp_path / f"shop-{n}") as again:
            entries = again.log.read(0, 10_000, ("world",))
            assert total(again)[0] == 100 * len(entries)
            batches = again.state.quick_read("select count(*) from batches")
            assert batches == [(len(entries),)]
            assert again.log.last() == each.offset


@pytest.mark.parametrize("harm", ["cut", "flip", "drop", "add", "none"])
def test_a_backup_that_is_not_as_it_was_written_is_refused(harm: str, full: Shop, tmp_path: Path) -> None:
    made = Path(back_up(full, tmp_path / "one.tar").path)
    body = bytearray(made.read_bytes())
    if harm == "cut":
        del body[len(body) // 2 :]
    if harm == "flip":
        body[body.index(b"PAR1") + 40] ^= 1
    made.write_bytes(body)
    if harm == "drop":
        with tarfile.open(made) as old, tarfile.open(tmp_path / "less.tar", "w") as less:
            for member in old.getmembers():
                if member.name != "state.db":
                    less.addfile(member, old.extractfile(member))
        made = tmp_path / "less.tar"
    if harm == "add":
        with tarfile.open(made, "a") as more:
            info = tarfile.TarInfo("../outside")
            more.addfile(info)
    if harm == "none":
        made.write_bytes(b"not a backup")
    with pytest.raises(VolverError) as refused:
        restore(made, tmp_path / "again")
    assert refused.value.code == "store.bad_backup"
    assert [each.name for each in (tmp_path / "again").iterdir()] == []


def test_a_shop_that_is_there_is_not_overwritten_but_moved_aside_if_told(full: Shop, tmp_path: Path) -> None:
    made = Path(back_up(full, tmp_path).path)
    before = told(full)
    grow(full)
    after = told(full)
    full.close()
    with pytest.raises(VolverError) as refused:
        restore(made, full.path)
    assert refused.value.code == "store.shop_exists"
    done = restore(made, full.path, replace=True)
    with open_shop(full.path) as now, open_shop(full.path / done.aside) as aside:
        assert told(now) == before
        assert told(aside) == after
        assert len(list(tmp_path.glob("*.tar"))) == 1
        with tarfile.open(back_up(now, tmp_path / "b.tar").path) as tar:
            assert not any("before-restore" in name for name in tar.getnames())


def test_a_lake_elsewhere_is_restored_into_the_shop(full: Shop, tmp_path: Path) -> None:
    before = told(full)[0]
    full.close()
    (full.path / "lake").rename(tmp_path / "far")
    settings = full.path / "volver.toml"
    settings.write_text(settings.read_text() + f'\n[store]\nlake = "file://{tmp_path / "far"}"\n')
    with open_shop(full.path) as shop:
        made = back_up(shop, tmp_path / "one.tar")
    assert restore(Path(made.path), tmp_path / "again").own_lake
    with open_shop(tmp_path / "again") as again:
        assert total(again) == before
        assert again.lake.folder == tmp_path / "again" / "lake"


def test_a_file_that_was_damaged_before_is_named(full: Shop, tmp_path: Path) -> None:
    path = Path(full.lake.snapshot("order_lines").files[0])
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 4
    path.write_bytes(body)
    made = back_up(full, tmp_path / "one.tar")
    assert made.damaged == (str(path.relative_to(full.path)),)


VICTIM = """
import os, signal, sys
from pathlib import Path
from volver.store import restore

left = int(sys.argv[3])
def count(event, arguments):
    global left
    if event in ("os.rename", "os.mkdir", "os.rmdir", "open") and "again" in str(arguments[0]):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
restore(Path(sys.argv[1]), Path(sys.argv[2]), replace=sys.argv[4] == "replace")
print(left)
"""
MANY = 1_000_000


def cut_short(made: Path, folder: Path, step: int, how: str) -> int | None:
    """Restore in a process that dies at the so-many-th change of the disk; how many it made if it lived."""
    command = [sys.executable, "-c", VICTIM, str(made), str(folder), str(step), how]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return step - int(done.stdout) if done.returncode == 0 else None


@pytest.mark.parametrize("how", ["new", "replace"])
def test_a_kill_leaves_none_or_all_and_again_makes_all(how: str, full: Shop, tmp_path: Path) -> None:
    made = Path(back_up(full, tmp_path / "one.tar").path)
    before, whole = told(full), 0

    def place(name: str) -> Path:
        if how == "replace":
            restore(made, tmp_path / name)
        return tmp_path / name

    steps = cut_short(made, place("again"), MANY, how)
    assert steps
    for step in [1, steps // 3, 2 * steps // 3, *range(steps - 9, steps + 1, 2)]:
        folder = place(f"again-{step}")
        assert cut_short(made, folder, step, how) is None
        if (folder / "volver.toml").exists():
            whole += 1
        else:
            restore(made, folder, replace=how == "replace")
        with open_shop(folder) as there:
            assert told(there) == before
    assert whole
