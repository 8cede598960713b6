"""Workbooks say what the same table says as CSV, or are refused in a sentence."""

import io
import subprocess
import sys
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.collect.reading_world import opened, rows_of
from tests.world import new_shop
from volver.collect import Receiving, begin_upload, import_files, try_import
from volver.collect.reading.workbooks import main
from volver.collect.uploads import files_of
from volver.core import VolverError

HEAD = ["Nº de pedido", "Fecha", "Cliente", "Artículo", "Unidades", "Precio"]
ROWS: list[list[Any]] = [
    [1001, datetime(2025, 1, 7, 10, 0), "00012", "Taza", 2, 9.5],
    [1002, datetime(2025, 2, 11, 18, 30), "00013", "Mantel", 1, 39.905],
    [1003, datetime(2025, 2, 12), "00012", "Vela", 3, 6.25],
]


def book(path: Path, *sheets: tuple[str, list[list[Any]]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def told(path: Path, **options: Any) -> list[tuple[Any, ...]]:
    rows = rows_of(opened(path.parent, path, **options))
    names = ("order_ref", "customer_ref", "ts_us", "product_name", "quantity_e4", "amount_e4")
    return [tuple(row[name] for name in names) for row in rows]


def test_a_sheet_says_what_the_same_rows_say_as_csv(tmp_path: Path) -> None:
    csv = tmp_path / "orders.csv"
    csv.write_text(
        "\n".join(";".join(str(cell).replace(".", ",") for cell in row) for row in [HEAD, *ROWS]), encoding="utf-8"
    )
    found = told(book(tmp_path / "orders.xlsx", ("Ventas", [HEAD, *ROWS])))
    assert found == told(csv)
    assert [row[1] for row in found] == ["00012", "00013", "00012"]
    assert sum(row[-1] for row in found) == 776_550


def test_titles_above_empty_rows_and_columns_and_a_total_below_are_no_orders(tmp_path: Path) -> None:
    rows = [["Informe de ventas"], ["Del 1 al 31"], [], HEAD, *ROWS[:2], [], ROWS[2]]
    assert told(book(tmp_path / "a.xlsx", ("Hoja1", [[None, *row] for row in rows]))) == told(
        book(tmp_path / "b.xlsx", ("Hoja1", [HEAD, *ROWS]))
    )


def test_the_first_sheet_with_a_table_is_read_and_said_or_the_named_one(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("Notas", [["Hola"]]), ("Enero", [HEAD, ROWS[0]]), ("Febrero", [HEAD, *ROWS[1:]]))
    first = opened(tmp_path, path).files[0]
    assert first.n_rows == 1
    assert [str(note) for note in first.notes][0] == "Read from the sheet “Enero”, one of 3."
    assert [row[0] for row in told(path, sheet="Febrero")] == ["1002", "1003"]
    with pytest.raises(VolverError) as problem:
        opened(tmp_path, path, sheet="Marzo")
    assert problem.value.code == "collect.no_such_sheet"
    assert "Enero" in str(problem.value)


def test_numbers_that_a_sheet_cannot_hold_are_named_as_spoilt(tmp_path: Path) -> None:
    rows = [[4050000000000010 + n, *row[1:]] for n, row in enumerate(ROWS)]
    with pytest.raises(VolverError) as problem:
        opened(tmp_path, book(tmp_path / "a.xlsx", ("Hoja1", [HEAD, *rows])))
    assert problem.value.code == "collect.spoilt_numbers"


def test_texts_among_numbers_days_without_hours_and_times_of_day_are_read(tmp_path: Path) -> None:
    head = ["order_id", "date", "time", "customer_id", "sku", "quantity", "price"]
    rows = [
        ["A1", date(2025, 1, 7), time(10, 30), 7, "x", 1, "1.234,50 €"],
        ["A2", date(2025, 1, 8), time(23, 59, 59), "8b", "x", 2, 3],
    ]
    found = told(book(tmp_path / "a.xlsx", ("S", [head, *rows])))
    assert [(row[0], row[1], row[-1]) for row in found] == [("A1", "7", 12_345_000), ("A2", "8b", 60_000)]
    assert found[1][2] - found[0][2] == (24 * 3600 + 13 * 3600 + 29 * 60 + 59) * 1_000_000


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods", "a.xls", "a.bin"])
def test_what_is_no_workbook_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    whole = book(tmp_path / "whole.xlsx", ("S", [HEAD, *ROWS])).read_bytes()
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    for content in (whole[: len(whole) // 2], other.getvalue(), b"\xd0\xcf\x11\xe0" + bytes(3000)):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(VolverError) as problem:
            opened(tmp_path, path)
        assert problem.value.code == "collect.cannot_read"


def test_a_workbook_without_a_table_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(VolverError, match="none of its sheets holds a table"):
        opened(tmp_path, book(tmp_path / "a.xlsx", ("S", [["only", "headings"]]), ("T", [])))


def swollen(folder: Path, megabytes: int) -> Path:
    path, target = book(folder / "a.xlsx", ("S", [HEAD, *ROWS])), folder / "swollen.xlsx"
    with zipfile.ZipFile(path) as inside, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        for name in inside.namelist():
            if not name.startswith("xl/worksheets"):
                out.writestr(name, inside.read(name))
        with out.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(b'<worksheet><sheetData><row><c t="inlineStr"><is><t>')
            for _ in range(megabytes):
                sheet.write(b"a" * (1 << 20))
            sheet.write(b"</t></is></c></row></sheetData></worksheet>")
    return target


def test_a_workbook_that_swells_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(VolverError) as problem:
        opened(tmp_path, swollen(tmp_path, 200))
    assert problem.value.code == "collect.too_large"


def test_what_reads_a_workbook_ends_at_the_bound_of_its_memory(tmp_path: Path) -> None:
    asks = "import volver.collect.reading.workbooks as w; w._MOST_BYTES = 400 << 20; w.main(sys.argv[1:])"
    words = [sys.executable, "-c", f"import sys; {asks}", swollen(tmp_path, 300), tmp_path / "out", ""]
    ran = subprocess.run(words, capture_output=True, text=True)
    assert ran.returncode != 0 or "damaged" in ran.stdout
    assert not (tmp_path / "out").exists()


def test_a_workbook_can_be_sent_looked_at_and_imported(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop") as shop:
        upload = begin_upload(shop)
        coming = Receiving(shop, upload, "ventas.xlsx")
        coming.write(book(tmp_path / "a.xlsx", ("Ventas", [HEAD, *ROWS])).read_bytes())
        coming.keep()
        looked = try_import(shop, files_of(shop, upload))
        assert looked.preview.files[0].kind == "sheet"
        report = import_files(shop, files_of(shop, upload))
        assert (report.rows.added, report.ledger_net) == (3, "77.655")
        assert import_files(shop, files_of(shop, upload)).rows.added == 0


def test_the_process_that_reads_says_what_is_wrong_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import volver.collect.reading.workbooks as module

    bound, module._bound_memory = module._bound_memory, lambda: None
    try:
        assert main([str(tmp_path / "none.xlsx"), str(tmp_path / "out"), ""]) == 0
    finally:
        module._bound_memory = bound
    assert capsys.readouterr().out == '{"problem": "damaged"}'
    assert not (tmp_path / "out").exists()
