"""Seasons: found where they are, not where they are not, and only if the shop's own past proves them."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.predict.world import shared, simulated_lines, simulated_shop, write_ledger
from volver import predict
from volver.predict.buyers import buyers
from volver.predict.checking import compared
from volver.predict.choosing import learned_for
from volver.predict.learning import learn
from volver.predict.season import FLAT, Season
from volver.store import create_shop

CHRISTMAS = Season(tuple((np.array([6, 7, 8, 8, 9, 9, 8, 8, 12, 16, 24, 12]) / (127 / 12)).tolist()))


def test_weighted_time_goes_there_and_back() -> None:
    at = date(2024, 8, 31)
    assert FLAT.span(at, 100.0) == 100.0
    assert CHRISTMAS.span(date(2023, 12, 31), 366.0) == pytest.approx(366, rel=0.01)
    assert CHRISTMAS.span(at, 91.0) > 120
    days = np.array([0.0, 1.0, 45.0, 100.0])
    there = np.array([CHRISTMAS.span(at, each) for each in days])
    assert CHRISTMAS.calendar_days(at, there) == pytest.approx(days, abs=1e-6)


def test_a_seasonal_shop_is_foreseen_with_its_season(tmp_path: Path) -> None:
    with create_shop(tmp_path / "shop") as shop:
        simulated_shop(shop, simulated_lines(9000, 3, CHRISTMAS), tmp_path / "lines.parquet")
        then, now = buyers(shop, date(2024, 8, 31)), buyers(shop, date(2024, 12, 9))
        learned = learned_for(shop, then)
        plain, seasonal = compared(learn(then), then, now).orders, compared(learned, then, now).orders
        report = predict.fit(shop, at="2024-08-31")
        rows = shop.compute.relation(
            "select min(next_from_day) as first, max(next_to_day) as last from scores"
        ).to_pylist()
    assert np.array(learned.season.weights) == pytest.approx(np.array(CHRISTMAS.weights), rel=0.3)
    assert plain.ratio is not None
    assert plain.ratio < 0.8
    assert seasonal.ratio == pytest.approx(1.0, abs=0.15)
    assert "season" in str(report.remarks[0])
    assert date(2024, 8, 31) < rows[0]["first"] < rows[0]["last"] <= date(2025, 8, 31)


def test_a_shop_without_seasons_gets_nearly_none(tmp_path: Path) -> None:
    with create_shop(tmp_path / "shop") as shop:
        simulated_shop(shop, simulated_lines(6000, 4), tmp_path / "lines.parquet")
        learned = learned_for(shop, buyers(shop, date(2024, 8, 31)))
    assert max(learned.season.weights) < 1.25
    assert min(learned.season.weights) > 0.75


def test_a_young_shop_has_no_seasons(tmp_path: Path) -> None:
    with create_shop(tmp_path / "shop") as shop:
        simulated_shop(shop, simulated_lines(3000, 5, CHRISTMAS, days=400), tmp_path / "lines.parquet")
        assert learned_for(shop, buyers(shop, date(2024, 1, 31))).season == FLAT


def test_the_apparel_retailer_of_clvtools_needs_its_season(tmp_path: Path) -> None:
    """value.md, bar 6: 12 months within 5 % with the calendar index, beyond 10 % without."""
    path = shared("clv/clvtools_apparelTrans.parquet")
    with create_shop(tmp_path / "shop") as shop:
        write_ledger(
            shop,
            f"""select row_number() over () as order_id, Id as customer_id, 1 as product_id, 'sale' as kind,
                       Price as amount, Date as ts from '{path}'""",
        )
        then, now = buyers(shop, date(2006, 12, 31)), buyers(shop, date(2007, 12, 31))
        report = predict.check(shop, "2006-12-31", "2007-12-31")
    assert compared(learn(then), then, now).orders.ratio == pytest.approx(1.12, abs=0.01)
    assert report.orders.ratio == pytest.approx(1.0, abs=0.05)
