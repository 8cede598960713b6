"""A simulated shop goes through the same door as a real one, and `volver demo` builds it whole or not at all."""

import json
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from volver.collect import import_simulated, simulate_shop
from volver.collect.completejourney import category_name, product_name
from volver.store import create_shop


def demo(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "volver", "demo", "--no-serve", *map(str, words)], capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("demo")
    ran = demo(
        "--simulate", "120", "--seed", "3", "--path", folder / "shop", "--truth", folder / "truth.parquet", "--json"
    )
    assert ran.returncode == 0, ran.stderr
    return folder, json.loads(ran.stdout)


def test_the_ledger_of_a_simulated_shop_is_its_rows_to_the_cent(tmp_path: Path) -> None:
    found = simulate_shop(500, 9, out_dir=tmp_path / "files")
    total = duckdb.sql(f"select sum(line_total) from '{found.orders}'").fetchall()[0][0]
    with create_shop(tmp_path / "shop", currency="EUR", timezone="Europe/Madrid") as shop:
        report = import_simulated(shop, found)
        events = shop.compute.relation(
            """select count(*) as n, count(distinct event_id) as ids, count(customer_id) as known,
                      count(*) filter (kind = 'product_viewed' and product_id is null) as lost from events"""
        ).to_pylist()[0]
    assert Decimal(report.ledger_net) == total
    assert report.rows.set_aside == {}
    assert report.customers == 500
    assert report.lines["write_off"] == report.lines["adjustment"] == 0
    assert min(report.lines[kind] for kind in ("sale", "return", "cancel", "shipping_or_fee")) > 0
    assert events["n"] == events["ids"] == found.n_events
    assert events["lost"] == 0
    assert events["known"] > 0.9 * events["n"]


def test_a_demo_tells_what_it_built_in_one_object(built: tuple[Path, dict]) -> None:
    folder, told = built
    assert (told["customers"], told["currency"], told["source"], told["made"]) == (120, "EUR", "simulation", True)
    assert date.today() - timedelta(days=20) < date.fromisoformat(told["last_at"][:10]) < date.today()
    assert Decimal(told["net"]) > 0
    people = duckdb.sql(f"select count(*), avg(p_dropout) from '{folder / 'truth.parquet'}'").fetchall()[0]
    assert people[0] == 120
    assert 0.2 < people[1] < 0.4


def test_a_demo_that_stands_is_kept_and_another_takes_its_place(built: tuple[Path, dict]) -> None:
    folder, _ = built
    kept = demo("--simulate", "120", "--seed", "3", "--path", folder / "shop", "--json")
    assert json.loads(kept.stdout)["made"] is False
    other = demo("--simulate", "15", "--seed", "3", "--path", folder / "shop", "--json")
    assert json.loads(other.stdout)["customers"] == 15
    assert sorted(path.name for path in folder.iterdir()) == ["shop", "truth.parquet"]


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    ran = demo("--simulate", "10", "--path", tmp_path)
    assert ran.returncode == 1
    assert "cli.not_a_demo" in ran.stderr
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_truth_without_a_simulation_is_wrong_use(tmp_path: Path) -> None:
    ran = demo("--from", "completejourney", "--truth", tmp_path / "t.parquet", "--path", tmp_path / "shop")
    assert ran.returncode == 2


def test_products_of_complete_journey_have_names_that_people_can_read() -> None:
    assert (
        product_name("GROCERY", "FLUID MILK PRODUCTS", "FLUID MILK WHITE ONLY", "1 GA")
        == "Fluid milk white only, 1 gal"
    )
    assert product_name("PRODUCE", "TROPICAL FRUIT", "BANANAS", "40 LB") == "Bananas"
    assert category_name("FUEL", "COUPON/MISC ITEMS") == "Fuel"
    assert category_name(None, None) == product_name(None, None, None, None) == "Miscellaneous"
