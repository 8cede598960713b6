"""Curves against counting by hand; intervals that cover."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.predict.uplift.world import campaign
from volver.predict.uplift.evaluation import (
    auuc,
    auuc_interval,
    by_decile,
    calibration,
    effects,
    incremental,
    policy_value,
    qini,
    qini_curve,
    qini_interval,
    ranking,
    uplift_curve,
)

ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1), st.integers(0, 1)), min_size=4, max_size=40)


def counted(rows: list[tuple[int, int, int]], kind: str) -> list[tuple[int, float]]:
    """The curve by counting, one step per distinct score."""
    points = [(0, 0.0)]
    for edge in sorted({score for score, _, _ in rows}, reverse=True):
        top = [(t, y) for score, t, y in rows if score >= edge]
        n1, n0 = sum(t for t, _ in top), sum(1 - t for t, _ in top)
        y1, y0 = sum(y for t, y in top if t), sum(y for t, y in top if not t)
        if kind == "qini":
            points.append((len(top), y1 - (y0 * n1 / n0 if n0 else 0)))
        else:
            points.append((len(top), ((y1 / n1 if n1 else 0) - (y0 / n0 if n0 else 0)) * len(top)))
    return points


def area(points: list[tuple[int, float]]) -> float:
    """Trapezoids between the curve and its chord, over N²."""
    n, end = points[-1]
    whole = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(points, points[1:], strict=False))
    return (whole - n * end / 2) / n**2


@given(ROWS)
def test_curves_and_areas_are_those_of_counting(rows: list[tuple[int, int, int]]) -> None:
    score, t, y = (np.array(each, float) for each in zip(*rows, strict=True))
    assume(0 < t.sum() < len(t))
    for kind, curve, whole in (("qini", qini_curve, qini), ("uplift", uplift_curve, auuc)):
        points, found = counted(rows, kind), curve(score, t, y)
        np.testing.assert_allclose(found.k, [k for k, _ in points])
        np.testing.assert_allclose(found.height, [height for _, height in points], atol=1e-9)
        assert whole(score, t, y) == pytest.approx(area(points), abs=1e-12)


@given(ROWS)
def test_normalised_qini_is_one_for_the_perfect_order(rows: list[tuple[int, int, int]]) -> None:
    _, t, y = (np.array(each, float) for each in zip(*rows, strict=True))
    assume(0 < t.sum() < len(t))
    best = y * np.where(t > 0, 1, -1)
    found = qini(best, t, y, normalised=True)
    assert found is None or found == pytest.approx(1.0)


def test_money_cannot_be_normalised_and_says_so() -> None:
    assert qini([1, 2, 3, 4], [0, 1, 0, 1], [0, 2.5, 1, 0], normalised=True) is None
    assert auuc([1, 2, 3, 4], [0, 1, 0, 1], [0, 2.5, 1, 0], normalised=True) is None


def test_the_doubly_robust_area_is_the_qini_area_without_its_noise() -> None:
    X, t, y, uplift = campaign(1, 40_000, "differs")
    found, plain = ranking(X[:, 2], effects(t, y, propensity=0.5)), qini(X[:, 2], t, y)
    assert plain is not None
    assert found.value * 0.5 == pytest.approx(plain, abs=0.1 * plain)
    assert abs(found.value - ranking(X[:, 2], uplift).value) < 3 * found.se
    assert ranking(np.zeros(len(y)), effects(t, y)).value == pytest.approx(0.0, abs=1e-12)


def test_the_interval_of_a_ranking_covers() -> None:
    truth = ranking(campaign(99, 200_000, "differs")[0][:, 2], campaign(99, 200_000, "differs")[3]).value
    inside = 0
    for seed in range(200):
        X, t, y, _ = campaign(seed, 600, "differs")
        found = ranking(X[:, 2], effects(t, y, propensity=0.5))
        inside += found.low <= truth <= found.high
    assert 0.85 <= inside / 200 <= 0.95


def test_the_interval_of_a_policy_covers() -> None:
    inside = 0
    for seed in range(300):
        X, t, y, uplift = campaign(seed, 500, "differs")
        found = policy_value(X[:, 2] > 0.3, t, y, value=10, cost=0.5, propensity=0.5)
        truth = float(np.mean((X[:, 2] > 0.3) * (10 * uplift - 0.5)))
        inside += found.low <= truth <= found.high
    assert 0.86 <= inside / 300 <= 0.97


def test_expected_outcomes_narrow_the_interval_of_a_policy() -> None:
    X, t, y, uplift = campaign(3, 5000, "differs", binary=False)
    level = y - t * uplift
    plain = policy_value(X[:, 2] > 0, t, y)
    sharp = policy_value(X[:, 2] > 0, t, y, without=level, with_=level + uplift)
    assert sharp.se < 0.3 * plain.se
    assert sharp.value == pytest.approx(float(np.mean((X[:, 2] > 0) * uplift)), abs=0.1)


def test_net_incremental_revenue_is_that_of_the_exercise() -> None:
    found = incremental([1, 1, 1, 0], [1, 1, 0, 1], [1, 0, 1, 1], value=10, cost=0.15)
    assert (found.treated, found.net) == (2, pytest.approx(10 - 0.3 - 10))
    assert found.response == pytest.approx(0.5 - 1.0)
    assert incremental([0, 0], [0, 1], [1, 1], value=10, cost=0.15).response is None


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize(("area", "interval"), [(qini, qini_interval), (auuc, auuc_interval)])
def test_the_bootstrap_interval_holds_the_area(area: Any, interval: Any, normalised: bool) -> None:
    X, t, y, _ = campaign(4, 2000, "differs")
    low, high = interval(X[:, 2], t, y, draws=60, normalised=normalised)
    found = area(X[:, 2], t, y, normalised=normalised)
    assert found is not None
    assert 0 < low < found < high
    assert np.isnan(interval([1, 2, 3, 4], [0, 1, 0, 1], [0, 2.5, 1, 0], normalised=True)).all()


@pytest.mark.slow
@pytest.mark.parametrize("interval", [qini_interval, auuc_interval])
def test_the_interval_of_an_area_covers_where_few_bring_much(interval: Any) -> None:
    inside = 0
    for seed in range(200):
        chance = np.random.default_rng(seed)
        X, t = chance.normal(size=3000), chance.integers(0, 2, 3000)
        low, high = interval(X, t, (chance.random(3000) < 0.03) * np.exp(chance.normal(4, 1.2, 3000)), draws=100)
        inside += low <= 0 <= high
    assert 0.85 <= inside / 200 <= 0.95


def test_without_expected_outcomes_the_average_is_the_difference_of_the_means_and_as_sure() -> None:
    X, t, y, _ = campaign(7, 3000, "same")
    found = policy_value(np.ones(3000), t, y)
    one, other = y[t == 1], y[t == 0]
    assert found.value == pytest.approx(one.mean() - other.mean())
    assert found.se == pytest.approx(np.sqrt(one.var() / len(one) + other.var() / len(other)), rel=0.01)
    told = policy_value(np.ones(3000), t, y, propensity=0.5)
    assert told.se == pytest.approx(found.se, rel=0.05)


def test_calibration_finds_the_slope_and_shrinks_what_is_noise() -> None:
    X, t, y, uplift = campaign(5, 20_000, "differs")
    psi = effects(t, y, propensity=0.5)
    good, loud, noise = calibration(uplift, psi), calibration(4 * uplift, psi), calibration(X[:, 4], psi)
    assert abs(good.slope - 1) < 3 * good.slope_se
    assert loud.slope == pytest.approx(good.slope / 4)
    assert loud.shrunk(4 * uplift) == pytest.approx(good.shrunk(uplift), abs=0.03)
    assert noise.kept < 0.05
    assert calibration(np.ones(len(psi)), psi).shrunk(np.ones(3)) == pytest.approx(np.full(3, psi.mean()))


def test_deciles_hold_everyone_and_fall_from_the_best() -> None:
    X, t, y, uplift = campaign(6, 10_000, "differs")
    found = by_decile(uplift, effects(t, y, propensity=0.5))
    assert sum(each["customers"] for each in found) == 10_000
    assert found[0]["low"] > found[-1]["high"]
