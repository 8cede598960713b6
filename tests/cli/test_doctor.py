"""`volver doctor` names each state that a shop can get into, made here by hand, and says what to do about it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.world import once
from volver.app import examine, open_recovered, open_to_examine, refresh
from volver.collect import ImportOptions, import_files
from volver.core import VolverError, clock
from volver.store import Shop, compact, create_shop
from volver.store.health import NEARLY_MB, SPARE_MB, disk_check

DAY_US = 86_400_000_000


def today() -> date:
    return datetime.fromtimestamp(clock.now_us() / 1e6, UTC).date()


def orders(path: Path, last_days_ago: int, n: int = 400) -> Path:
    rows = ["order_id,ordered_at,customer_id,sku,quantity,unit_price"]
    for order in range(n):
        ago = last_days_ago + order * 7 % 300
        rows.append(f"{order},{today() - timedelta(days=ago)},c{order * 31 % 70},S{order % 5},1,9.50")
    path.write_text("\n".join(rows) + "\n")
    return path


def made(folder: Path) -> None:
    create_shop(folder / "shop", timezone="UTC").close()
    with open_recovered(folder / "shop") as shop:
        shutil.copytree(folder / "shop", folder / "older")
        import_files(shop, [orders(folder / "orders.csv", 0)], ImportOptions())
        refresh(shop)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "doctor", made)


@pytest.fixture
def folder(world: Path, tmp_path: Path) -> Path:
    shutil.copytree(world / "shop", tmp_path / "shop")
    return tmp_path / "shop"


def write(folder: Path, *statements: str, file: str = "state.db") -> None:
    with closing(sqlite3.connect(folder / file)) as rows, rows:
        for each in statements:
            rows.execute(each)


def flip(path: Path, at: int) -> None:
    body = bytearray(path.read_bytes())
    body[at] ^= 8
    path.write_bytes(body)


def old_log(folder: Path, world: Path) -> None:
    shutil.copy(world / "older/log.db", folder / "log.db")


def missing_state(folder: Path, _: Path) -> None:
    (folder / "state.db").unlink()


def missing_lake(folder: Path, _: Path) -> None:
    shutil.rmtree(folder / "lake")


def missing_scores(folder: Path, _: Path) -> None:
    shutil.rmtree(folder / "lake/scores")


def old_scores(folder: Path, _: Path) -> None:
    with open_recovered(folder) as shop:
        import_files(shop, [orders(folder.parent / "more.csv", 0, 450)], ImportOptions())


def scores_of_another_model(folder: Path, _: Path) -> None:
    write(folder, "update models set fitted_us = fitted_us + 1")


def missing_shelf(folder: Path, _: Path) -> None:
    shutil.rmtree(folder / "models")


def flipped_in_lake(folder: Path, _: Path) -> None:
    path = next((folder / "lake/order_lines").rglob("*.parquet"))
    flip(path, path.stat().st_size // 2)


def flipped_in_scores(folder: Path, _: Path) -> None:
    path = next((folder / "lake/scores").rglob("*.parquet"))
    flip(path, path.stat().st_size // 3)


def flipped_in_log(folder: Path, _: Path) -> None:
    body = (folder / "log.db").read_bytes()
    flip(folder / "log.db", body.index(b'"made_us"') + 12)


def broken_state(folder: Path, _: Path) -> None:
    write(folder, "insert into sessions values ('x', 99, '', 0, 0, 0)")


def flipped_in_model(folder: Path, _: Path) -> None:
    path = next((folder / "models").glob("*.json"))
    body = path.read_text()
    place = body.index('"customers": ') + len('"customers": ')
    path.write_text(f"{body[:place]}9{body[place + 1 :]}")


def job(status: str, due_us: int, attempts: int) -> str:
    return (
        "insert into jobs (name, payload, status, priority, due_us, lease_us, attempts, most_attempts, created_us) "
        f"values ('know.refresh', '{{}}', '{status}', 0, {due_us}, 60000000, {attempts}, 5, 1)"
    )


def nobody_works(folder: Path, _: Path) -> None:
    write(folder, job("waiting", clock.now_us() - 3_600_000_000, 0))


def runner_died(folder: Path, _: Path) -> None:
    write(folder, job("running", clock.now_us() - 1_000_000, 1))


def dies_again_and_again(folder: Path, _: Path) -> None:
    write(folder, job("running", clock.now_us() + 60_000_000, 4))


def failed_for_good(folder: Path, _: Path) -> None:
    write(folder, job("failed", 1, 5).replace(", 1, 60000000", ", null, 60000000"))


def clock_behind_the_log(folder: Path, _: Path) -> None:
    write(folder, f"update log set received_us = {clock.now_us() + DAY_US}", file="log.db")


STATES: list[tuple[Callable[[Path, Path], None], str, str, str]] = [
    (old_log, "parts", "log.db is empty or was missing", "volver restore"),
    (missing_state, "parts", "The state is empty or was missing", "volver collect replay"),
    (missing_lake, "parts", "The lake is empty or was missing", "volver doctor --accept-loss"),
    (missing_scores, "scores", "Customers have no scores.", "volver predict fit"),
    (old_scores, "scores", "has changed since", "volver predict fit"),
    (scores_of_another_model, "scores", "has changed since", "volver predict fit"),
    (missing_shelf, "shelf", "1 models have no file", "volver predict fit"),
    (flipped_in_model, "shelf", "1 were changed since they were written", "from a backup"),
    (flipped_in_lake, "lake, file by file", "1 files of the lake are not what was written: order_lines/", "restore"),
    (flipped_in_scores, "lake, file by file", "1 files of the lake are not what was written: scores/", "predict fit"),
    (flipped_in_log, "log, entry by entry", "entry 1 was changed", "volver restore"),
    (broken_state, "state, page by page", "1 rows name rows that are not there", "volver restore"),
    (nobody_works, "jobs", "nobody works", "volver work"),
    (runner_died, "jobs", "their runner died", "volver work"),
    (dies_again_and_again, "jobs", "know.refresh was begun 4 times and never came to an end.", "cancel it"),
    (failed_for_good, "jobs", "1 failed", "volver jobs list --status failed"),
    (clock_behind_the_log, "clock", "1440 minutes behind", "NTP"),
]


def looked(shop: Shop) -> dict[str, tuple[bool, str, str]]:
    return {each.name: (each.ok, str(each.says), each.hint) for each in examine(shop, deep=True)}


def test_a_shop_that_is_well_is_well_in_every_depth(folder: Path) -> None:
    with open_recovered(folder) as shop:
        assert [name for name, (ok, _, _) in looked(shop).items() if not ok] == []


@pytest.mark.parametrize(("make", "name", "says", "hint"), STATES, ids=lambda each: getattr(each, "__name__", ""))
def test_the_doctor_names_what_is_wrong(
    make: Callable[[Path, Path], None], name: str, says: str, hint: str, folder: Path, world: Path
) -> None:
    make(folder, world)
    with open_to_examine(folder) as shop:
        found = looked(shop)[name]
    assert not found[0]
    assert says in found[1]
    assert hint in found[2]


def test_a_flipped_bit_is_never_put_into_a_new_file(folder: Path, world: Path) -> None:
    flipped_in_lake(folder, world)
    old_scores(folder, world)
    with open_recovered(folder) as shop, pytest.raises(VolverError) as refused:
        compact(shop, "order_lines")
    assert refused.value.code == "store.damaged_file"


@pytest.mark.parametrize(
    ("free_mb", "ok", "hint"),
    [
        (0, False, "Free disk"),
        (SPARE_MB - 1, False, "Free disk"),
        (SPARE_MB, True, "nearly full"),
        (NEARLY_MB, True, ""),
    ],
)
def test_a_full_disk_and_one_that_is_nearly_full(free_mb: int, ok: bool, hint: str) -> None:
    found = disk_check(free_mb)
    assert (found.ok, found.hint.startswith(hint) or hint in found.hint) == (ok, True)
    assert bool(found.hint) == bool(hint)


def test_a_small_disk_is_found_where_the_shop_rests(world: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a disk")
    try:
        shutil.copytree(world / "shop", disk / "shop")
        with open_recovered(disk / "shop") as shop:
            assert not looked(shop)["disk"][0]
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_data_that_does_not_come_any_more_is_named(tmp_path: Path) -> None:
    create_shop(tmp_path / "shop", timezone="UTC").close()
    with open_recovered(tmp_path / "shop") as shop:
        import_files(shop, [orders(tmp_path / "late.csv", 5, 60)], ImportOptions())
        _, says, hint = looked(shop)["today"]
    assert says.startswith("Last order 5 days ago")
    assert "Import what came since" in hint


def test_the_command_looks_deep_where_it_is_told(folder: Path, world: Path) -> None:
    flipped_in_lake(folder, world)
    asked = ["volver", "--shop", str(folder), "doctor", "--json"]
    run = [sys.executable, "-m", *asked]
    env = dict(os.environ)
    quick = subprocess.run(run, capture_output=True, text=True, env=env)
    deep = subprocess.run([*run, "--deep"], capture_output=True, text=True, env=env)
    assert json.loads(quick.stdout)["ok"]
    assert (deep.returncode, json.loads(deep.stdout)["ok"]) == (3, False)
