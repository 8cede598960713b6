"""The models against chance itself: simulation, identities, properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.predict.world import futures
from volver.predict import BGNBD, MBGNBD, BuyingModel, CustomerWorth, GammaGamma, ParetoNBD, histories

TRUTH = MBGNBD.of(r=0.5, alpha=43.0, a=0.9, b=1.6)
SPEND = GammaGamma.of(p=6.25, q=3.74, v=15.44)
KINDS = (BGNBD, MBGNBD, ParetoNBD)


def sample(kind: type[BuyingModel], seed: int, n: int, weeks: tuple[int, int] = (13, 39)) -> list[np.ndarray]:
    """A small shop in whole days from a model of this kind with parameters of its own."""
    chance = np.random.default_rng(seed)
    typical = {"r": 0.4, "alpha": 40.0, "a": 0.8, "b": 2.0, "s": 0.6, "beta": 80.0}
    truth = kind.of(**{name: typical[name] * float(np.exp(chance.normal(0, 0.6))) for name in kind.names})
    known = truth.simulate(np.floor(chance.uniform(7 * weeks[0], 7 * weeks[1], n)), seed=seed)
    return [column[known.row_of] for column in (known.x, np.floor(known.t_x), known.T)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "columns",
    [
        ([], [], []),
        ([0], [0], [0]),
        ([0] * 50, [0] * 50, [30] * 50),
        ([3] * 50, [20] * 50, [30] * 50),
        ([5000], [729], [730]),
        ([1, 0], [1, 0], [1, 20000]),
        ([0] * 3000, [0] * 3000, [100] * 3000),
    ],
)
def test_strange_shops_get_an_answer(kind: type[BuyingModel], columns: tuple[list[float], ...]) -> None:
    model = kind().fit(list(columns))
    for answer in (model.p_alive(list(columns)), model.predict(list(columns)), model.p_buy(list(columns))):
        assert np.all(np.isfinite(answer))
    assert np.all(np.isfinite(model.order_pmf([[0], [0], [0]], most=3)))
    assert np.all(model.order_quantile(list(columns), 0.95) >= 0)


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_and_hessian_are_the_derivatives(kind: type[BuyingModel]) -> None:
    likelihood = kind()._likelihood(histories(sample(kind, 3, 400)))
    theta, step = np.log([0.4, 30.0, 0.9, 2.0]), 1e-5 * np.eye(4)
    _, gradient, hessian = likelihood(theta)
    slopes = [(likelihood(theta + one)[0] - likelihood(theta - one)[0]) / 2e-5 for one in step]
    bends = [(likelihood(theta + one)[1] - likelihood(theta - one)[1]) / 2e-5 for one in step]
    assert gradient == pytest.approx(np.array(slopes), rel=1e-6, abs=1e-6)
    assert hessian == pytest.approx(np.array(bends), rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_known_parameters_are_recovered_within_their_intervals(kind: type[BuyingModel]) -> None:
    typical = {"r": 0.5, "alpha": 43.0, "a": 0.9, "b": 1.6, "s": 0.6, "beta": 80.0}
    truth = kind.of(**{name: typical[name] for name in kind.names})
    ages = np.random.default_rng(5).uniform(100, 700, 30_000)
    model = kind().fit(truth.simulate(ages, seed=6))
    for name, value in truth.parameters_.items():
        assert abs(model.parameters_[name] - value) < 4 * model.standard_errors_[name]


def test_the_mbg_expectation_agrees_with_monte_carlo() -> None:
    found = futures(TRUTH, SPEND, 400_000, seed=1, days=365.0)
    known = histories([found["x"], found["t_x"], found["T"]])
    foreseen = TRUTH.predict(known, "365d")
    for group in np.array_split(np.argsort(foreseen), 8):
        chance = found["later"][group].std() / np.sqrt(len(group))
        assert abs(found["later"][group].mean() - foreseen[group].mean()) < 4 * chance


def test_the_mbg_law_of_counts_agrees_with_monte_carlo() -> None:
    found = futures(TRUTH, SPEND, 300_000, seed=2, days=200.0)
    some_day = (found["x"] == 2) & (found["T"] > 300)
    known = histories([found[name][some_day] for name in ("x", "t_x", "T")])
    pmf = TRUTH.order_pmf(known, 200.0, most=12).mean(axis=0)
    seen = np.bincount(found["later"][some_day].astype(int), minlength=13)[:13] / some_day.sum()
    assert seen == pytest.approx(pmf, abs=4 * 0.5 / np.sqrt(some_day.sum()))


def test_customer_intervals_hold_what_they_claim() -> None:
    found = futures(TRUTH, SPEND, 20_000, seed=3, days=365.0)
    known = histories([found["x"], found["t_x"], found["T"]])
    model = CustomerWorth(buying=MBGNBD().fit(known), spend=GammaGamma().fit(found["x"] + 1, found["mean"]), discount=0)
    worth = model.worth(known, found["x"] + 1, found["mean"])
    above = np.mean(found["revenue"] > worth.high)
    assert 0.04 < above < 0.06
    sure = worth.low > 0  # where the lower edge is not nothing, it is a 5 % quantile too
    assert 0.02 < np.mean(found["revenue"][sure] < worth.low[sure]) < 0.09
    assert worth.value.sum() == pytest.approx(found["revenue"].sum(), rel=0.05)


@pytest.mark.slow
def test_total_intervals_hold_what_they_claim() -> None:
    held = {"orders": 0, "value": 0}
    for seed in range(120):
        found = futures(TRUTH, SPEND, 2000, seed=100 + seed, days=365.0)
        known = histories([found["x"], found["t_x"], found["T"]])
        spend = GammaGamma().fit(found["x"] + 1, found["mean"])
        model = CustomerWorth(buying=MBGNBD().fit(known), spend=spend, discount=0)
        orders = model.total_orders(known)
        value = model.total_value(known, found["x"] + 1, found["mean"])
        held["orders"] += orders.low <= found["later"].sum() <= orders.high
        held["value"] += value.low <= found["revenue"].sum() <= value.high
    assert 0.82 * 120 <= held["orders"] <= 0.98 * 120
    assert 0.82 * 120 <= held["value"] <= 0.98 * 120


def test_the_table_of_revenue_agrees_with_drawing_from_the_law() -> None:
    chance = np.random.default_rng(9)
    known = histories([[6], [180], [200]])
    days, n = 365.0, 400_000
    model = CustomerWorth(buying=TRUTH, spend=SPEND, discount=0)
    worth = model.worth(known, [7], [40.0])
    alive = chance.random(n) < TRUTH.p_alive(known)[0]
    rate = chance.gamma(TRUTH.r_ + 6, 1 / (TRUTH.alpha_ + 200), n)
    stop = chance.beta(TRUTH.a_, TRUTH.b_ + 7, n)
    count = np.where(alive, np.minimum(chance.poisson(rate * days), chance.geometric(stop)), 0)
    nu = chance.gamma(SPEND.q_ + SPEND.p_ * 7, 1 / (SPEND.v_ + 7 * 40.0), n)
    revenue = np.where(count > 0, chance.gamma(np.maximum(SPEND.p_ * count, 1e-9)) / nu, 0.0)
    assert worth.high[0] == pytest.approx(np.quantile(revenue, 0.95), rel=0.01)
    assert worth.low[0] == pytest.approx(np.quantile(revenue, 0.05), rel=0.03, abs=0.5)
    assert worth.value[0] == pytest.approx(revenue.mean(), rel=0.01)


parameters = some.tuples(*[some.floats(0.05, 20.0)] * 4)
counts = some.integers(0, 300)
ages = some.integers(0, 3000)


@settings(max_examples=60)
@given(parameters, counts, ages, ages, some.sampled_from(KINDS))
def test_answers_are_possible_and_agree_with_one_another(
    theta: tuple[float, ...], x: int, one: int, other: int, kind: type[BuyingModel]
) -> None:
    values = dict(zip(kind.names, theta, strict=True))
    model = kind.of(**{name: value * 30 if name in kind.times else value for name, value in values.items()})
    known = histories([[x], [min(one, other) if x else 0], [max(one, other)]])
    alive, orders = model.p_alive(known)[0], model.predict(known)[0]
    any_order = model.p_buy(known, "365d")[0]
    assert 0 <= any_order <= alive + 1e-9 <= 1 + 2e-9
    assert any_order - 1e-9 <= orders
    pmf = model.order_pmf(known, "365d", most=6)[0]
    assert np.all(pmf >= -1e-12)
    assert 1 - pmf[0] == pytest.approx(any_order, abs=1e-9)
    assert model.predict(known, "180d")[0] <= orders + 1e-12
    assert orders * 0.9 <= model.discounted_orders(known)[0] <= orders + 1e-12
    first, last = model.next_order_days(known)[0]
    assert 0 <= first <= last <= 365.0


@settings(max_examples=60)
@given(parameters, counts, some.integers(0, 1000), some.integers(1, 400), some.sampled_from(KINDS))
def test_silence_never_makes_a_customer_more_alive(
    theta: tuple[float, ...], x: int, t_x: int, longer: int, kind: type[BuyingModel]
) -> None:
    values = dict(zip(kind.names, theta, strict=True))
    model = kind.of(**{name: value * 30 if name in kind.times else value for name, value in values.items()})
    t_x = t_x if x else 0
    now, later = model.p_alive([[x, x], [t_x, t_x], [t_x + 1, t_x + 1 + longer]])
    assert later <= now + 1e-9


@settings(max_examples=40)
@given(some.floats(0.5, 50), some.floats(1.01, 20), some.floats(0.5, 1e4), some.integers(1, 50), some.floats(0.01, 1e6))
def test_expected_spend_lies_between_the_shops_mean_and_the_customers_own(
    p: float, q: float, v: float, orders: int, mean: float
) -> None:
    model = GammaGamma.of(p=p, q=q, v=v)
    found = model.predict([orders], [mean])[0]
    edges = sorted([mean, model.mean_spend_])
    assert edges[0] * (1 - 1e-9) <= found <= edges[1] * (1 + 1e-9)


def test_the_weak_prior_has_no_unit() -> None:
    x, t_x, age = sample(MBGNBD, 8, 60)
    days = MBGNBD(prior=True).fit([x, t_x * 7, age * 7])
    weeks = MBGNBD(prior=True, unit="weeks").fit([x, t_x, age])
    assert list(weeks.parameters_.values()) == pytest.approx(list(days.parameters_.values()), rel=1e-9)


def test_predicting_never_changes_a_model() -> None:
    known = histories(sample(MBGNBD, 4, 200))
    model = MBGNBD().fit(known)
    before = dict(vars(model))
    model.predict(known), model.p_alive(known), model.order_quantile(known, 0.9), model.next_order_days(known)
    assert vars(model).keys() == before.keys()
    assert all(vars(model)[name] is value for name, value in before.items())


def test_a_heavy_spender_does_not_wreck_the_others() -> None:
    chance = np.random.default_rng(1)
    n = 3000
    orders = 1.0 + chance.poisson(2.0, n)
    mean = chance.gamma(SPEND.p_ * orders) / chance.gamma(SPEND.q_, 1 / SPEND.v_, n) / orders
    calm = GammaGamma(reach=4.0).fit(orders, mean)
    mean[:3] = 1e6
    wild = GammaGamma(reach=4.0).fit(orders, mean)
    assert wild.mean_spend_ == pytest.approx(calm.mean_spend_, rel=0.05)
    assert wild.predict(orders[:3], mean[:3]) == pytest.approx(mean[:3], rel=0.6)
