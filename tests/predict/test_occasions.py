"""Customers who buy at set occasions, and subscribers who renew: against chance itself and against identities."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from volver.predict.laws.occasions import BGBB, BadOccasions, _likelihood
from volver.predict.laws.subscriptions import (
    BadSubscriptions,
    BetaDiscreteWeibull,
    ShiftedBetaGeometric,
    _tallied,
    fit_cohorts,
)
from volver.predict.laws.subscriptions import _likelihood as _of_renewals

GIVERS = BGBB.of(alpha=1.2, beta=0.75, gamma=0.66, delta=2.8)
LOYAL = ShiftedBetaGeometric.of(a=0.7, b=1.2)
AGEING = BetaDiscreteWeibull.of(a=0.5, b=1.5, c=1.4)


def givers(n: int, seed: int, occasions: int = 6, ahead: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Histories (x, t_x, n) and purchases at the occasions after."""
    chance = np.random.default_rng(seed)
    buys, lost = chance.beta(GIVERS.alpha_, GIVERS.beta_, n), chance.beta(GIVERS.gamma_, GIVERS.delta_, n)
    alive = np.cumprod(chance.random((n, occasions + ahead)) >= lost[:, None], axis=1).astype(bool)
    bought = alive & (chance.random((n, occasions + ahead)) < buys[:, None])
    seen = bought[:, :occasions]
    last = np.where(seen.any(axis=1), occasions - np.argmax(seen[:, ::-1], axis=1), 0)
    return np.column_stack([seen.sum(axis=1), last, np.full(n, occasions)]).astype(float), bought[:, occasions:].sum(
        axis=1
    )


def lost_at(model: ShiftedBetaGeometric, n: int, seed: int, seen: int) -> tuple[np.ndarray, np.ndarray]:
    """Renewals and whether still active, for customers watched for `seen` renewals."""
    left = model.survival(np.arange(0.0, seen + 1.0))
    lost = np.searchsorted(-left, -np.random.default_rng(seed).random(n))
    return np.minimum(lost, seen), lost > seen


def test_derivatives_of_both_likelihoods_are_right() -> None:
    known, _ = givers(200, 1)
    steps, lost, kept = _tallied([1, 2, 3, 5, 3, 4, 0], [0, 0, 0, 0, 1, 1, 1], [5, 3, 2, 1, 4, 4, 2])
    cases = [
        (_likelihood(*known.T, np.ones(len(known))), np.array([0.2, -0.3, 0.1, 0.5])),
        (_of_renewals(steps, lost, kept, 2), np.array([-0.5, 0.3])),
        (_of_renewals(steps, lost, kept, 3), np.array([-0.5, 0.3, 0.2])),
    ]
    for likelihood, theta in cases:
        step = 1e-5 * np.eye(len(theta))
        _, gradient, hessian = likelihood(theta)
        slopes = [(likelihood(theta + one)[0] - likelihood(theta - one)[0]) / 2e-5 for one in step]
        bends = [(likelihood(theta + one)[1] - likelihood(theta - one)[1]) / 2e-5 for one in step]
        assert gradient == pytest.approx(np.array(slopes), rel=1e-6, abs=1e-6)
        assert hessian == pytest.approx(np.array(bends), rel=1e-5, abs=1e-5)


def test_the_chances_of_all_histories_sum_to_one() -> None:
    strings = np.array(list(product([0, 1], repeat=5)))
    last = np.where(strings.any(axis=1), 5 - np.argmax(strings[:, ::-1], axis=1), 0)
    histories = np.column_stack([strings.sum(axis=1), last, np.full(len(strings), 5)]).astype(float)
    chances = [np.exp(GIVERS.score(history[None])) for history in histories]
    assert sum(chances) == pytest.approx(1.0, abs=1e-12)
    assert np.array(chances) @ histories[:, 0] == pytest.approx(GIVERS.expected(5)[0], rel=1e-12)


def test_parameters_of_occasions_are_recovered() -> None:
    known, _ = givers(20_000, 2)
    model = BGBB().fit(known)
    assert model.converged_
    for name, value in GIVERS.parameters_.items():
        assert abs(model.parameters_[name] - value) < 4 * model.standard_errors_[name]
    rows, counts = np.unique(known, axis=0, return_counts=True)
    tallied = BGBB().fit(rows, counts=counts)
    assert tallied.parameters_ == pytest.approx(model.parameters_)
    assert model.score(known) * len(known) == pytest.approx(model.log_likelihood_)


def test_what_givers_give_agrees_with_monte_carlo() -> None:
    known, later = givers(200_000, 3)
    foreseen = GIVERS.predict(known, 5)
    for group in np.array_split(np.argsort(foreseen, kind="stable"), 6):
        assert abs(later[group].mean() - foreseen[group].mean()) < 4 * later[group].std() / np.sqrt(len(group))
    new = np.zeros((1, 3))
    assert GIVERS.predict(new, 11)[0] == pytest.approx(GIVERS.expected(11)[0], rel=1e-12)
    assert GIVERS.p_alive(new, ahead=0)[0] == 1.0


def test_residual_purchases_are_the_sum_of_the_discounted_years() -> None:
    known = [[6, 0, 3], [6, 0, 4], [6, 6, 6]]
    years = [GIVERS.predict(known, n) for n in range(400)]
    summed = sum(np.diff(np.array(years), axis=0)[n] * 1.1 ** -(n + 1) for n in range(399))
    assert GIVERS.discounted(known, discount=0.1) == pytest.approx(summed, rel=1e-9)


def test_impossible_occasions_and_renewals_are_refused() -> None:
    for wrong in ([[2], [1], [6]], [[0], [1], [6]], [[1], [7], [6]], [[1.5], [2], [6]], [[1, 1], [1], [6]]):
        with pytest.raises(BadOccasions):
            BGBB().fit(wrong)
    for renewals, active in (([0], [False]), ([-1], [True]), ([1.5], [False]), ([np.nan], [True]), ([1, 2], [True])):
        with pytest.raises(BadSubscriptions):
            ShiftedBetaGeometric().fit(renewals, active)
    with pytest.raises(BadSubscriptions):
        ShiftedBetaGeometric().fit_survivors([10, 11])
    with pytest.raises(BadSubscriptions):
        LOYAL.residual(1, discount=0.0)


@pytest.mark.parametrize("truth", [LOYAL, AGEING])
def test_parameters_of_subscriptions_are_recovered(truth: ShiftedBetaGeometric) -> None:
    renewals, active = lost_at(truth, 30_000, 4, 12)
    model = type(truth)().fit(renewals, active)
    assert model.converged_
    for name, value in truth.parameters_.items():
        assert abs(model.parameters_[name] - value) < 4 * model.standard_errors_[name]
    assert model.survival(24) == pytest.approx(truth.survival(24), rel=0.1)


def test_rows_and_survivors_tell_the_same() -> None:
    renewals, active = lost_at(LOYAL, 500, 5, 6)
    left = [int(np.sum((renewals > n) | (active & (renewals >= n)))) for n in range(7)]
    one, other = ShiftedBetaGeometric().fit(renewals, active), ShiftedBetaGeometric().fit_survivors(left)
    assert one.parameters_ == pytest.approx(other.parameters_)


def test_retention_survival_and_residual_lifetime_agree() -> None:
    for model in (LOYAL, AGEING):
        steps = np.arange(1.0, 12.0)
        assert np.cumprod(model.retention(steps)) == pytest.approx(model.survival(steps))
        assert model.predict(0, 11)[0] == pytest.approx(model.survival(steps).sum())
        later = model.residual([3.0], discount=0.1)[0]  # just before the 4th renewal
        stays = model.chance_left(3.0, 1)[0] * (1 + model.residual([4.0], discount=0.1)[0] / 1.1)
        assert later == pytest.approx(stays, rel=1e-10)
    assert np.all(np.diff(LOYAL.retention(np.arange(1.0, 20.0))) > 0)


def test_small_cohorts_lean_on_the_whole_shop() -> None:
    renewals, active = lost_at(LOYAL, 3000, 6, 8)
    names = np.where(np.arange(3000) < 2990, "many", "few")
    found = fit_cohorts(renewals, active, names)
    assert set(found) == {"many", "few"}
    alone = ShiftedBetaGeometric(prior=False).fit(renewals[names == "many"], active[names == "many"])
    assert found["many"].parameters_ == pytest.approx(alone.parameters_)
    assert found["few"].with_prior_
    assert found["few"].retention(1) == pytest.approx(found["many"].retention(1), abs=0.15)


@settings(max_examples=40)
@given(some.lists(some.integers(0, 50), min_size=1, max_size=12), some.booleans())
def test_any_survivors_get_a_finite_answer(drops: list[int], ageing: bool) -> None:
    left = np.cumsum(drops[::-1])[::-1]
    model = (BetaDiscreteWeibull if ageing else ShiftedBetaGeometric)().fit_survivors(left)
    assert model.converged_
    for answer in (
        model.survival([0, 1, 40]),
        model.retention([1, 40]),
        model.residual([0, 40]),
        model.predict([0], 12),
    ):
        assert np.all(np.isfinite(answer))
    assert np.all(np.isfinite(list(model.standard_errors_.values())))


@settings(max_examples=40)
@given(some.integers(0, 60), some.integers(1, 30), some.integers(0, 1000))
def test_any_givers_get_a_finite_answer(customers: int, occasions: int, seed: int) -> None:
    known, _ = givers(customers, seed, occasions, 1)
    model = BGBB().fit(known)
    assert model.converged_
    for answer in (model.p_alive(known), model.predict(known, 5), model.discounted(known), model.expected(3)):
        assert np.all(np.isfinite(answer))
    assert np.all(model.p_alive(known) <= 1)
    assert np.all(np.isfinite(list(model.standard_errors_.values())))
