"""Upkeep changes no answer: compaction, tidying, checkpoints."""

import os
from pathlib import Path

import pytest

from tests.store.lakes import add_lines, lines_sql, total
from tests.world import written
from volver.store import TABLES, Shop, compact, keep, open_shop, tidy
from volver.store.upkeep import MANY_ALIKE, leftovers


def files_of(shop: Shop, table: str = "order_lines") -> tuple[str, ...]:
    return shop.lake.snapshot(table).files


def age(path: Path, minutes: float) -> None:
    then = path.stat().st_mtime - minutes * 60
    os.utime(path, (then, then))


def test_many_small_files_become_one_sorted_file_a_month(shop: Shop) -> None:
    for offset in range(1, 6):
        add_lines(shop, offset)
    before = total(shop)
    assert compact(shop, "order_lines") == 15
    assert total(shop) == before
    assert len(files_of(shop)) == 3
    assert shop.lake.offset("order_lines") == 5
    for path in files_of(shop):
        rows = shop.compute.relation(f"select customer_id, ts_us, line_id from read_parquet('{path}')").to_pylist()
        assert rows == sorted(rows, key=lambda row: tuple(row.values()))
    assert compact(shop, "order_lines") == 0


def test_a_compacted_table_goes_on_growing(shop: Shop) -> None:
    add_lines(shop, 1)
    add_lines(shop, 2)
    compact(shop, "order_lines")
    add_lines(shop, 3)
    with open_shop(shop.path) as again:
        assert total(again)[0] == 300
        assert not again.lake.add("order_lines", [], 3)


def test_replaced_files_wait_until_no_reader_needs_them(shop: Shop) -> None:
    add_lines(shop, 1)
    add_lines(shop, 2)
    old = files_of(shop)
    for path in map(Path, old):
        age(path, 300)
    compact(shop, "order_lines")
    assert tidy(shop, "order_lines") == []
    assert all(Path(each).exists() for each in old)
    for path in map(Path, old):
        age(path, 90)
    assert sorted(tidy(shop, "order_lines")) == sorted(Path(each).name for each in old)
    assert total(shop)[0] == 200


def test_what_a_crashed_writer_left_goes_but_a_fresh_file_stays(shop: Shop) -> None:
    add_lines(shop, 1)
    crashed = [shop.lake.path("order_lines") / each.path for each in shop.compute.write(lines_sql(9), "order_lines")]
    fresh = shop.lake.path("order_lines") / shop.compute.write(lines_sql(1), "order_lines")[0].path
    for path in crashed:
        age(path, 120)
    assert leftovers(shop.lake, "order_lines") == sorted(crashed)
    tidy(shop, "order_lines")
    assert fresh.exists()
    assert not any(each.exists() for each in crashed)
    assert total(shop)[0] == 100


def test_upkeep_leaves_small_tables_alone_and_mends_crowded_ones(shop: Shop) -> None:
    for offset in range(1, MANY_ALIKE + 2):
        add_lines(shop, offset)
    before = total(shop)
    kept = keep(shop, unseen_minutes=-1)
    assert kept.compacted == 3 * (MANY_ALIKE + 1)
    assert kept.removed >= kept.compacted
    assert total(shop) == before
    assert keep(shop).compacted == 0


def test_a_long_log_gets_a_checkpoint(shop: Shop) -> None:
    for _ in range(60):
        shop.lake.replace("scores", [])
    keep(shop)
    log = shop.lake.path("scores") / "_delta_log"
    assert list(log.glob("*.checkpoint.parquet"))
    assert shop.lake.snapshot("scores").rows == 0


@pytest.mark.parametrize("killed_after", ["files", "commit"])
def test_a_crash_leaves_all_or_nothing(shop: Shop, killed_after: str) -> None:
    files = shop.compute.write(lines_sql(100), "order_lines")
    if killed_after == "commit":
        shop.lake.add("order_lines", files, 1)
    with open_shop(shop.path) as again:
        if again.lake.offset("order_lines") < 1:
            again.lake.add("order_lines", again.compute.write(lines_sql(100), "order_lines"), 1)
        assert total(again)[0] == 100


@pytest.mark.parametrize("table", ["replaced", "order_versions", "version_lines"])
def test_what_imports_add_to_tables_without_months_becomes_one_file(table: str, shop: Shop) -> None:
    for offset in range(1, 7):
        rows = [{"line_id": offset, "order_id": offset, "batch": offset}]
        held = [{name: each for name, each in row.items() if name in TABLES[table].columns} for row in rows]
        shop.lake.add(table, written(shop, table, held), offset)
    asked = f"select * from {table} order by all"
    before = shop.compute.relation(asked).to_pylist()
    version = shop.lake.version(table)
    assert keep(shop).compacted == 6
    assert len(files_of(shop, table)) == 1
    assert shop.compute.relation(asked).to_pylist() == before
    assert shop.lake.since(table, version) == "same"
    assert shop.lake.offset(table) == 6
