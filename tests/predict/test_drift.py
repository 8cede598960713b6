"""Does the forecast still hold? A shop that goes on is left in peace, one whose buying halves is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.predict.world import simulated_lines, simulated_shop
from tests.world import new_shop
from volver import predict
from volver.predict.value.registry import NoModel, NoSuchModel
from volver.store import Shop

FIT_DAY = 640
FITTED = date(2023, 1, 1) + timedelta(days=FIT_DAY - 1)


def halved(lines: pl.DataFrame, seed: int, left: float = 0.5) -> pl.DataFrame:
    """Only a part of the repeat orders after the fit, chosen by chance."""
    chance = np.random.default_rng(seed)
    first = lines.group_by("customer").agg(pl.col("day").min().alias("first"))
    kept = pl.Series("kept", chance.random(len(lines)) < left)
    told = lines.with_columns(kept).join(first, on="customer")
    return told.filter((pl.col("day") < FIT_DAY) | pl.col("kept") | (pl.col("day") == pl.col("first")))


@contextmanager
def fitted(folder: Path, lines: pl.DataFrame) -> Iterator[Shop]:
    with new_shop(folder / "shop", currency="EUR") as shop:
        simulated_shop(shop, lines, folder / "lines.parquet")
        predict.fit(shop, FITTED)
        yield shop


def test_a_shop_that_goes_on_is_left_in_peace(tmp_path: Path) -> None:
    with fitted(tmp_path, simulated_lines(700, seed=2)) as shop:
        found = predict.drift(shop)
        assert found is not None
        assert (found.alarm, found.since, found.hint) == (False, None, None)
        assert found.at == FITTED
        assert len(found.orders) == len(found.money) == 12
        assert all(each.low < each.came < each.high for each in found.orders[-2:])
        came = [each.came for each in found.orders]
        assert came == sorted(came)


def test_a_shop_whose_buying_halves_is_told_since_when_how_far_and_what_to_do(tmp_path: Path) -> None:
    with fitted(tmp_path, halved(simulated_lines(700, seed=2), seed=2)) as shop:
        found = predict.drift(shop)
        assert found is not None
        assert found.alarm
        assert found.since
        assert FITTED < found.since <= found.until
        assert 0.3 < found.says.params["part_share"] < 0.7
        told = found.to_dict()
        assert "Orders have left the forecast since" in told["says"]
        assert "volver predict fit" in told["hint"]
        predict.fit(shop)
        assert predict.drift(shop) is None


def test_nothing_is_said_before_two_weeks_are_over_or_without_a_model(tmp_path: Path) -> None:
    lines = simulated_lines(120, seed=3).filter(pl.col("day") < FIT_DAY + 12)
    with fitted(tmp_path, lines) as shop:
        assert predict.drift(shop) is None
    with new_shop(tmp_path / "bare") as bare, pytest.raises(NoModel):
        predict.drift(bare)


@pytest.mark.slow
def test_false_alarms_are_rare_and_halving_is_always_seen(tmp_path: Path) -> None:
    alarms = {"same": 0, "halved": 0}
    for seed in range(14):
        lines = simulated_lines(800, seed=100 + seed)
        for name, told in (("same", lines), ("halved", halved(lines, seed))):
            folder = tmp_path / f"{name}{seed}"
            folder.mkdir()
            with fitted(folder, told) as shop:
                found = predict.drift(shop)
                assert found is not None
                alarms[name] += found.alarm
    assert alarms["same"] <= 1
    assert alarms["halved"] >= 13


# ---- the shelf


def test_an_older_model_is_published_again_for_the_customers_of_today(tmp_path: Path) -> None:
    with fitted(tmp_path, simulated_lines(250, seed=4)) as shop:
        older = predict.published(shop)
        predict.fit(shop)
        newer = predict.published(shop)
        assert newer.id != older.id
        back = predict.republish(shop, older.id)
        assert back.id == predict.published(shop).id == older.id
        assert [each.published for each in predict.shelf(shop)] == [False, True]
        assert back.learned_until == FITTED
        assert back.data_until == newer.data_until
        assert back.customers == newer.customers > older.customers
        assert back.learned.buying.parameters_ == older.learned.buying.parameters_
        worth = predict.value_report(shop)
        assert worth.at == newer.data_until
        assert worth.total.expected == pytest.approx(back.body["total"]["value"], rel=1e-9)
        sums = "select count(*) as n, sum(value_365d_e4) / 1e4 as value from scores"
        scores = shop.compute.relation(sums).to_pylist()[0]
        assert scores["n"] == back.customers
        assert scores["value"] == pytest.approx(worth.total.expected, rel=1e-3)
        told = back.to_dict()
        assert told["volver"]
        assert told["check"]["total"]["actual"] > 0
        with pytest.raises(NoSuchModel):
            predict.republish(shop, 99)
