"""A stop between what is known and what is foreseen is noticed: behind is behind, whatever the clock says."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.world import once
from volver.app import examine, is_behind, open_recovered, refresh
from volver.collect import ImportOptions, import_files
from volver.store import Shop, back_up, create_shop, restore

# An import with everything after it, which dies when it is about to commit to a table of the lake.
VICTIM = """
import os, signal, sys
from volver.cli.main import main
from volver.store.lake import Lake

commit = Lake._commit
def dying(self, table, *rest, **more):
    if table == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
    return commit(self, table, *rest, **more)
Lake._commit = dying
main(sys.argv[2:])
"""


def orders(path: Path, n: int) -> Path:
    rows = ["order_id,ordered_at,customer_id,sku,quantity,unit_price"]
    for order in range(n):
        day = date(2025, 1, 1) + timedelta(days=order * 7 % 300)
        rows.append(f"{order},{day},c{order * 31 % 70},S{order % 5},1,9.50")
    path.write_text("\n".join(rows) + "\n")
    return path


def made(folder: Path) -> None:
    create_shop(folder / "shop", timezone="UTC").close()
    with open_recovered(folder / "shop") as shop:
        import_files(shop, [orders(folder / "first.csv", 300)], ImportOptions())
        refresh(shop)
    shutil.copytree(folder / "shop", folder / "whole")
    with open_recovered(folder / "whole") as shop:
        import_files(shop, [orders(folder / "more.csv", 400)], ImportOptions())
        refresh(shop)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "cut-short", made)


def told(shop: Shop) -> list[list[dict[str, Any]]]:
    """What is derived, without the numbers of fits that differ in their last digits."""
    asked = ("select * from facts order by all", "select customer_id, round(p_alive, 6) as p from scores order by all")
    return [shop.compute.relation(each).to_pylist() for each in asked]


def find(shop: Shop, name: str) -> bool:
    return next(each.ok for each in examine(shop) if each.name == name)


SLOW = [pytest.param(each, marks=pytest.mark.slow) for each in ("facts", "rebuys")]


@pytest.mark.parametrize("table", ["scores", *SLOW])
def test_a_kill_between_leaves_what_is_behind_due_and_the_same_import_mends_it(
    table: str, world: Path, tmp_path: Path
) -> None:
    shutil.copytree(world / "shop", tmp_path / "shop")
    words = ["--shop", str(tmp_path / "shop"), "collect", "import", str(world / "more.csv")]
    command = [sys.executable, "-c", VICTIM, table, *words]
    assert subprocess.run(command, capture_output=True, env=dict(os.environ)).returncode == -signal.SIGKILL
    with open_recovered(tmp_path / "shop") as shop:
        assert is_behind(shop)
        if table != "rebuys":
            assert not find(shop, "scores")
        made = Path(back_up(shop, tmp_path / "kept.tar").path)
    restore(made, tmp_path / "again")
    with open_recovered(tmp_path / "again") as again:
        assert is_behind(again), "a restored shop is behind as it was"
    done = subprocess.run([sys.executable, "-m", "volver", *words], capture_output=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    with open_recovered(tmp_path / "shop") as shop, open_recovered(world / "whole") as whole:
        assert not is_behind(shop)
        assert find(shop, "scores")
        assert told(shop) == told(whole)


def test_scores_of_a_model_that_is_not_the_published_one_are_behind(world: Path, tmp_path: Path) -> None:
    """The stop came when the new model was kept, and its scores were not."""
    shutil.copytree(world / "shop", tmp_path / "shop")
    with closing(sqlite3.connect(tmp_path / "shop/state.db")) as rows, rows:
        rows.execute("update models set fitted_us = fitted_us + 1")
    with open_recovered(tmp_path / "shop") as shop:
        assert is_behind(shop)
        assert not find(shop, "scores")
        refresh(shop)
        assert not is_behind(shop)


def test_a_clock_that_went_back_hides_nothing(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(world / "shop", tmp_path / "shop")
    from volver.core import clock

    now_us = clock.now_us()
    monkeypatch.setattr(clock, "now_us", lambda: now_us - 400 * 86_400_000_000)
    with open_recovered(tmp_path / "shop") as shop:
        import_files(shop, [world / "more.csv"], ImportOptions())
        assert is_behind(shop)
        refresh(shop)
        assert not is_behind(shop)
        with open_recovered(world / "whole") as whole:
            assert told(shop)[0] == told(whole)[0]
