"""A shop with a few wholesale accounts: spend in two classes, against chance itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.predict.world import futures
from volver.predict import MBGNBD, CustomerWorth, GammaGamma, histories
from volver.predict.laws.spend_mixed import MixedSpend, _Likelihood

TRUTH = MixedSpend.of_classes(p=4.0, q=(4.0, 3.0), v=(15.0, 900.0), share=0.03)
BUYING = MBGNBD.of(r=0.5, alpha=43.0, a=0.9, b=1.6)


def shop(n: int, seed: int, truth: MixedSpend = TRUTH) -> dict[str, np.ndarray]:
    """Customers' histories, spends, class, and their revenue in the year after."""
    found = futures(BUYING, GammaGamma.of(p=truth.p_, q=3.0, v=1.0), n, seed=seed, days=365.0)
    chance = np.random.default_rng(seed + 1)
    second = chance.random(n) < truth.share_
    nu = chance.gamma(np.where(second, truth.qs_[1], truth.qs_[0]), 1 / np.where(second, truth.vs_[1], truth.vs_[0]))
    orders, later = found["x"] + 1, found["later"]
    mean = chance.gamma(truth.p_ * orders) / nu / orders
    revenue = np.where(later > 0, chance.gamma(np.maximum(truth.p_ * later, 1e-9)) / nu, 0.0)
    return {**found, "orders": orders, "mean": mean, "revenue": revenue, "second": second, "usual": truth.p_ / nu}


def held(found: dict[str, np.ndarray], spend: GammaGamma, seed: int) -> np.ndarray:
    """Whether each customer's 90 % interval holds what came; a revenue of nothing counts by a draw (randomised PIT)."""
    known = histories([found["x"], found["t_x"], found["T"]])
    worth = CustomerWorth(buying=BUYING, spend=spend, discount=0).worth(known, found["orders"], found["mean"])
    nothing = 1.0 - BUYING.p_buy(known, "365d")
    drawn = np.random.default_rng(seed).random(len(nothing)) * nothing
    some = found["revenue"] > 0
    inside = (found["revenue"] >= worth.low) & (found["revenue"] <= worth.high)
    return np.where(some, inside, (drawn > 0.05) & (drawn < 0.95))


def test_gradient_and_hessian_of_the_mixture_are_the_derivatives() -> None:
    found = shop(300, 1)
    likelihood = _Likelihood(found["orders"], found["mean"])
    theta, step = np.log([3.0, 2.5, 14.0, 1.5, 500.0, 0.06]), 1e-5 * np.eye(6)
    _, gradient, hessian = likelihood(theta)
    slopes = [(likelihood(theta + one)[0] - likelihood(theta - one)[0]) / 2e-5 for one in step]
    bends = [(likelihood(theta + one)[1] - likelihood(theta - one)[1]) / 2e-5 for one in step]
    assert gradient == pytest.approx(np.array(slopes), rel=1e-6, abs=1e-5)
    assert hessian == pytest.approx(np.array(bends), rel=1e-5, abs=1e-3)


def test_two_classes_are_recovered() -> None:
    found = shop(30_000, 2)
    model = MixedSpend().fit(found["orders"], found["mean"])
    assert model.n_classes_ == 2
    assert model.converged_
    assert list(model.parameters_.values()) == pytest.approx(list(TRUTH.parameters_.values()), rel=0.15)
    chance = model.p_second(found["orders"], found["mean"])
    assert chance.sum() == pytest.approx(found["second"].sum(), rel=0.1)


def test_one_class_is_kept_where_the_data_do_not_ask_for_two() -> None:
    for seed in range(4):
        found = shop(1000, 10 + seed, MixedSpend.of_classes(p=4.0, q=(4.0, 4.0), v=(15.0, 15.0), share=0.5))
        one, mixed = (kind().fit(found["orders"], found["mean"]) for kind in (GammaGamma, MixedSpend))
        assert mixed.n_classes_ == 1
        assert mixed.parameters_ == one.parameters_
        assert np.array_equal(
            mixed.predict(found["orders"], found["mean"]), one.predict(found["orders"], found["mean"])
        )


def test_retail_customers_are_foreseen_better_than_with_one_class() -> None:
    found = shop(5000, 3)
    errors = {}
    for kind in (GammaGamma, MixedSpend):
        model = kind().fit(found["orders"], found["mean"])
        foreseen = model.predict(found["orders"], found["mean"])
        errors[kind] = float(np.sqrt(np.mean(np.log(foreseen / found["usual"]) ** 2)))
        assert foreseen.sum() == pytest.approx(found["usual"].sum(), rel=0.15)
    assert errors[MixedSpend] < 0.9 * errors[GammaGamma]


def test_intervals_hold_what_they_claim_for_both_classes_together() -> None:
    found = shop(20_000, 4)
    inside = held(found, MixedSpend().fit(found["orders"], found["mean"]), seed=77)
    assert 0.88 < inside.mean() < 0.92
    assert 0.82 < inside[found["second"]].mean() < 0.97


def test_the_posterior_keeps_the_exact_mean() -> None:
    orders, mean = np.array([0.0, 1.0, 3.0, 1.0]), np.array([0.0, 20.0, 30.0, 400.0])
    shape, scale = TRUTH.posterior(orders, mean)
    assert TRUTH.p_ * scale / (shape - 1) == pytest.approx(TRUTH.predict(orders, mean))
    assert TRUTH.predict([0], [0])[0] == pytest.approx(0.97 * 20 + 0.03 * 1800)
    assert TRUTH.mean_spend_ == pytest.approx(0.97 * 20 + 0.03 * 1800)


def test_totals_know_their_doubt() -> None:
    found = shop(2000, 6)
    known = histories([found["x"], found["t_x"], found["T"]])
    spend = MixedSpend().fit(found["orders"], found["mean"])
    total = CustomerWorth(buying=MBGNBD().fit(known), spend=spend, discount=0)
    found_total = total.total_value(known, found["orders"], found["mean"])
    assert 0 < found_total.low < found_total.expected < found_total.high
    assert spend.log_covariance_.shape == (3, 3)
    moved = spend.moved(np.array([0.1, 0.0, 0.0]))
    means = [each.vs_[0] * each.p_ / (each.qs_[0] - 1) for each in (spend, moved)]
    assert means[1] / means[0] == pytest.approx(np.exp(0.1), rel=0.02)


@settings(max_examples=25)
@given(some.integers(0, 120), some.integers(0, 10_000), some.sampled_from([1e-6, 1.0, 1e6]))
def test_any_small_shop_gets_a_finite_answer(n: int, seed: int, scale: float) -> None:
    chance = np.random.default_rng(seed)
    orders = chance.integers(0, 4, n).astype(float)
    mean = scale * np.exp(chance.normal(0, chance.choice([0.0, 0.5, 3.0]), n))
    mean[: n // 10] *= 1000
    model = MixedSpend().fit(orders, mean)
    assert np.all(np.isfinite(model.predict(orders, mean)))
    assert np.all(model.predict(orders, mean) > 0)
    assert np.isfinite(model.log_likelihood_)
    assert np.all(np.isfinite(model.log_covariance_))
