"""Packed, damaged, odd and hostile files: each is read or refused in a sentence, and leaves nothing behind."""

import gzip
import io
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.collect.reading_world import NOW_US, opened, pick, read, rows_of
from tests.world import new_shop
from volver.collect import import_files, try_import
from volver.collect.reading import ReadOptions, open_frame
from volver.collect.reading.dialects import repair, sniff
from volver.core import VolverError

HOUSE = Path(__file__).parent.parent.parent
LINES = "order_id,date,customer_id,sku,quantity,unit_price\n" + "".join(
    f"{n},2024-03-{n % 28 + 1:02},c{n % 7},p{n % 5},1,{n}.50\n" for n in range(1, 60)
)
MEGABYTE = 1 << 20


def refused(code: str, folder: Path, content: bytes, name: str, **options: Any) -> str:
    with pytest.raises(VolverError) as told:
        read(folder, content, name, **options)
    assert told.value.code == code
    assert len(str(told.value)) < 2_000
    return str(told.value)


def size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def bomb(line: bytes, megabytes: int) -> bytes:
    return gzip.compress(line * (16 * MEGABYTE // len(line))) * (megabytes // 16)


def test_a_small_file_that_swells_is_refused_before_a_byte_of_it_is_written(tmp_path: Path) -> None:
    told = refused("collect.too_large", tmp_path, bomb(b"a,b,c\n", 1_024), "orders.csv.gz")
    assert "128 MB" in told.replace("134", "128")
    assert size(tmp_path / ".work") == 0


def test_what_a_packed_file_may_hold_is_a_setting(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(LINES.encode() * 400))
    with new_shop(tmp_path / "tight", collect={"unpack_limit_mb": 0}) as shop:
        assert try_import(shop, [path]).report is not None
    swollen = tmp_path / "swollen.csv.gz"
    swollen.write_bytes(gzip.compress(LINES.encode() + b" " * (2 * MEGABYTE)))
    with new_shop(tmp_path / "shop", collect={"unpack_limit_mb": 1}) as shop:
        with pytest.raises(VolverError) as told:
            import_files(shop, [swollen])
        assert told.value.code == "collect.too_large"
        assert "unpack_limit_mb" in told.value.advice


def test_a_packed_table_may_hold_fifty_times_its_size(tmp_path: Path) -> None:
    from volver.collect.reading.paths import expand

    big = tmp_path / "big.csv.gz"
    rows = os.urandom(4 * MEGABYTE).hex().encode()
    big.write_bytes(gzip.compress(rows + b"x" * (140 * MEGABYTE), 1))
    (raw,) = expand([big], tmp_path / "work", 0, [])
    assert raw.path.stat().st_size == len(rows) + 140 * MEGABYTE


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: made[: len(made) // 2],
        lambda made: made[:40] + b"\xff\xff\xff" + made[43:],
        lambda made: made[:-8] + b"\x00" * 8,
    ],
)
def test_a_damaged_gz_is_named(tmp_path: Path, spoil: Any) -> None:
    spoilt = spoil(gzip.compress(LINES.encode()))
    assert "orders.csv" in refused("collect.cannot_read", tmp_path, spoilt, "orders.csv.gz")


def test_a_damaged_zip_is_named(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orders.csv", LINES)
    made = out.getvalue()
    for spoilt in (made[:-30], made[:60] + b"\xff" * 20 + made[80:]):
        refused("collect.cannot_read", tmp_path, spoilt, "orders.zip")


def test_packed_within_packed_ends_somewhere(tmp_path: Path) -> None:
    raw = LINES.encode()
    for _ in range(4):
        raw = gzip.compress(raw)
    assert len(read(tmp_path, raw, "orders.csv.gz")) == 59
    assert "too many times" in refused("collect.cannot_read", tmp_path, gzip.compress(raw), "orders.csv.gz")


def test_a_damaged_file_of_a_folder_is_left_out_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.csv").write_text(LINES)
    (folder / "b.csv.gz").write_bytes(gzip.compress(LINES.encode())[:50])
    found = opened(tmp_path, folder)
    assert [each.label for each in found.files] == ["a.csv"]
    assert [label for label, _ in found.skipped] == ["b.csv.gz"]


def test_no_path_is_not_the_whole_folder_in_which_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "orders.csv").write_text(LINES)
    monkeypatch.chdir(tmp_path)
    for nothing in ("", "  "):
        with pytest.raises(VolverError, match="a path without a name"):
            opened(tmp_path, nothing)  # type: ignore[arg-type]


def test_a_shop_inside_a_folder_is_not_brought_into_itself(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(LINES)
    with new_shop(tmp_path / "shop") as shop:
        report = import_files(shop, [tmp_path])
        assert (report.files, report.rows.added) == (1, 59)
        again = import_files(shop, [tmp_path])
        assert (again.files, again.rows.added) == (1, 0)


@pytest.mark.parametrize(
    "name", ["orders[1].csv", "or*ders?.csv", "ped{a,b}.csv", os.fsdecode(b"\xff\xfe.csv"), "a\nb.csv"]
)
def test_a_name_that_is_a_pattern_or_no_text_is_a_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(LINES)
    found = opened(tmp_path, tmp_path / name)
    assert len(rows_of(found)) == 59
    found.files[0].label.encode()
    assert found.files[0].label.isprintable()


def test_a_quote_that_never_closes_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = LINES.splitlines(keepends=True)
    long = "".join(f"{n},2024-03-01,c1,{'x' * 80},1,2.50\n" for n in range(100, 3_000))
    rows = read(tmp_path, lines[0] + lines[1].replace(",p1", ',"p1') + "".join(lines[2:]) + long)
    sound = [row for row in rows if row["problem"] is None]
    assert len(rows) == 59 + 2_900
    assert len(sound) >= len(rows) - 1


def test_many_quotes_that_never_close_take_time_by_the_line_not_by_its_square(tmp_path: Path) -> None:
    def seconds(n: int) -> float:
        path = tmp_path / "q.csv"
        path.write_text("order_id,date,sku,unit_price\n" + f'1,2024-01-01,"a{"b" * 40},2\n1,2024-01-02,"c",3\n' * n)
        began = time.process_time()
        repair(path, sniff(path, "q.csv"), tmp_path / "work")
        return time.process_time() - began

    seconds(100)
    assert seconds(8_000) < 12 * max(seconds(2_000), 0.05)


def test_a_cell_of_megabytes_is_a_cell(tmp_path: Path) -> None:
    rows = read(tmp_path, LINES + f'99,2024-03-01,c1,"{"x" * 3 * MEGABYTE}",1,2.50\n')
    assert len(rows) == 60
    assert len(rows[-1]["product_ref"]) == 3 * MEGABYTE


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_every_mark_of_unicode_is_understood(tmp_path: Path, encoding: str) -> None:
    rows = read(tmp_path, LINES.replace("p1", "ñandú").encode(encoding))
    assert len(rows) == 59
    assert rows[0]["product_ref"] == "ñandú"
    assert rows[0]["order_ref"] == "1"


def test_a_header_of_thousands_of_columns_is_told_in_a_few_words(tmp_path: Path) -> None:
    names = ",".join(f"strange {n}" for n in range(1_900))
    told = refused("collect.not_recognised", tmp_path, f"{names}\n{','.join(['x'] * 1_900)}\n".encode(), "wide.csv")
    assert "and 1870 more" in told


def test_bytes_that_are_no_table_never_reach_the_words(tmp_path: Path) -> None:
    raw = b"\x1b[31mname\x07,\x00\x9bvalue\xe2\x80\xae,c\n" + b"a\x1b,b,c\n" * 9
    with pytest.raises(VolverError) as told:
        read(tmp_path, raw, "orders.csv")
    assert str(told.value).isprintable()


def dated(when: Any) -> Any:
    n = len(when)
    names = ("order_id", "date", "customer_id", "sku", "total")
    return pa.table([[str(each) for each in range(n)], when, ["a"] * n, ["x"] * n, [2.5] * n], names=names)


def test_times_of_every_unit_and_zone_are_the_same_instant(tmp_path: Path) -> None:
    base = 1_710_000_000
    for unit, times in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)):
        for zone in ("UTC", "Europe/Madrid", "Asia/Kathmandu"):
            when = pa.array([base * times] * 3, pa.int64()).cast(pa.timestamp(unit, tz=zone))
            table = dated(when)
            path = tmp_path / "t.parquet"
            pq.write_table(table, path)
            assert [row["ts_us"] for row in rows_of(opened(tmp_path, path))] == [base * 10**6] * 3, (unit, zone)


@pytest.mark.parametrize("far", [2**63 - 1, -(2**63), 10**17, -(10**17)])
def test_a_time_that_no_calendar_has_is_set_aside(tmp_path: Path, far: int) -> None:
    for zone in (None, "UTC"):
        when = pa.array([1_710_000_000 * 10**6, far], pa.int64()).cast(pa.timestamp("us", tz=zone))
        table = dated(when)
        path = tmp_path / "t.parquet"
        pq.write_table(table, path)
        problems = [row["problem"] for row in rows_of(opened(tmp_path, path))]
        assert problems[0] is None
        assert problems[1] in ("no_date", "bad_date", "absurd_date", "future_date")


ODD = {
    "dictionary": lambda: pa.array(["a", "b"]).dictionary_encode(),
    "list": lambda: pa.array([[1], []]),
    "struct": lambda: pa.array([{"a": 1}, {"a": 2}]),
    "map": lambda: pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
    "duration": lambda: pa.array([1, 2], pa.duration("ns")),
    "interval": lambda: pa.array([(1, 2, 3)] * 2, pa.month_day_nano_interval()),
    "binary": lambda: pa.array([b"\xff", b"\x00"], pa.binary()),
    "view": lambda: pa.array(["a", "b"], pa.string_view()),
    "union": lambda: pa.UnionArray.from_dense(
        pa.array([0, 0], pa.int8()), pa.array([0, 1], pa.int32()), [pa.array([1, 2])]
    ),
    "runs": lambda: pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array([1])),
    "decimal256": lambda: pa.array([Decimal("1.5"), Decimal(2) * 10**50], pa.decimal256(70, 2)),
    "half": lambda: pa.array([1.5, 2.5], pa.float16()),
    "uuid": lambda: pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16)] * 2, pa.binary(16))),
    "null": lambda: pa.nulls(2),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("way", ["file", "stream", "frame"])
def test_a_column_of_any_type_beside_the_others_disturbs_nothing(tmp_path: Path, kind: str, way: str) -> None:
    table = pa.table(
        {
            "order_id": ["1", "2"],
            "date": [datetime(2024, 3, 1, 10), datetime(2024, 3, 2)],
            "customer_id": ["a", "b"],
            "sku": ["x", "y"],
            "total": [2.5, 3.5],
            "odd": ODD[kind](),
        }
    )
    if way == "frame":
        found = open_frame(
            table, ReadOptions(), shop_currency="EUR", shop_timezone="UTC", workdir=tmp_path / "w", now_us=NOW_US
        )
    else:
        path = tmp_path / "t.arrow"
        with (pa.ipc.new_file if way == "file" else pa.ipc.new_stream)(path, table.schema) as writer:
            writer.write_table(table)
        found = opened(tmp_path, path)
    assert pick(rows_of(found), "order_ref", "amount_e4", "problem") == [("1", 25_000, None), ("2", 35_000, None)]


def test_texts_that_are_none_in_arrow_are_refused(tmp_path: Path) -> None:
    from random import Random

    from tests.fuzz.columns import broken_text

    refused("collect.cannot_read", tmp_path, broken_text(Random(1)), "orders.arrow")


def test_damage_deep_inside_parquet_is_found_when_it_is_opened(tmp_path: Path) -> None:
    out = io.BytesIO()
    n = 20_000
    columns = {
        "order_id": [str(i) for i in range(n)],
        "date": ["2024-03-01"] * n,
        "sku": [f"p{i}" for i in range(n)],
        "total": [f"{i}.5" for i in range(n)],
    }
    pq.write_table(pa.table(columns), out, compression="zstd", row_group_size=5_000)
    made = bytearray(out.getvalue())
    made[len(made) * 3 // 4 : len(made) * 3 // 4 + 60] = b"\xa5" * 60
    with pytest.raises(VolverError) as told:
        opened(tmp_path, _kept(tmp_path / "orders.parquet", bytes(made)))
    assert told.value.code == "collect.cannot_read"


def _kept(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_half_characters_in_json_are_read(tmp_path: Path) -> None:
    lines = "\n".join(
        f'{{"order_id": "{n}", "date": "2024-03-0{n}", "sku": "a\\ud800", "customer_id": "c", "total": "1.50"}}'
        for n in (1, 2)
    )
    rows = read(tmp_path, lines, "orders.jsonl")
    assert len(rows) == 2
    assert all(row["problem"] in (None, "unreadable") for row in rows)


def test_json_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    refused("collect.cannot_read", tmp_path, b'{"a":' * 100_000, "orders.jsonl")
    refused("collect.cannot_read", tmp_path, b"[" * 100_000, "orders.json")


KILLED = """
import sys, os, signal
from pathlib import Path
from volver.collect.reading import packed
from volver.store import open_shop
from volver.collect import import_files
whole = packed._copied
def copied(*said):
    target = whole(*said)
    os.kill(os.getpid(), signal.SIGKILL)
packed._copied = copied
import_files(open_shop(sys.argv[1]), [sys.argv[2]])
"""


def test_what_a_killed_import_unpacked_is_gone_when_the_shop_is_used_again(tmp_path: Path) -> None:
    new_shop(tmp_path / "shop").close()
    path = _kept(tmp_path / "orders.csv.gz", gzip.compress(LINES.encode()))
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "shop"), str(path)], cwd=HOUSE, capture_output=True
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    spill = tmp_path / "shop" / "spill"
    assert list(spill.rglob("unpacked-*"))
    mine = next(spill.glob("*-import-*"))
    shutil.copytree(mine, spill / f"{os.getpid()}-import-{'0' * 12}")  # of a process that had our number before us
    os.utime(spill / f"{os.getpid()}-import-{'0' * 12}", (1, 1))
    from volver.store import open_shop

    with open_shop(tmp_path / "shop") as shop:
        import_files(shop, [path])
    assert not list(spill.rglob("unpacked-*"))
