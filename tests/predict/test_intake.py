"""Histories of any dialect, horizons in any unit, scores."""

from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from volver.core import VolverError
from volver.predict import MBGNBD, GammaGamma, histories, horizon_days, spend_correlation
from volver.predict.numerics.metrics import customer_scores, spearman, top_share

COLUMNS = {"x": [2, 0, 2], "t_x": [30, 0, 30], "T": [38, 10, 38]}


@pytest.mark.parametrize(
    "frame",
    [
        COLUMNS,
        pd.DataFrame(COLUMNS),
        pl.DataFrame(COLUMNS),
        pl.DataFrame(COLUMNS).lazy(),
        pa.table(COLUMNS),
        pd.DataFrame(COLUMNS).rename(columns={"x": "frequency", "t_x": "recency"}),
        np.array([[2, 30, 38], [0, 0, 10], [2, 30, 38]]),
        list(COLUMNS.values()),
    ],
)
def test_any_dialect_gives_the_same_histories(frame: object) -> None:
    found = histories(frame)
    assert found.n.tolist() == [1.0, 2.0]
    assert found.spread(found.T).tolist() == [38.0, 10.0, 38.0]


def test_a_duckdb_relation_is_a_frame_too() -> None:
    relation = duckdb.sql("select 2 as x, 30 as t_x, 38 as T")
    assert histories(relation).x.tolist() == [2.0]
    spends = duckdb.sql("select 2 as orders, 10.0 as mean_spend")
    assert GammaGamma.of(p=1, q=2, v=3).predict(spends) == pytest.approx([(3 + 20) / 3.0])


def test_weeks_become_whole_days() -> None:
    found = histories([[1], [30 / 7], [38.8571428571429]], unit="weeks")
    assert (found.t_x[0], found.T[0]) == (30.0, 272.0)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ([[1], [5], [4]], "t_x"),
        ([[-1], [0], [4]], "negative"),
        ([[0], [2], [4]], "t_x is not 0"),
        ([[1], [np.nan], [4]], "missing"),
        ([[1, 2], [1], [4]], "length"),
    ],
)
def test_impossible_histories_are_refused_with_a_reason(columns: list[list[float]], why: str) -> None:
    with pytest.raises(VolverError, match=why) as caught:
        histories(columns)
    assert caught.value.code == "predict.bad_histories"


def test_a_frame_without_the_columns_says_which() -> None:
    with pytest.raises(VolverError, match="t_x"):
        histories(pd.DataFrame({"x": [1], "T": [2]}))


def test_a_model_that_learned_nothing_says_so() -> None:
    with pytest.raises(VolverError) as caught:
        MBGNBD().p_alive(COLUMNS)
    assert caught.value.code == "predict.not_fitted"


@pytest.mark.parametrize(
    ("horizon", "days"),
    [
        ("365d", 365),
        ("52 weeks", 364),
        ("12 months", 366),
        ("1 year", 366),
        (90, 90),
        (timedelta(days=3), 3),
        (date(2024, 3, 1), 30),
        ("2024-03-01", 30),
        ("1 month", 29),
    ],
)
def test_horizons_carry_their_unit(horizon: str, days: float) -> None:
    assert horizon_days(horizon, date(2024, 1, 31)) == days


@pytest.mark.parametrize("horizon", ["", "soon", "12 fortnights", float("nan"), True])
def test_a_horizon_that_is_none_is_refused(horizon: str) -> None:
    with pytest.raises(VolverError) as caught:
        horizon_days(horizon, date(2024, 1, 31))
    assert caught.value.code == "predict.bad_horizon"


@pytest.mark.parametrize(
    "horizon",
    ["0d", "-3d", "2023-01-01", 0, "9999999d", "101 years", "9" * 400 + "m", "9" * 5000],
)
def test_a_horizon_out_of_range_is_refused_as_such(horizon: str | int) -> None:
    with pytest.raises(VolverError) as caught:
        horizon_days(horizon, date(2024, 1, 31))
    assert caught.value.code == "predict.horizon_out_of_range"
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("horizon", "days"),
    [("90 días", 90), ("1 día", 1), ("30 dias", 30), ("2 semanas", 14), ("12 meses", 366), ("1 mes", 29),
     ("1 AÑO", 366), ("2 años", 731), ("2 anos", 731), (np.int64(5), 5), (np.float32(2.5), 2.5)],
)  # fmt: skip
def test_horizons_may_be_spanish_and_of_any_number_kind(horizon: str, days: float) -> None:
    assert horizon_days(horizon, date(2024, 1, 31)) == days


@pytest.mark.parametrize("number", [10**400, 10**5000, -(10**5000)], ids=["long", "longer", "negative"])
def test_a_number_of_any_length_is_out_of_range(number: int) -> None:
    with pytest.raises(VolverError, match="does not end after the data"):
        horizon_days(number)


def test_a_date_needs_a_start() -> None:
    with pytest.raises(VolverError):
        horizon_days("2024-03-01")


def test_scores_by_hand() -> None:
    predicted, actual = np.array([3.0, 2, 1, 0]), np.array([2.0, 2, 0, 4])
    found = customer_scores(predicted, actual)
    assert found["mae"] == 1.5
    assert found["rmse"] == pytest.approx(np.sqrt(18 / 4))
    assert found["top10_capture"] == 0.25
    assert found["top10_capture_perfect"] == 0.5
    assert spearman(predicted, predicted**2) == pytest.approx(1.0)
    assert spearman(predicted, np.ones(4)) is None
    assert top_share(np.ones(10), np.arange(10.0)) == pytest.approx(0.1)
    assert set(customer_scores(np.zeros(0), np.zeros(0)).values()) == {None}


def test_the_correlation_of_how_often_and_how_much() -> None:
    n = np.arange(2.0, 60)
    assert spend_correlation(n, n * 3) == pytest.approx(1.0)
    assert spend_correlation([1, 2], [3, 4]) is None
