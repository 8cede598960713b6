"""The shop's calendar: weighted time goes there and back, and the weights are found where they are."""

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.predict.acceptance_covariates import apparel, high_season
from volver.predict import BGNBD, MBGNBD, BuyingModel, ParetoNBD, histories
from volver.predict.laws.calendar import FLAT, BadCalendar, Calendar, Window, black_fridays, expected_between
from volver.predict.laws.calendar_learning import BadIndex, index_of, learn_calendar
from volver.predict.laws.history import Histories

CHRISTMAS = Calendar(tuple((np.array([6, 7, 8, 8, 9, 9, 8, 8, 12, 16, 24, 12]) / (127 / 12)).tolist()))
EVERYTHING = Calendar(
    months=CHRISTMAS.months,
    halves=(0.9, 1.1) * 12,
    weekdays=(1.0, 0.9, 0.9, 1.0, 1.2, 1.1, 0.8),
    windows=(
        Window(name="gifts", weight=2.0, yearly=((12, 10), (1, 5))),
        black_fridays(range(2022, 2026), 3.0),
    ),
    index=(1.5, 0.5, 2.0) * 30,
    index_from=date(2024, 3, 1),
    trend_per_year=0.1,
)
Orders = tuple[np.ndarray, Histories, np.ndarray, np.ndarray, np.ndarray]


def simulated(calendar: Calendar, n: int, days: int, seed: int, growth: float = 0.0, rate: float = 0.5) -> Orders:
    """First days, histories, and later orders by day of an MBG/NBD shop that began on 2021-01-01 (whole days).

    `growth` multiplies everyone's rate by e^growth a year: a trend in the customers themselves.
    """
    chance, start = np.random.default_rng(seed), np.datetime64("2021-01-01")
    every = start + np.arange(days)
    clock = np.cumsum(calendar.daily(every) * np.exp(growth * np.arange(days) / 365.25))
    born = clock[np.floor(chance.uniform(0, days - 1, n)).astype(int)]
    pace, stop = chance.gamma(rate, 1 / 43.0, n), chance.beta(0.9, 1.6, n)
    who, when, now = [np.arange(n)], [born], born.copy()
    going = np.flatnonzero(chance.random(n) >= stop)
    while len(going):
        now[going] += chance.exponential(size=len(going)) / np.maximum(pace[going], 1e-300)
        going = going[now[going] < clock[-1]]
        who.append(going)
        when.append(now[going])
        going = going[chance.random(len(going)) >= stop[going]]
    pairs = np.unique(
        np.column_stack([np.concatenate(who), np.searchsorted(clock, np.concatenate(when))]).astype(np.int64), axis=0
    )
    first = np.full(n, days)
    np.minimum.at(first, pairs[:, 0], pairs[:, 1])
    last, x = np.zeros(n, np.int64), np.bincount(pairs[:, 0], minlength=n) - 1
    np.maximum.at(last, pairs[:, 0], pairs[:, 1])
    later = pairs[pairs[:, 1] > first[pairs[:, 0]], 1]
    known = histories([x, last - first, days - 1 - first])
    return start + first, known, every, np.bincount(later, minlength=days).astype(float), later


def last_day(days: int) -> date:
    return date(2021, 1, 1) + timedelta(days=days - 1)


# ---- weighted time


@settings(max_examples=40)
@given(
    some.dates(date(1950, 1, 1), date(2100, 1, 1)), some.floats(0.0, 4000.0), some.sampled_from([CHRISTMAS, EVERYTHING])
)
def test_weighted_time_goes_there_and_back(at: date, days: float, calendar: Calendar) -> None:
    there = calendar.span(at, days)
    assert calendar.calendar_days(at, np.array([there]))[0] == pytest.approx(days, abs=1e-6)
    assert FLAT.span(at, days) == days


@settings(max_examples=40)
@given(
    some.integers(0, 50),
    some.floats(0, 4000),
    some.floats(0, 4000),
    some.dates(date(1990, 1, 1), date(2060, 1, 1)),
)
def test_histories_stay_possible_and_end_where_the_clock_says(x: int, one: float, other: float, at: date) -> None:
    t_x, age = (min(one, other) if x else 0.0), max(one, other)
    found = EVERYTHING.histories(histories([[x], [t_x], [age]]), at)
    again = histories([found.x, found.t_x, found.T])  # refuses the impossible
    assert again.n_customers == 1
    whole = EVERYTHING.histories(histories([[1], [3], [10]]), at)
    ends = EVERYTHING.elapsed([np.datetime64(at) - 10, np.datetime64(at) - 7, np.datetime64(at)])
    assert whole.t_x[0] == pytest.approx(ends[1] - ends[0])
    assert whole.T[0] == pytest.approx(ends[2] - ends[0])


def test_the_repeating_part_has_mean_one_and_only_proportions_matter() -> None:
    years = np.arange(np.datetime64("2001-01-01"), np.datetime64("2029-01-01"))
    calendar = Calendar(EVERYTHING.months, EVERYTHING.halves, EVERYTHING.weekdays, EVERYTHING.windows[:1])
    assert calendar.daily(years).mean() == pytest.approx(1.0, abs=1e-4)
    twice = Calendar(tuple(2 * each for each in CHRISTMAS.months))
    assert twice.daily(years) == pytest.approx(CHRISTMAS.daily(years))
    assert CHRISTMAS.weights == pytest.approx(CHRISTMAS.months, rel=0.01)
    assert Calendar((2.0,) * 12).is_flat
    assert FLAT.is_flat
    assert not CHRISTMAS.is_flat


def test_windows_may_pass_the_new_year_and_black_friday_moves() -> None:
    gifts = EVERYTHING.windows[0]
    days = np.array(["2023-12-09", "2023-12-10", "2024-01-05", "2024-01-06"], dtype="datetime64[D]")
    assert gifts.on(days).tolist() == [False, True, True, False]
    for year, friday in {2021: "2021-11-26", 2022: "2022-11-25", 2023: "2023-11-24", 2024: "2024-11-29"}.items():
        begin, end = black_fridays([year], 2.0).dates[0]
        assert (begin.weekday(), end.weekday()) == (0, 0)
        assert begin + timedelta(days=4) == date.fromisoformat(friday)
        assert end == begin + timedelta(days=7)


def test_a_calendar_survives_being_written_down() -> None:
    assert Calendar.from_dict(json.loads(json.dumps(EVERYTHING.to_dict()))) == EVERYTHING
    assert Calendar.from_dict(EVERYTHING.to_dict()).trend_per_year == 0.1
    assert Calendar.from_dict(list(CHRISTMAS.months)) == CHRISTMAS
    assert Calendar.from_dict(FLAT.to_dict()) == FLAT


def test_impossible_weights_are_refused() -> None:
    for wrong in (
        {"months": (1.0,) * 11},
        {"weekdays": (0.0,) * 7},
        {"index": (1.0,)},
        {"halves": (float("nan"),) * 24},
    ):
        with pytest.raises(BadCalendar):
            Calendar(**wrong)


# ---- learning


def test_months_are_found_where_they_are() -> None:
    first, known, days, orders, _ = simulated(CHRISTMAS, 8000, 1096, 3)
    found = learn_calendar(first, known, last_day(1096), MBGNBD, days, orders)
    assert np.array(found.weights) == pytest.approx(np.array(CHRISTMAS.weights), rel=0.2)
    from_ages = learn_calendar(None, known, last_day(1096), MBGNBD, days, orders)
    assert from_ages.months == pytest.approx(found.months)


def test_a_shop_without_seasons_gets_nearly_none() -> None:
    first, known, days, orders, _ = simulated(FLAT, 4000, 800, 4)
    found = learn_calendar(first, known, last_day(800), MBGNBD, days, orders)
    assert max(found.weights) < 1.12
    assert min(found.weights) > 0.88


def test_a_month_seen_once_is_drawn_further_towards_one() -> None:
    """The same strong November, seen in one year and in three, at about the same number of orders."""
    november = Calendar((1.0,) * 10 + (2.0, 1.0))
    truth = november.weights[10]
    once, thrice = [], []
    for seed in range(4):
        for days, n, into in ((366, 2400, once), (1096, 1100, thrice)):
            first, known, every, orders, _ = simulated(november, n, days, seed)
            into.append(learn_calendar(first, known, last_day(days), MBGNBD, every, orders).weights[10])
    assert 1.1 < np.mean(once) < np.mean(thrice) < truth * 1.1


def test_the_growth_of_a_shop_is_not_a_season() -> None:
    """Customers who order ever more, and ever more customers, over a year and a half."""
    first, known, days, orders, _ = simulated(FLAT, 5000, 550, 6, growth=0.8)
    found = learn_calendar(first, known, last_day(550), MBGNBD, days, orders)
    assert max(found.weights) < 1.2
    assert min(found.weights) > 0.8
    assert found.trend_per_year is not None
    assert found.trend_per_year > 0.1


def test_halves_and_weekdays_and_windows_are_refined_where_asked() -> None:
    truth = Calendar(
        halves=(1.3, 0.7) * 12,
        weekdays=(1.5, 1.2, 1.0, 1.0, 0.9, 0.7, 0.7),
        windows=(Window(name="sale", weight=3.0, yearly=((6, 1), (6, 10))),),
    )
    first, known, days, orders, _ = simulated(truth, 9000, 1096, 8)
    asked = Window(name="sale", weight=1.0, yearly=((6, 1), (6, 10)))
    found = learn_calendar(first, known, last_day(1096), MBGNBD, days, orders, windows=[asked], weekdays=True)
    assert found.windows[0].weight == pytest.approx(3.0, rel=0.2)
    assert np.array(found.weekdays) / np.mean(found.weekdays) == pytest.approx(np.array(truth.weekdays), abs=0.15)
    assert np.log(found.halves[0::2]).mean() - np.log(found.halves[1::2]).mean() > 0.35
    young = simulated(truth, 2000, 500, 8)
    assert learn_calendar(*young[:2], last_day(500), MBGNBD, *young[2:4]).halves == ()


def test_nothing_seen_teaches_nothing() -> None:
    nobody = histories([[], [], []])
    assert learn_calendar(np.array([], "datetime64[D]"), nobody, date(2024, 1, 1), MBGNBD, [], np.zeros(0)) == FLAT
    known = histories([[0] * 30, [0] * 30, [40] * 30])
    found = learn_calendar(None, known, date(2024, 1, 1), ParetoNBD, [], np.zeros(0))
    assert np.all(np.isfinite(found.weights))
    assert found.weights == pytest.approx((1.0,) * 12, abs=0.02)
    today = histories([[0] * 30, [0] * 30, [0] * 30])
    assert learn_calendar(None, today, date(2024, 1, 1), ParetoNBD, [], np.zeros(0)) == FLAT


@settings(max_examples=25)
@given(some.integers(0, 10_000), some.integers(1, 40), some.integers(1, 1500), some.sampled_from([MBGNBD, ParetoNBD]))
def test_strange_shops_get_a_possible_calendar(seed: int, n: int, length: int, kind: type[BuyingModel]) -> None:
    chance, at = np.random.default_rng(seed), date(2024, 2, 29)
    age = np.floor(chance.uniform(0, length, n))
    x = np.where(age > 0, np.floor(chance.exponential(chance.choice([0.0, 1.0, 30.0]), n)), 0.0)
    known = histories([x, np.where(x > 0, np.floor(age * chance.random(n)), 0.0), age])
    days = np.datetime64(at) - chance.integers(-5, length, 20)
    orders = chance.poisson(chance.choice([0.0, 1.0, 1e5]), 20).astype(float)
    sale = Window(name="sale", weight=2.0, yearly=((2, 20), (3, 2)))
    found = learn_calendar(None, known, at, kind, days, orders, windows=[sale], weekdays=bool(seed % 2))
    assert np.all(np.isfinite(found.weights))
    assert min(found.weights) > 0
    assert found.span(at, 28 * 365.25) == pytest.approx(28 * 365.25, rel=0.01)
    assert np.all(np.isfinite(kind().fit(found.histories(known, at)).predict(known)))


def test_what_the_law_expects_of_a_cohort_is_its_expectation() -> None:
    law = MBGNBD.of(r=0.5, alpha=43.0, a=0.9, b=1.6)
    edges = np.datetime64("2023-05-01") + np.arange(0, 200, 20)
    found = expected_between(law, np.repeat(edges[0], 100), edges, CHRISTMAS)
    span = CHRISTMAS.span(date(2023, 5, 1), 180.0)
    assert found.sum() == pytest.approx(100 * law.predict([[0], [0], [0]], span)[0], rel=1e-3)
    assert len(found) == len(edges) - 1


# ---- an imported index


@pytest.mark.parametrize("kind", [pl.DataFrame, pd.DataFrame])
def test_an_index_by_week_replaces_the_days_it_covers(kind: type[pl.DataFrame]) -> None:
    weeks = [date(2024, 1, 1) + timedelta(days=7 * i) for i in range(30)]
    found = index_of(kind({"week": weeks, "index": [1.0, 2.0] * 15}))
    assert found.index_from == weeks[0]
    assert len(found.index) == 210
    days = np.datetime64(weeks[0]) + np.arange(14)
    assert found.daily(days)[7:].mean() == pytest.approx(2 * found.daily(days)[:7].mean())
    assert found.daily(np.datetime64(weeks[0]) + np.arange(210)).mean() == pytest.approx(1.0)
    assert found.daily(["2025-03-01"])[0] == 1.0


def test_an_index_of_orders_knows_growth_from_season() -> None:
    days = np.arange(np.datetime64("2021-01-01"), np.datetime64("2024-01-01"))
    level = 200 * np.exp(0.5 * np.arange(len(days)) / 365) * CHRISTMAS.daily(days)
    orders = np.random.default_rng(2).poisson(level)
    found = index_of(pl.DataFrame({"day": days, "orders": orders}))
    assert np.array(found.weights) == pytest.approx(np.array(CHRISTMAS.weights), rel=0.15)
    assert found.daily(days) == pytest.approx(CHRISTMAS.daily(days), rel=0.6)
    assert found.span(date(2024, 12, 31), 365.0) == pytest.approx(365.0, rel=0.01)


def test_a_frame_without_an_index_is_refused() -> None:
    for wrong in (
        {"day": [date(2024, 1, 1)]},
        {"day": ["soon"], "index": [1.0]},
        {"day": [date(2024, 1, 1)] * 2, "index": [1, 2]},
    ):
        with pytest.raises(BadIndex):
            index_of(pl.DataFrame(wrong))


# ---- CLVTools' apparel retailer (simulated there), without a shop


def missed(kind: type[BuyingModel], calendar: Calendar, known: Histories, at: date, after: date, came: float) -> float:
    """Forecast over what came, minus 1."""
    weighted = calendar.histories(known, at)
    days = calendar.span(at, float((after - at).days))
    return float(known.n @ kind().fit(weighted).orders_by_row(weighted, days)) / came - 1


@pytest.mark.parametrize(
    ("kind", "plain", "learned", "flagged"),
    [(MBGNBD, 0.120, 0.05, 0.03), (ParetoNBD, 0.111, 0.055, 0.045), (BGNBD, 0.159, 0.085, 0.06)],
)
def test_the_apparel_retailer_needs_its_calendar(
    kind: type[BuyingModel], plain: float, learned: float, flagged: float
) -> None:
    at, after = date(2006, 12, 31), date(2007, 12, 31)
    first, known, days, orders, came = apparel(at, after)
    assert missed(kind, FLAT, known, at, after, came) == pytest.approx(plain, abs=0.005)
    alone = learn_calendar(first, known, at, kind, days, orders)
    assert abs(missed(kind, alone, known, at, after, came)) <= learned
    told = learn_calendar(first, known, at, kind, days, orders, windows=[high_season()])
    assert told.windows[0].weight == pytest.approx(2.05, abs=0.1)
    assert abs(missed(kind, told, known, at, after, came)) <= flagged


def test_the_likelihood_gains_what_it_should() -> None:
    """MBG/NBD gains 57.6 with one season parameter; the sum of ln weight at orders belongs to it."""
    at = date(2006, 12, 31)
    first, known, days, orders, _ = apparel(at, at)
    told = learn_calendar(first, known, at, MBGNBD, days, orders, windows=[high_season()])
    seasonal = MBGNBD().fit(told.histories(known, at)).log_likelihood_ + float(orders @ np.log(told.daily(days)))
    assert seasonal - MBGNBD().fit(known).log_likelihood_ > 57
