# ruff: noqa: E501 - files are shown line by line as they come
"""Files as they come: delimiters, characters, packing, damage. Every row is read or says why not."""

import gzip
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from tests.collect.reading_world import NOW_US, mapping, opened, pick, read, rows_of
from volver.collect.reading import ReadOptions, Sources, open_frame, preview
from volver.core import VolverError

ROWS = [
    ("1001", "2024-01-15 10:00:00", "17", "Café, «largo»", "2", "9.99"),
    ("1001", "2024-01-15 10:00:00", "17", 'Taza 5" azul', "1", "1234.50"),
    ("1002", "2024-01-16 11:30:00", "18", "Plato\nhondo", "-1", "3.1234"),
]
HEADER = ("order_id", "order_date", "customer_id", "description", "quantity", "unit_price")
EXPECTED = [
    ("1001", "17", "Café, «largo»", 20000, 199800),
    ("1001", "17", 'Taza 5" azul', 10000, 12345000),
    ("1002", "18", "Plato\nhondo", -10000, -31234),
]
SEEN = ("order_ref", "customer_ref", "product_name", "quantity_e4", "amount_e4")


def table(delimiter: str = ",", *, comma: bool = False) -> str:
    def cell(text: str) -> str:
        if comma and text.replace(".", "").isdigit() and "." in text:
            text = text.replace(".", ",")
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in f'{delimiter}"\n,') else text

    return "".join(delimiter.join(cell(text) for text in row) + "\n" for row in (HEADER, *ROWS))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_any_common_delimiter_is_found(delimiter: str, ending: str, tmp_path: Path) -> None:
    rows = read(tmp_path, table(delimiter).replace("\n1", ending + "1").replace("unit_price\n", "unit_price" + ending))
    assert pick(rows, *SEEN) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"])
def test_any_common_encoding_is_found(encoding: str, tmp_path: Path) -> None:
    assert pick(read(tmp_path, table(";", comma=True).encode(encoding)), *SEEN) == EXPECTED


def test_a_broken_byte_in_a_utf8_file_spoils_no_other(tmp_path: Path) -> None:
    content = table().encode() + "1003,2024-01-17,19,Jamón ".encode() + b"ib\xe9rico,1,2.00\n"
    assert pick(read(tmp_path, content), "product_name")[-1] == ("Jamón ibérico",)


def test_packed_files_are_opened_in_order(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("2024/two.csv", table().replace("100", "200"))
        archive.writestr("2023/one.csv", table())
        archive.writestr("__MACOSX/._one.csv", "rubbish")
        archive.writestr("readme.pdf", "rubbish")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(table(";").encode("latin-1")))
    sources = opened(tmp_path)
    assert [file.label for file in sources.files] == ["a.csv", "b.zip/one.csv", "b.zip/two.csv"]
    assert [row["order_ref"] for row in rows_of(sources)] == ["1001", "1001", "1002"] * 2 + ["2001", "2001", "2002"]


def test_every_row_knows_its_file_and_place(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("x", "y"):
        (tmp_path / "in" / f"{name}.csv").write_text(table())
    rows = rows_of(opened(tmp_path, tmp_path / "in"))
    assert pick(rows, "file_no", "row_no") == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]


def frame() -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [row[n] for row in ROWS] for n, name in enumerate(HEADER)}
    columns["quantity"] = [int(each) for each in columns["quantity"]]
    columns["unit_price"] = [float(each) for each in columns["unit_price"]]
    columns["customer_id"] = [17.0, 17.0, 18.0]
    return columns


def test_parquet_arrow_and_feather_give_the_same_rows(tmp_path: Path) -> None:
    arrow = pa.table(frame())
    pyarrow.parquet.write_table(arrow, tmp_path / "a.parquet")
    pyarrow.feather.write_feather(arrow, tmp_path / "b.feather")
    with pa.ipc.new_stream(tmp_path / "c.arrow", arrow.schema) as stream:
        stream.write_table(arrow)
    assert pick(rows_of(opened(tmp_path)), *SEEN) == EXPECTED * 3


def from_frame(given: Any, folder: Path) -> Sources:
    return open_frame(
        given, ReadOptions(), shop_currency="EUR", shop_timezone="Europe/Madrid", workdir=folder, now_us=NOW_US
    )


@pytest.mark.parametrize("kind", ["pandas", "polars", "lazy", "arrow", "reader", "duckdb"])
def test_frames_are_taken_as_they_are(kind: str, tmp_path: Path) -> None:
    arrow = pa.table(frame())
    made: dict[str, Any] = {
        "pandas": lambda: pd.DataFrame(frame()),
        "polars": lambda: pl.DataFrame(frame()),
        "lazy": lambda: pl.LazyFrame(frame()),
        "arrow": lambda: arrow,
        "reader": lambda: arrow.to_reader(),
        "duckdb": lambda: duckdb.connect().from_arrow(arrow),
    }
    assert pick(rows_of(from_frame(made[kind](), tmp_path)), *SEEN) == EXPECTED


def test_a_pandas_column_of_numbers_and_text_is_read_as_text(tmp_path: Path) -> None:
    columns = frame() | {"order_id": [1001, 1003, "C1002"], "customer_id": [17.0, None, 18.0]}
    rows = rows_of(from_frame(pd.DataFrame(columns), tmp_path))
    assert pick(rows, "order_ref", "customer_ref") == [("1001", "17"), ("1003", None), ("C1002", "18")]


def test_what_is_no_frame_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VolverError) as caught:
        from_frame(object(), tmp_path)
    assert caught.value.code == "collect.cannot_read"


def test_json_orders_become_their_lines(tmp_path: Path) -> None:
    orders = [
        {"id": 9001, "created_at": "2026-05-01T10:00:00+02:00", "customer": {"id": 7, "email": "ana@example.com"}, "name": "#1",
         "line_items": [{"sku": "A", "name": "Taza", "quantity": 2, "price": "12.50"}, {"sku": "B", "name": "Gorra", "quantity": 1, "price": "10.00"}]},
        {"id": 9002, "created_at": "2026-05-02T00:30:00+02:00", "customer": None, "name": "#2", "line_items": [{"sku": "A", "name": "Taza", "quantity": 1, "price": "12.50", "total_discount": "2.50"}]},
    ]  # fmt: skip
    lines = "\n".join(json.dumps(order) for order in orders) + '\n{"id": 9003, "created_at": broken}\n'
    rows = read(tmp_path, lines, "orders.jsonl", mapping={"order_ref": "id"})
    assert pick(
        rows, "order_ref", "customer_ref", "email", "product_ref", "product_name", "quantity_e4", "amount_e4", "problem"
    ) == [
        ("9001", "7", "ana@example.com", "A", "Taza", 20000, 250000, None),
        ("9001", "7", "ana@example.com", "B", "Gorra", 10000, 100000, None),
        ("9002", None, None, "A", "Taza", 10000, 100000, None),
        (None, None, None, None, None, None, None, "unreadable"),
    ]
    assert "broken" in rows[3]["raw"]
    listed = read(tmp_path, json.dumps({"orders": orders}, indent=1), "orders.json", mapping={"order_ref": "id"})
    assert pick(listed, *SEEN) == pick(rows[:3], *SEEN)


def test_what_was_set_aside_can_be_read_again_from_its_raw(tmp_path: Path) -> None:
    rows = read(tmp_path, table() + "1003,someday,19,Vaso,1,2.00\n")
    raw = rows[-1]["raw"].replace("someday", "2024-01-17")
    assert rows[-1]["problem"] == "bad_date"
    assert [row["raw"] for row in rows[:-1]] == [None] * 3
    assert pick(read(tmp_path, raw + "\n", "again.jsonl"), *SEEN) == [("1003", "19", "Vaso", 10000, 20000)]


def test_rows_of_the_wrong_width_say_so_and_spoil_no_other(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        table()
        + "1003,2024-01-17\n1004,2024-01-17,20,Vaso, alto, azul,1,2.00\n1005,2024-01-18,20,Vaso,1,2.00,\n,,,,,\n",
    )
    assert pick(rows[3:], "order_ref", "problem") == [
        ("1003", "too_few_columns"),
        (rows[4]["order_ref"], "too_many_columns"),
        ("1005", None),
    ] + ([(None, "empty_row")] if len(rows) == 7 else [])
    assert "Vaso" in rows[4]["raw"]


def test_a_quote_that_never_closes_costs_one_row(tmp_path: Path) -> None:
    body = "".join(f"{n},2024-02-01,20,Vaso,1,2.00\n" for n in range(2000, 2100))
    rows = read(tmp_path, table() + '1003,2024-01-17,19,"Vaso,1,2.00\n' + body)
    assert len(rows) == 104
    assert sum(row["problem"] is None for row in rows) >= 103
    assert pick(rows[-1:], "order_ref", "amount_e4") == [("2099", 20000)]


def test_inches_are_no_quotes(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        'order_id;fecha;cliente;artículo;importe\n1;2024-01-02;7;Tubo 5" negro;10,50\n2;2024-01-03;7;Codo;1,25\n3;2024-01-03;7;Té;1,00\n',
    )
    assert pick(rows, "product_ref", "amount_e4", "problem") == [
        ('Tubo 5" negro', 105000, None),
        ("Codo", 12500, None),
        ("Té", 10000, None),
    ]


def test_lines_before_the_header_are_passed_over(tmp_path: Path) -> None:
    rows = read(tmp_path, "Informe de ventas\nTienda;Norte\n\n" + table(";"))
    assert pick(rows, *SEEN) == EXPECTED


def test_a_table_laid_out_with_blanks_is_read(tmp_path: Path) -> None:
    rows = read(
        tmp_path, " 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n 00002 19970113  5   77.00\n", "CDNOW.txt"
    )
    assert pick(rows, "customer_ref", "day", "quantity_e4", "amount_e4")[2][::2] == ("00002", 50000)
    assert sum(row["amount_e4"] for row in rows) == 1007700


def test_every_row_counts_in_the_exact_sum(tmp_path: Path) -> None:
    rows = read(
        tmp_path, "order_id,date,customer,quantity,price\n1,2024-01-02,7,3,0.1\n1,2024-01-02,7,1000000,0.30000001\n"
    )
    assert [row["net_exact"] for row in rows] == [Decimal("0.3"), Decimal("300000.01")]


def test_identical_rows_share_a_key_and_others_do_not(tmp_path: Path) -> None:
    rows = read(tmp_path, table() + "1003,2024-01-17,19,Vaso,1,2.00\n" * 2)
    assert rows[3]["full_key"] == rows[4]["full_key"]
    assert len({row["full_key"] for row in rows}) == 4


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"only\none\ncolumn\n", "column"),
        ("a.parquet", b"PAR1 but no table", "Parquet"),
        ("a.arrow", b"ARROW1 but no table", "Arrow"),
        ("a.csv.gz", b"\x1f\x8b and rubbish", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(name: str, content: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(VolverError) as caught:
        mapping(tmp_path, content, name)
    assert caught.value.code == "collect.cannot_read"
    assert why in str(caught.value)
    assert caught.value.advice
    assert str(tmp_path) not in str(caught.value)


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(VolverError) as caught:
        opened(tmp_path)
    assert caught.value.code == "collect.no_files"


def test_a_preview_shows_the_mapping_and_ten_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table() * 1 + "".join(f"{n},2024-02-01,20,Vaso,1,2.00\n" for n in range(20)))
    shown = preview(opened(tmp_path))
    assert len(shown.rows) == 10
    assert shown.rows[0]["product_name"] == "Café, «largo»"
    assert shown.files[0].delimiter == ","
    assert shown.files[0].date_format == "YYYY-MM-DD, YYYY-MM-DD hh:mm:ss"
    assert shown.files[0].n_rows == 23
