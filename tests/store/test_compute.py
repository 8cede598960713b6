"""The compute engine: named queries, the memory limit and the spill folder, threads."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from tests.store.lakes import add_lines, lines_sql, total
from tests.world import new_shop
from volver.core import Answer
from volver.store import Shop, named, open_shop, query_names
from volver.store.query import QUERIES, MissingParameter, UnknownQuery, read_query

HOUSE = Path(__file__).parent.parent.parent


def test_an_unknown_query_is_said_to_be_so(shop: Shop) -> None:
    with pytest.raises(UnknownQuery, match="nothing_like_it"):
        shop.compute.query("nothing_like_it")


@pytest.mark.parametrize("name", [name for name in query_names() if named(name).params])
def test_a_missing_parameter_is_named(shop: Shop, name: str) -> None:
    query = named(name)
    first = next(iter(query.params))
    with pytest.raises(MissingParameter, match=first):
        shop.compute.query(name, **{key: value for key, value in query.example.items() if key != first})


@pytest.mark.parametrize("name", query_names())
def test_every_query_answers_in_an_empty_shop(shop: Shop, name: str) -> None:
    query = named(name)
    assert shop.compute.query(name, **query.example).column_names == list(query.output)


def test_parameters_reach_the_query_as_values(shop: Shop) -> None:
    found = shop.compute.relation(
        "select $d as d, $t as t, $n as n, $none as x", {"d": date(2017, 1, 2), "t": "o'k", "n": 5, "none": None}
    ).to_pylist()
    assert found == [{"d": date(2017, 1, 2), "t": "o'k", "n": 5, "x": None}]


def test_a_query_becomes_a_table(shop: Shop) -> None:
    add_lines(shop, 1)
    nulls = "null as email, null as city, null as country, null as channel, null as campaign"
    nulls += ", null as channel_us, null as campaign_us"
    sql = f"select 1 as customer_id, 'c' as customer_ref, 'x' as name, {nulls} where $go = 1"
    for go, rows in ((1, 1), (0, 0)):
        files = shop.compute.write(sql, "customers", {"go": go})
        shop.lake.replace("customers", files)
        assert shop.compute.relation("select * from customers").num_rows == rows


def test_columns_are_matched_by_name_and_cast(shop: Shop) -> None:
    sql = "select 12 as month_no, date '2017-01-01' as first_day, '2017-01' as month, '2017-01-31' as last_day"
    shop.lake.replace("months", shop.compute.write(sql + " -- the end", "months"))
    found = shop.compute.relation("select * from months")
    assert found.column_names == ["month", "first_day", "last_day", "month_no"]
    assert found.to_pylist()[0]["last_day"] == date(2017, 1, 31)


def test_answers_keep_the_order_they_ask_for(shop: Shop) -> None:
    found = shop.compute.relation("select i from range(300000) t(i) order by (i * 7919) % 300007")["i"].to_pylist()
    assert found == sorted(found, key=lambda i: (i * 7919) % 300007)


HUNGRY = """
    select count(*) as n, max(total) as m from (
      select key, sum(value) as total, max(filler) as f
      from (select i % 1500000 as key, i as value, 'filler that takes room ' || i as filler from range(3000000) t(i))
      group by key)"""


def test_a_query_over_the_limit_spills_and_succeeds(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop", memory_limit_mb=160, threads=2) as shop:
        limit = shop.compute.relation("select current_setting('memory_limit') as m")["m"][0].as_py()
        assert limit == "160.0 MiB"
        sizes = []
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(shop.compute.relation, HUNGRY)
            while not running.done():
                sizes.append(_size(shop.path / "spill"))
            assert running.result().to_pylist() == [{"n": 1500000, "m": 4499998}]
        assert max(sizes) > 1_000_000
    assert _size(shop.path / "spill") == 0


def _size(folder: Path) -> int:
    found = 0
    for each in folder.rglob("*"):
        try:
            found += each.stat().st_size if each.is_file() else 0
        except FileNotFoundError:
            continue
    return found


def test_the_spill_folder_is_a_setting(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop", spill_folder=str(tmp_path / "elsewhere")) as shop:
        told = shop.compute.relation("select current_setting('temp_directory') as t")["t"][0].as_py()
        assert Path(told).parent == tmp_path / "elsewhere"


def test_what_a_killed_process_spilled_is_removed(shop: Shop) -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    left = shop.path / "spill" / f"{process.pid}-0123abcd"
    mine = shop.path / "spill" / f"{os.getpid()}-0123abcd"
    for folder in (left, mine):
        folder.mkdir(parents=True)
        (folder / "duckdb_temp_storage-0.tmp").write_bytes(b"x")
    with open_shop(shop.path) as again:
        total(again)
    assert not left.exists()
    assert mine.exists()


def test_threads_ask_at_once_while_the_table_grows(shop: Shop) -> None:
    add_lines(shop, 1)

    def ask(_: int) -> int:
        return total(shop)[0]

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(ask, number) for number in range(60)]
        for offset in range(2, 8):
            add_lines(shop, offset)
        assert all(each.result() % 100 == 0 for each in asked)
    assert total(shop)[0] == 700


def test_nothing_is_fetched_from_outside(shop: Shop) -> None:
    for setting in ("autoinstall_known_extensions", "autoload_known_extensions"):
        assert shop.compute.relation(f"select current_setting('{setting}') as s")["s"][0].as_py() is False


def test_a_month_is_found_without_opening_the_others(shop: Shop) -> None:
    shop.lake.add("order_lines", shop.compute.write(lines_sql(3000), "order_lines"), 1)
    cursor = shop.compute.connection()
    plan = cursor.execute("explain analyze select count(*) from order_lines where month = '2017-02'").fetchall()[0][1]
    cursor.close()
    assert "1/3" in plan.replace(" ", "")


def test_a_header_may_go_on_and_may_talk() -> None:
    query = read_query(
        "q",
        "-- What it answers.\n-- inputs: orders,\n--    months\n-- params: a BIGINT, b VARCHAR\n-- output: n BIGINT\n"
        "-- example: a=null, b=x y\n-- compare: approx 1e-9 because sums differ\n-- Free words, with commas.\n"
        "--    More.\nselect 1",
    )
    assert query.answers == "What it answers."
    assert query.inputs == ("orders", "months")
    assert (query.example, query.tolerance) == ({"a": None, "b": "x y"}, 1e-9)


def test_every_file_of_queries_is_a_query_or_the_page_about_them() -> None:
    assert {path.suffix for path in QUERIES.iterdir() if path.is_file()} <= {".sql", ".md"}


def test_rows_are_published_whole_with_what_they_follow_from(shop: Shop) -> None:
    import pyarrow as pa

    rows = pa.table({"weekday": [3, 1], "customer_id": [9, 2]})
    filled = {"hour": 7, "lift": 1.5, "n_events": 4}
    whole = rows.append_column("hour", [[filled["hour"]] * 2])
    whole = whole.append_column("lift", [[filled["lift"]] * 2]).append_column("n_events", [[filled["n_events"]] * 2])
    assert shop.compute.publish("moments", whole, seen={"as_of": 739_000}) == 2
    found = shop.compute.relation("select customer_id, weekday from moments").to_pylist()
    assert found == [{"customer_id": 2, "weekday": 1}, {"customer_id": 9, "weekday": 3}]
    assert shop.lake.seen("moments", ("as_of", "model")) == {"as_of": 739_000}
    assert shop.compute.publish("moments", Answer(whole.slice(0, 1))) == 1
    assert shop.compute.relation("select customer_id from moments").to_pylist() == [{"customer_id": 9}]
    assert shop.compute.publish("moments", None) == 0
    assert shop.compute.relation("select * from moments").num_rows == 0


_ASK = """
import sys
from volver.store import open_shop
with open_shop(sys.argv[1]) as shop:
    asked = "select current_setting('TimeZone') as zone, current_setting('parquet_metadata_cache') as kept"
    found = shop.compute.relation(asked).to_pylist()[0]
print(found["zone"], found["kept"])
"""


def test_every_connection_speaks_utc_and_keeps_footers_wherever_the_machine_stands(shop: Shop) -> None:
    far = os.environ | {"TZ": "America/New_York"}
    told = subprocess.run([sys.executable, "-c", _ASK, str(shop.path)], env=far, capture_output=True, text=True)
    assert told.stdout.split() == ["UTC", "True"], told.stderr
