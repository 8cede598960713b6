"""A shop on disk: made once, opened cheaply, refused clearly."""

import subprocess
import sys
from pathlib import Path

import pytest

from volver.store import NotAShop, Shop, ShopExists, create_shop, open_shop

HOUSE = Path(__file__).parent.parent.parent


def test_a_new_shop_holds_its_parts(shop: Shop) -> None:
    assert {"volver.toml", "log.db", "state.db", "lake", "models"} <= {each.name for each in shop.path.iterdir()}
    assert shop.settings.name == "Test"
    months = shop.compute.relation("select min(month) as a, max(month) as b, count(*) as n from months").to_pylist()[0]
    assert months == {"a": "1990-01", "b": "2060-12", "n": 71 * 12}
    found = shop.compute.relation("select month_no, last_day from months where month = '2016-02'").to_pylist()[0]
    assert (found["month_no"], found["last_day"].isoformat()) == (2016 * 12 + 2, "2016-02-29")


def test_a_shop_is_not_made_twice(shop: Shop) -> None:
    with pytest.raises(ShopExists):
        create_shop(shop.path)


def test_a_folder_without_a_shop_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAShop, match="empty"):
        open_shop(tmp_path / "empty")
    assert not (tmp_path / "empty").exists()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VOLVER_SHOP", raising=False)
    with pytest.raises(NotAShop):
        open_shop()


def test_the_environment_names_the_shop(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOLVER_SHOP", str(shop.path))
    with open_shop() as found:
        assert found.settings.name == "Test"


def test_a_path_with_spaces_and_quotes_works(tmp_path: Path) -> None:
    with create_shop(tmp_path / "Ana's big shop=50% ñ") as shop:
        assert shop.compute.relation("select count(*) as n from months")["n"][0].as_py() == 852
        assert shop.log.last() == 0


def test_opening_imports_nothing_heavy_and_is_quick(shop: Shop) -> None:
    heavy_ones = ("duckdb", "pyarrow", "numpy", "pandas", "sqlalchemy", "alembic", "deltalake")
    code = (
        "import sys, time; from volver.store import open_shop; s = open_shop(sys.argv[1]);"
        f"print(time.process_time(), [m for m in {heavy_ones} if m in sys.modules]); s.close()"
    )
    times = []
    for _ in range(3):
        told = subprocess.run([sys.executable, "-c", code, str(shop.path)], cwd=HOUSE, capture_output=True, text=True)
        seconds, heavy = told.stdout.split(" ", 1)
        times.append(float(seconds))
        assert heavy.strip() == "[]"
    assert min(times) < 0.3  # the budget is 0.15; twice that fails


def test_a_shop_cut_short_while_it_was_made_is_completed(tmp_path: Path) -> None:
    (tmp_path / "volver.toml").write_text('name = "Half"\n')
    with open_shop(tmp_path) as shop:
        assert shop.compute.relation("select count(*) as n from months")["n"][0].as_py() == 852
        assert shop.state.version()
