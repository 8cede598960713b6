"""A shop whose derived tables lag behind the ledger is brought up to date by the next import, whatever that adds."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from volver.cli.main import root
from volver.predict.money.first_orders import NotRefreshed


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("behind") / "orders.csv"
    rows = ["order_id,ordered_at,customer_id,sku,quantity,unit_price"]
    for n in range(60):
        days = [n % 50 + step * (20 + n % 7) for step in range(1 + n % 4)]
        rows += [f"{n}-{day},{date(2025, 1, 1) + timedelta(days=day)},{n},A,1,9.50" for day in days]
    file.write_text("\n".join(rows) + "\n")
    return file


def ran(shop: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(root, ["--shop", str(shop), *map(str, words)])


def test_an_import_that_adds_nothing_refreshes_what_is_behind(orders: Path, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    assert ran(shop, "init", shop).exit_code == 0
    assert ran(shop, "collect", "import", orders, "--no-refresh").exit_code == 0
    assert ran(shop, "predict", "fit").exit_code == 0
    for words in (("newcomers",), ("benchmark", "--by", "stage"), ("benchmark", "--by", "cohort"), ("benchmark",)):
        told = ran(shop, "predict", *words)
        assert isinstance(told.exception, NotRefreshed), told.output
        assert "importing the same file again" in told.exception.hint
    again = ran(shop, "collect", "import", orders)
    assert again.exit_code == 0
    assert "Bringing customers" in again.stderr
    assert ran(shop, "predict", "newcomers").exit_code == 0
    assert ran(shop, "predict", "benchmark", "--by", "stage").exit_code == 0
    assert "Bringing customers" not in ran(shop, "collect", "import", orders).stderr
