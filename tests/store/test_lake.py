"""The lake: all of a commit or none, each log entry once, readers undisturbed."""

import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.store.lakes import add_lines, lines_sql, total
from volver.store import NewFile, Shop, open_shop
from volver.store.lake import Lake, LakeDamaged, LakeFeature
from volver.store.tables import TABLES, LakeTable

HOUSE = Path(__file__).parent.parent.parent


def test_what_was_added_is_read_back(shop: Shop) -> None:
    assert total(shop) == (0, 0)
    add_lines(shop, 1)
    assert total(shop) == (100, sum(range(100, 200)))
    assert shop.lake.offset("order_lines") == 1
    assert {each.split("=")[-1].split("/")[0] for each in shop.lake.snapshot("order_lines").files} == {
        "2017-01",
        "2017-02",
        "2017-03",
    }


def test_an_old_or_equal_offset_is_refused(shop: Shop) -> None:
    files = add_lines(shop, 5)
    before = shop.lake.snapshot("order_lines").version
    assert not shop.lake.add("order_lines", files, 5)
    assert not shop.lake.add("order_lines", files, 4)
    assert shop.lake.snapshot("order_lines").version == before
    assert total(shop)[0] == 100
    assert shop.lake.add("order_lines", [], 6)
    assert shop.lake.offset("order_lines") == 6
    assert total(shop)[0] == 100


def test_a_replacement_with_a_known_offset_is_refused(shop: Shop) -> None:
    one = shop.compute.write(
        "select 1 as customer_id, 'a' as customer_ref, * from (select null as name)" + NULLS, "customers"
    )
    assert shop.lake.replace("customers", one, offset=3)
    assert not shop.lake.replace("customers", [], offset=3)
    assert shop.compute.relation("select customer_ref from customers").num_rows == 1


NULLS = (
    ", (select null as email, null as city, null as country, null as channel, null as campaign, "
    "null as channel_us, null as campaign_us)"
)


def test_offset_survives_compaction_and_checkpoint(shop: Shop) -> None:
    for offset in (1, 2, 3):
        add_lines(shop, offset)
    shop.lake.checkpoint("order_lines")
    assert shop.lake.offset("order_lines") == 3


def test_a_replaced_table_holds_only_the_new_rows(shop: Shop) -> None:
    shop.lake.replace("months", shop.compute.write("select * from months where month_no < 24000", "months"))
    assert shop.compute.relation("select * from months").num_rows == 119
    shop.lake.replace("months", [])
    assert shop.compute.relation("select * from months").num_rows == 0
    assert shop.lake.snapshot("months").rows == 0


def test_files_that_no_commit_names_are_not_read(shop: Shop) -> None:
    add_lines(shop, 1)
    shop.compute.write(lines_sql(50), "order_lines")
    assert total(shop)[0] == 100


def test_two_handles_of_one_lake_see_the_same(shop: Shop) -> None:
    other = open_shop(shop.path)
    add_lines(shop, 1)
    assert total(other) == total(shop)
    assert not other.lake.add("order_lines", [], 1)
    add_lines(other, 2)
    assert total(other) == total(shop)
    other.close()


def test_the_lease_lets_one_writer_in_at_a_time(shop: Shop) -> None:
    inside, most = [0], [0]

    def write() -> None:
        for _ in range(20):
            with shop.lake.writing(), shop.lake.writing():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=write) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most[0] == 1


def test_another_process_waits_for_the_lease(shop: Shop) -> None:
    code = (
        "import sys; from pathlib import Path; from volver.store.lake import Lake\n"
        "with Lake(Path(sys.argv[1])).writing(): print('in')"
    )
    with shop.lake.writing():
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(shop.lake.folder)], cwd=HOUSE, stdout=subprocess.PIPE, text=True
        )
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.7)
    assert process.communicate(timeout=20)[0].strip() == "in"


WRITER = """
import sys
from pathlib import Path
from volver.store import open_shop
from tests.store.lakes import add_lines
shop = open_shop(Path(sys.argv[1]))
for offset in range(2, 22):
    add_lines(shop, offset)
shop.close()
"""


def test_a_reader_sees_whole_commits_while_another_process_writes(shop: Shop) -> None:
    add_lines(shop, 1)
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(shop.path)], cwd=HOUSE)
    seen = set()
    while process.poll() is None:
        rows, _ = total(shop)
        assert rows % 100 == 0
        seen.add(rows)
    assert process.wait() == 0
    assert total(shop)[0] == 2100
    assert len(seen) > 3


def test_a_pinned_snapshot_stays_whole_while_the_table_is_replaced(shop: Shop) -> None:
    snapshot = shop.lake.snapshot("months")
    shop.lake.replace("months", [])
    assert all(Path(each).exists() for each in snapshot.files)


def test_a_commit_torn_by_a_power_cut_is_dropped(shop: Shop) -> None:
    add_lines(shop, 1)
    log = shop.lake.path("order_lines") / "_delta_log"
    whole = (log / f"{0:020d}.json").read_bytes()
    for torn in (b"", whole[:200], b"\x00" * 500):
        (log / f"{1:020d}.json").write_bytes(torn)
        again = Lake(shop.lake.folder)
        assert again.offset("order_lines") == 1
        assert again.snapshot("order_lines").version == 0
        assert not (log / f"{1:020d}.json").exists()
    add_lines(shop, 2)
    assert total(shop)[0] == 200


def test_a_checkpoint_torn_by_a_power_cut_is_dropped(shop: Shop) -> None:
    for offset in (1, 2, 3):
        add_lines(shop, offset)
    shop.lake.checkpoint("order_lines")
    add_lines(shop, 4)
    (torn,) = (shop.lake.path("order_lines") / "_delta_log").glob("*.checkpoint.parquet")
    torn.write_bytes(torn.read_bytes()[:100])
    again = Lake(shop.lake.folder)
    assert again.snapshot("order_lines").rows == 400
    assert again.offset("order_lines") == 4


def test_a_log_that_is_damaged_in_the_middle_is_said_to_be_so(shop: Shop) -> None:
    add_lines(shop, 1)
    add_lines(shop, 2)
    (shop.lake.path("order_lines") / "_delta_log" / f"{0:020d}.json").write_text("not what was written")
    with pytest.raises(LakeDamaged, match="order_lines"):
        Lake(shop.lake.folder).snapshot("order_lines")


@pytest.mark.parametrize("feature", ["deletionVectors", "columnMapping"])
def test_features_that_hide_rows_from_a_file_list_are_refused(shop: Shop, feature: str) -> None:
    add_lines(shop, 1)
    log = shop.lake.path("order_lines") / "_delta_log"
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": [feature], "writerFeatures": [feature]}
    (log / f"{1:020d}.json").write_text(json.dumps({"protocol": protocol}))
    with pytest.raises(LakeFeature, match=feature):
        Lake(shop.lake.folder).snapshot("order_lines")


@pytest.fixture
def wider(monkeypatch: pytest.MonkeyPatch) -> LakeTable:
    """The order lines of a later Volver, with one column more."""
    old = TABLES["order_lines"]
    columns = {**old.columns, "gift_e4": "BIGINT"}
    new = LakeTable(name=old.name, columns=columns, partition=old.partition, sort=old.sort)
    monkeypatch.setitem(TABLES, "order_lines", new)
    return new


def test_a_new_column_is_null_in_old_files(shop: Shop, request: pytest.FixtureRequest) -> None:
    add_lines(shop, 1)
    request.getfixturevalue("wider")
    with open_shop(shop.path) as later:
        asked = "select count(*) as n, count(gift_e4) as g, cast(sum(gift_e4) as bigint) as s from order_lines"
        assert later.compute.relation(asked).to_pylist() == [{"n": 100, "g": 0, "s": None}]
        files = later.compute.write(f"select *, 7 as gift_e4 from ({lines_sql(10, 5000)})", "order_lines")
        later.lake.add("order_lines", files, 2)
        assert later.lake.snapshot("order_lines").mixed
        assert later.compute.relation(asked).to_pylist() == [{"n": 110, "g": 10, "s": 70}]
        from deltalake import DeltaTable

        opened = DeltaTable(later.lake.path("order_lines"))
        assert "gift_e4" in [each.name for each in opened.schema().fields]
        assert later.lake.offset("order_lines") == 2


def test_files_without_statistics_are_read_too(shop: Shop) -> None:
    files = shop.compute.write(lines_sql(100), "order_lines")
    plain = [NewFile(path=each.path, rows=each.rows, size=each.size, partition=each.partition) for each in files]
    shop.lake.add("order_lines", plain, 1)
    assert total(shop)[0] == 100
    assert not shop.lake.snapshot("order_lines").mixed


def test_other_engines_read_our_tables(shop: Shop) -> None:
    from deltalake import DeltaTable

    add_lines(shop, 1)
    add_lines(shop, 2)
    table = DeltaTable(shop.lake.path("order_lines"))
    assert sum(each["num_records"] for each in _actions(table)) == 200
    bounds = [(each["min.line_id"], each["max.line_id"]) for each in _actions(table)]
    assert min(low for low, _ in bounds) == 100
    assert max(high for _, high in bounds) == 299
    assert Path(table.file_uris()[0]).exists()


def _actions(table: object) -> list[dict[str, int]]:
    import pyarrow as pa

    stream = table.get_add_actions(flatten=True)  # type: ignore[attr-defined]
    found: list[dict[str, int]] = pa.RecordBatchReader.from_stream(stream).read_all().to_pylist()
    return found


TIRELESS = """
import sys
from pathlib import Path
from volver.store import compact, open_shop
from tests.store.lakes import add_lines
shop = open_shop(Path(sys.argv[1]))
for offset in range(shop.lake.offset("order_lines") + 1, 10_000):
    add_lines(shop, offset)
    print(offset, flush=True)
    if offset % 7 == 0:
        compact(shop, "order_lines", many=3)
"""


def killed_again_and_again(shop: Shop, rounds: int) -> None:
    chance = random.Random(rounds)
    for _ in range(rounds):
        process = subprocess.Popen(
            [sys.executable, "-c", TIRELESS, str(shop.path)], cwd=HOUSE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        told = process.stdout.readline()
        time.sleep(chance.uniform(0, 0.4))
        process.kill()
        told += process.stdout.read()
        process.wait()
        last = shop.lake.offset("order_lines")
        assert last >= max(int(line) for line in told.splitlines())
        every = (last + 1) * 100
        assert total(shop) == (every, every * (every - 1) // 2)


def test_every_batch_is_there_once_after_kill_9(shop: Shop) -> None:
    killed_again_and_again(shop, rounds=3)


@pytest.mark.slow
def test_every_batch_is_there_once_after_kill_9_forty_times(shop: Shop) -> None:
    killed_again_and_again(shop, rounds=40)
