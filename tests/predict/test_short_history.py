"""A few days of orders foresee nothing, however many customers came."""

from datetime import date, timedelta
from math import isfinite
from pathlib import Path

import pytest

from tests.world import new_shop
from volver.app import refresh
from volver.collect import import_files
from volver.predict import fit, levers
from volver.predict.value.histories import FEWEST_DAYS, TooShortHistory


def orders(path: Path, days: int) -> Path:
    rows = [f"{n},{date(2025, 1, 1) + timedelta(n % (days + 1))},c{n % 60},20.00" for n in range(400)]
    path.write_text("order_id,date,customer_id,total\n" + "\n".join(rows))
    return path


def test_two_days_are_too_short_a_time(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop") as shop:
        import_files(shop, [orders(tmp_path / "orders.csv", 1)])
        done = refresh(shop)
        assert not done.fitted
        assert done.why_not.startswith(f"1 of {FEWEST_DAYS} days")
        with pytest.raises(TooShortHistory):
            fit(shop)


def test_four_weeks_are_enough(tmp_path: Path) -> None:
    with new_shop(tmp_path / "shop") as shop:
        import_files(shop, [orders(tmp_path / "orders.csv", FEWEST_DAYS)])
        assert refresh(shop).fitted


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_shop_to_which_nobody_came_back_has_finite_levers_or_none(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    rows = [f"{n},{date(2023, 2, 1) + timedelta(n % 690)},c{n},20.00" for n in range(800)]
    path.write_text("order_id,date,customer_id,total\n" + "\n".join(rows))
    with new_shop(tmp_path / "shop") as shop:
        import_files(shop, [path])
        assert refresh(shop).fitted
        told = {each.key: each for each in levers(shop).levers}
    assert all(each.gain is None or isfinite(each.gain.high) for each in told.values())
    assert any(each.cannot for each in told.values())
