"""CSV files that leave: they open right in a spreadsheet of either language, run nothing, and lose nothing."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volver.store import COMMA, SEMICOLON, CsvColumn, CsvMarks, write_csv, write_csv_rows


@pytest.fixture
def engine() -> Iterator["duckdb.DuckDBPyConnection"]:
    with duckdb.connect() as found:
        yield found


def one(engine: "duckdb.DuckDBPyConnection", target: Path, kind: str, value: object, marks: CsvMarks = COMMA) -> str:
    """The text of a cell, as a reader of CSV finds it."""
    write_csv_rows(engine, target, [CsvColumn(sql="x", heading="X", kind=kind)], [{"x": value}], marks)  # type: ignore[arg-type]
    with target.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=marks.between))[1][0]


def test_a_spanish_file_has_a_mark_of_its_encoding_semicolons_and_decimal_commas(
    engine: "duckdb.DuckDBPyConnection", tmp_path: Path
) -> None:
    columns = [
        CsvColumn(sql="name", heading="Cliente"),
        CsvColumn(sql="net", heading="Gastado", kind="money"),
        CsvColumn(sql="share", heading="Parte", kind="share"),
        CsvColumn(sql="day", heading="Día", kind="day"),
        CsvColumn(sql="n", heading="N.º", kind="count"),
    ]
    row = {"name": 'Núñez; "Pau"', "net": -123_450_000, "share": 0.9125, "day": date(2026, 6, 30), "n": 1234}
    assert write_csv_rows(engine, tmp_path / "x.csv", columns, [row], SEMICOLON) == 1
    assert (tmp_path / "x.csv").read_bytes().decode() == (
        '\ufeff"Cliente";"Gastado";"Parte";"Día";"N.º"\n"Núñez; ""Pau""";-12345,00;0,9125;2026-06-30;1234\n'
    )
    write_csv_rows(engine, tmp_path / "x.csv", columns, [row | {"name": None, "net": None, "share": None}], COMMA)
    assert (tmp_path / "x.csv").read_text(encoding="utf-8-sig").splitlines()[1] == ",,,2026-06-30,1234"


@pytest.mark.parametrize(
    "hostile",
    ["=1+1", "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "=HYPERLINK(1)", "-a"],
)
def test_no_text_is_run_as_a_formula(engine: "duckdb.DuckDBPyConnection", tmp_path: Path, hostile: str) -> None:
    for marks in (COMMA, SEMICOLON):
        assert one(engine, tmp_path / "x.csv", "text", hostile, marks) == "'" + hostile


@pytest.mark.parametrize("harmless", ["-12,50", "+34600123456", "-5", "a=b", "0012", "Ana-María", "'quoted'", ""])
def test_text_that_runs_nothing_stays_as_it_is(
    engine: "duckdb.DuckDBPyConnection", tmp_path: Path, harmless: str
) -> None:
    assert one(engine, tmp_path / "x.csv", "text", harmless) == harmless


def test_a_cell_cannot_open_another_where_marks_are_read_otherwise(
    engine: "duckdb.DuckDBPyConnection", tmp_path: Path
) -> None:
    one(engine, tmp_path / "x.csv", "text", "Ana;=1+1", COMMA)
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file, delimiter=";"))[1] == ["Ana;=1+1"]


def test_nobody_is_a_heading_and_no_empty_line(engine: "duckdb.DuckDBPyConnection", tmp_path: Path) -> None:
    assert write_csv(engine, tmp_path / "x.csv", [CsvColumn(sql="'a'", heading="A")], "where false", COMMA) == 0
    assert (tmp_path / "x.csv").read_text(encoding="utf-8-sig") == '"A"\n'


def test_rows_keep_their_order(engine: "duckdb.DuckDBPyConnection", tmp_path: Path) -> None:
    column = CsvColumn(sql="i", heading="i", kind="count")
    engine.execute("set preserve_insertion_order = false")
    rest = "from range(300000) t(i) order by (i * 7919) % 300007"
    assert write_csv(engine, tmp_path / "x.csv", [column], rest, COMMA) == 300_000
    found = [int(line) for line in (tmp_path / "x.csv").read_text(encoding="utf-8-sig").splitlines()[1:]]
    assert found == sorted(range(300_000), key=lambda i: (i * 7919) % 300_007)


@given(st.integers(-(10**17), 10**17))
def test_money_is_exact_with_two_decimals_or_more(e4: int) -> None:
    import tempfile

    with duckdb.connect() as engine, tempfile.TemporaryDirectory() as folder:
        told = one(engine, Path(folder) / "x.csv", "money", e4, SEMICOLON)
    assert Decimal(told.replace(",", ".")) == Decimal(e4) / 10_000
    assert len(told.partition(",")[2]) >= 2
