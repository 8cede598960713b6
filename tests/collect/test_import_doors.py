"""The other ways in: product and customer files, frames, bulk batches, retries, the command line."""

import json
from pathlib import Path
from typing import Any

import polars
import pyarrow as pa
import pytest
from click.testing import CliRunner
from pyarrow import parquet

from tests.collect.ledger_world import EXPORT, HEADER, british, imported, ledger, rows_of, write_csv
from volver.cli.main import root
from volver.collect import (
    Batch,
    IdsTaken,
    ImportOptions,
    import_frame,
    recover,
    retry_set_aside,
    set_aside,
    try_import,
    write_batch,
)
from volver.store import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return british(tmp_path / "shop")


def test_a_product_file_names_what_orders_sold(shop: Shop, tmp_path: Path) -> None:
    imported(shop, write_csv(tmp_path / "orders.csv", EXPORT))
    rows = [("22041", "Red post box", "Garden", "2.10", "1.00"), ("99999", "New thing", "Kitchen", "5.00", "")]
    path = write_csv(tmp_path / "products.csv", rows, ("SKU", "Name", "Category", "Price", "Cost"))
    report = imported(shop, path, as_="products")
    assert (report.rows.read, report.rows.added, report.products, report.net) == (2, 2, 2, "0.00")
    assert imported(shop, path, as_="products").rows.added == 0
    imported(shop, write_csv(tmp_path / "again.csv", EXPORT))
    known = "select name, category, price_e4, cost_e4, is_product from products where product_ref in ('22041', '99999')"
    assert rows_of(shop, f"{known} order by 1") == [
        ("New thing", "Kitchen", 50000, None, 1),
        ("Red post box", "Garden", 21000, 10000, 1),
    ]


def test_a_customer_file_updates_names_and_adds_people(shop: Shop, tmp_path: Path) -> None:
    imported(shop, write_csv(tmp_path / "orders.csv", EXPORT))
    header = ("Customer ID", "Name", "Email", "City", "Country")
    path = write_csv(
        tmp_path / "people.csv", [("12346", "A", "a@example.com", "Vigo", "Spain"), ("5", "B", "", "", "")], header
    )
    report = imported(shop, path, as_="customers")
    assert (report.rows.added, report.customers) == (2, 2)
    imported(shop, write_csv(tmp_path / "more.csv", [("12346", "A B", "", "", "")], header), as_="customers")
    found = rows_of(
        shop, "select customer_ref, name, email, city from customers where customer_ref in ('5', '12346') order by 1"
    )
    assert found == [("12346", "A B", "a@example.com", "Vigo"), ("5", "B", None, None)]
    assert rows_of(shop, "select count(*) = max(customer_id) from customers") == [(True,)]


def test_a_frame_is_the_same_as_its_file(shop: Shop, tmp_path: Path) -> None:
    imported(shop, write_csv(tmp_path / "orders.csv", EXPORT))
    other = british(tmp_path / "other")
    columns = {name: [row[at] for row in EXPORT] for at, name in enumerate(HEADER)}
    import_frame(other, polars.DataFrame(columns))
    assert ledger(other) == ledger(shop)
    assert import_frame(other, pa.table(columns)).rows.added == 0
    assert import_frame(other, polars.DataFrame(columns).to_pandas()).rows.added == 0


def test_what_was_set_aside_can_be_retried_once(shop: Shop, tmp_path: Path) -> None:
    header = (*HEADER, "Currency")
    rows = [(*EXPORT[0], "GBP"), *[(*row, "QQQ") for row in EXPORT[1:4]], (*EXPORT[21], "GBP")]
    path = write_csv(tmp_path / "orders.csv", rows, header)
    imported(shop, path)
    assert dict(set_aside(shop).reasons) == {"no_date": 1, "unknown_currency": 3}
    done = retry_set_aside(shop, ImportOptions(mapping={"currency": ""}))
    assert (done.tried, done.settled, done.added, dict(done.waiting)) == (4, 3, 3, {"no_date": 1})
    assert set_aside(shop).total == 1
    whole = british(tmp_path / "whole")
    imported(whole, write_csv(tmp_path / "whole.csv", [row[:8] for row in rows]))
    assert [row[9] for row in ledger(shop)] == [row[9] for row in ledger(whole)]
    again = imported(shop, path)
    assert (again.rows.added, again.rows.already_there, dict(again.rows.set_aside)) == (0, 4, {"no_date": 1})
    assert set_aside(shop).total == 1
    assert retry_set_aside(shop).settled == 0


def test_a_dry_run_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "orders.csv", EXPORT)
    would = try_import(shop, [path])
    assert shop.log.count() == 0
    assert shop.lake.snapshot("order_lines").rows == 0
    assert would.report == imported(shop, path)
    assert would.renamed == 4
    assert len(would.preview.rows) == 10


def batch_files(folder: Path) -> dict[str, list[Path]]:
    lines: dict[str, list[Any]] = {
        "line_id": [1, 2], "order_id": [1, 2], "order_ref": ["a", "b"], "customer_id": [1, None], "product_id": [1, 1],
        "ts_us": [1_600_000_000_000_000, 1_700_000_000_000_000], "doc": ["sale"] * 2, "kind": ["sale"] * 2,
        "quantity_e4": [10000] * 2, "unit_price_e4": [50000] * 2, "amount_e4": [50000] * 2, "discount_e4": [0] * 2,
        "cost_e4": [None, None], "line_key": [1, 2], "occurrence": [1, 1],
    }  # fmt: skip
    days = pa.array([18518, 19675], pa.int32()).cast(pa.date32())
    table = pa.table({**lines, "day": days})
    parquet.write_table(table, folder / "lines.parquet")
    nothing = {name: pa.array([None], pa.string()) for name in ("name", "email", "city", "country", "channel")}
    parquet.write_table(pa.table({"customer_id": [1], "customer_ref": ["c"], **nothing}), folder / "people.parquet")
    return {"order_lines": [folder / "lines.parquet"], "customers": [folder / "people.parquet"]}


def test_a_bulk_batch_is_one_log_entry(shop: Shop, tmp_path: Path) -> None:
    offset = write_batch(shop, Batch(tables=batch_files(tmp_path), source="simulation"))
    assert (offset, shop.log.count()) == (1, 1)
    assert rows_of(shop, "select month, batch from order_lines order by 1") == [("2020-09", 1), ("2023-11", 1)]
    assert rows_of(shop, "select count(*) from customers") == [(1,)]
    with pytest.raises(IdsTaken):
        write_batch(shop, Batch(tables=batch_files(tmp_path), source="simulation"))
    assert shop.log.count() == 1
    assert recover(shop) == 0


def test_a_batch_whose_lake_was_not_told_is_finished_later(shop: Shop, tmp_path: Path) -> None:
    class PowerCut(Exception):
        pass

    def cut(stage: str) -> None:
        if stage == "logged":
            raise PowerCut

    with pytest.raises(PowerCut):
        write_batch(shop, Batch(tables=batch_files(tmp_path), source="simulation"), cut)
    assert rows_of(shop, "select count(*) from order_lines") == [(2,)]
    assert list((shop.path / "lake" / ".pending").iterdir()) == []


def test_no_personal_value_is_in_the_log(shop: Shop, tmp_path: Path) -> None:
    header = (*HEADER, "Email", "City")
    imported(
        shop, write_csv(tmp_path / "o.csv", [(*row, "secret@example.com", "Villasecreta") for row in EXPORT], header)
    )
    assert rows_of(shop, "select distinct city from customers where city is not null") == [("Villasecreta",)]
    for entry in shop.log.read(0, 10):
        assert b"secret" not in entry.body


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(root, list(words))
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_command_line_answers_with_one_object(shop: Shop, tmp_path: Path) -> None:
    path, at = str(write_csv(tmp_path / "orders.csv", EXPORT)), str(shop.path)
    would = json.loads(run("--shop", at, "collect", "import", path, "--dry-run", "--json"))
    report = json.loads(run("--shop", at, "collect", "import", path, "--no-refresh", "--json"))
    assert would["report"] == report
    assert would["files"][0]["mapping"]["order_ref"] == "Invoice"
    assert list(report) == [
        "files", "rows", "orders", "lines", "customers", "products", "net", "ledger_net", "ledger_net_after",
        "documents", "currency", "first_at", "last_at", "money", "notes",
    ]  # fmt: skip
    assert list(report["documents"]) == ["new", "same", "completed", "changed", "before", "after", "examples"]
    assert list(report["rows"]) == ["read", "added", "already_there", "identical", "pending", "set_aside"]
    assert list(report["orders"]) == ["total", "sales", "cancellations", "adjustments", "guest"]
    aside = json.loads(run("--shop", at, "collect", "set-aside", "--json"))
    assert aside["total"] == 3
    assert aside["rows"][0] == {"id": 1, "file": "orders.csv", "row": 22, "reason": "no_date"}
    assert "no_date" in run("--shop", at, "collect", "set-aside")
    assert json.loads(run("--shop", at, "collect", "set-aside", "--retry", "--json"))["settled"] == 0


def test_the_command_line_lists_imports_and_takes_one_back(shop: Shop, tmp_path: Path) -> None:
    at, path = str(shop.path), tmp_path / "orders.csv"
    run("--shop", at, "collect", "import", str(write_csv(path, EXPORT)), "--no-refresh", "--json")
    other = [(*EXPORT[0][:3], "13", *EXPORT[0][4:]), *EXPORT[1:]]
    told = run("--shop", at, "collect", "import", str(write_csv(path, other)))
    assert "order that changed" in told
    assert "1001" in told.split("order that changed")[1]
    second, first = json.loads(run("--shop", at, "collect", "imports", "--json"))
    assert (first["files"], first["rows"], second["rows"], second["changed"]) == (["orders.csv"], 22, 1, 1)
    done = json.loads(run("--shop", at, "collect", "undo", str(second["number"]), "--json"))
    assert (done["after"], done["changed"]) == (first["net"], 1)
    listed = run("--shop", at, "collect", "imports").splitlines()
    assert listed[1].split()[-1] == str(done["number"])
    emptied = json.loads(run("--shop", at, "collect", "undo", str(first["number"]), "--json"))
    assert (emptied["after"], rows_of(shop, "select count(*) from order_lines")) == ("0.00", [(0,)])


def test_a_folder_is_taken_in_and_says_what_it_leaves_out(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    write_csv(tmp_path / "export" / "orders.csv", EXPORT)
    (tmp_path / "export" / "notes.csv").write_text("what,why\nmilk,because\n", encoding="utf-8")
    report = imported(shop, tmp_path / "export")
    assert (report.files, report.rows.added) == (1, 22)
    assert [label for label, _ in report.skipped] == ["notes.csv"]
    assert "skipped" not in report.to_json()


def test_wrong_use_ends_with_two(shop: Shop, tmp_path: Path) -> None:
    path = str(write_csv(tmp_path / "orders.csv", EXPORT))
    run("--shop", str(shop.path), "collect", "import", path, "--map", "date", code=2)
    run("--shop", str(shop.path), "collect", "import", code=2)


def test_people_see_the_mapping_rows_and_report(shop: Shop, tmp_path: Path) -> None:
    path, at = str(write_csv(tmp_path / "orders.csv", EXPORT)), str(shop.path)
    told = run("--shop", at, "collect", "import", path, "--dry-run")
    for words in ("order_ref", "Invoice", "2010-12-01 08:26", "several names", "498.7425"):
        assert words in told
    assert "498.7425" in run("--shop", at, "collect", "import", path, "--no-refresh")
