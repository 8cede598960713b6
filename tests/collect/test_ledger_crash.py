"""A process that is killed while it imports leaves all of the batch or nothing, and running it again mends the rest."""

import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.collect.ledger_world import EXPORT, UK, british, imported, ledger, write_csv
from volver.collect import recover
from volver.store import Shop, open_shop

# Reaches a stage of the import and dies there, as by a power cut.
VICTIM = """
import os, signal, sys
from volver.collect import ImportOptions, import_files
from volver.store import open_shop

def step(name):
    if name == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

print("ready", flush=True)
import_files(open_shop(sys.argv[1]), [sys.argv[2]], ImportOptions(), step)
"""
STAGES = [
    "understood", "read", "compared", "written", "pending", "logged", "lake:customers", "lake:products",
    "lake:product_names", "numbered", "lake:order_lines", "state",
]  # fmt: skip


@dataclass(frozen=True)
class Worlds:
    """A shop that holds half of an export, the other half as a file, and what shops hold without it and with it."""

    half: Path
    second: Path
    nothing: tuple[object, ...]
    everything: tuple[object, ...]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    folder = tmp_path_factory.mktemp("worlds")
    many = [
        (f"7{n:04d}", "85048", "GLASS LIGHTS", "1", f"2011-{n % 12 + 1:02d}-03 10:00:00", "2.00", str(n % 40), UK)
        for n in range(3000)
    ]
    first, second = write_csv(folder / "first.csv", EXPORT[:9]), write_csv(folder / "second.csv", [*EXPORT, *many])
    with british(folder / "half") as shop:
        imported(shop, first)
    shutil.copytree(folder / "half", folder / "whole")
    with open_shop(folder / "half") as half, open_shop(folder / "whole") as whole:
        imported(whole, second)
        return Worlds(folder / "half", second, contents(half), contents(whole))


def contents(shop: Shop) -> tuple[object, ...]:
    with shop.state.read() as state:
        aside = [
            tuple(row) for row in state.exec_driver_sql("select batch_key, reason, body from set_aside order by 1")
        ]
        batches = state.exec_driver_sql("select count(*) from batches").scalar()
    tables = [
        shop.compute.relation(f"select * from {table} order by all").to_pylist()
        for table in ("customers", "products", "product_names")
    ]
    return ledger(shop), tables, aside, batches, shop.log.count()


def left_over(shop: Shop) -> list[str]:
    """Data files that no table names, and work that is pending."""
    named = {
        path
        for table in ("customers", "products", "product_names", "order_lines")
        for path in shop.lake.snapshot(table).files
    }
    replaced = sum(
        len(list((shop.lake.path(table)).glob("*.parquet"))) - 1 for table in ("customers", "products", "product_names")
    )
    files = [str(path) for path in (shop.path / "lake" / "order_lines").rglob("*.parquet") if str(path) not in named]
    assert replaced <= 3, "only the tables that were replaced keep their old files"
    return files + [str(path) for path in (shop.path / "lake" / ".pending").iterdir()]


def check_all_or_nothing(folder: Path, worlds: Worlds) -> bool:
    """Whether the batch was taken in; either way everything fits, and importing again gives the whole."""
    with open_shop(folder) as shop:
        recover(shop)
        found = contents(shop)
        assert found in (worlds.nothing, worlds.everything)
        assert left_over(shop) == []
        imported(shop, worlds.second)
        assert contents(shop) == worlds.everything
        assert left_over(shop) == []
        assert not (folder / "spill").exists() or recover(shop) == 0
    return found == worlds.everything


def start(folder: Path, worlds: Worlds, stage: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", VICTIM, str(folder), str(worlds.second), stage]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], env=dict(os.environ))


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_at_a_stage_leaves_all_or_nothing(stage: str, worlds: Worlds, tmp_path: Path) -> None:
    shutil.copytree(worlds.half, tmp_path / "shop")
    victim = start(tmp_path / "shop", worlds, stage)
    victim.communicate(timeout=120)
    assert victim.returncode == -9
    taken_in = check_all_or_nothing(tmp_path / "shop", worlds)
    assert taken_in == (STAGES.index(stage) >= STAGES.index("logged"))


@pytest.mark.parametrize("seed", range(4))
def test_a_kill_at_any_moment_leaves_all_or_nothing(seed: int, worlds: Worlds, tmp_path: Path) -> None:
    shutil.copytree(worlds.half, tmp_path / "shop")
    victim = start(tmp_path / "shop", worlds, "never")
    assert victim.stdout is not None
    victim.stdout.readline()
    time.sleep(random.Random(seed).uniform(0.3, 1.6))
    victim.kill()
    victim.communicate(timeout=120)
    check_all_or_nothing(tmp_path / "shop", worlds)
