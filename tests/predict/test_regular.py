"""Customers with a rhythm (Erlang gaps) and customers who never stop, against chance itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from volver.predict import BGNBD, MBGNBD, CustomerWorth, GammaGamma, histories
from volver.predict.laws.erlang import BGCNBD, MBGCNBD, log_gaps, wheat_morrison
from volver.predict.laws.nbd import NBD

TRUTH = MBGCNBD.of(k=3, r=1.3, alpha=14.0, a=0.45, b=1.6)


def futures(truth: BGCNBD, n: int, seed: int, days: float) -> dict[str, np.ndarray]:
    """Histories, sums of log gaps, and the orders of the days after, one draw per customer. Continuous time."""
    chance = np.random.default_rng(seed)
    age = np.floor(chance.uniform(30, 700, n))
    rate, stop = chance.gamma(truth.r_, 1 / truth.alpha_, n), chance.beta(truth.a_, truth.b_, n)
    x, t_x, later, now, logs = (np.zeros(n) for _ in range(5))
    going = np.flatnonzero(chance.random(n) >= stop) if truth.first_chances else np.arange(n)
    while len(going):
        gap = chance.gamma(truth.k_, size=len(going)) / np.maximum(rate[going], 1e-300)
        now[going] += gap
        kept = now[going] <= age[going] + days
        going, gap = going[kept], gap[kept]
        past = now[going] <= age[going]
        x[going[past]] += 1
        t_x[going[past]] = now[going[past]]
        logs[going[past]] += np.log(gap[past])
        later[going[~past]] += 1
        going = going[chance.random(len(going)) >= stop[going]]
    return {"x": x, "t_x": t_x, "T": age, "later": later, "logs": logs}


def known_of(found: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [found["x"], found["t_x"], found["T"]]


@pytest.mark.parametrize("kind", [BGCNBD, MBGCNBD])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_gradient_and_hessian_are_the_derivatives(kind: type[BGCNBD], k: int) -> None:
    truth = kind.of(k=k, r=0.6, alpha=20.0, a=0.8, b=2.0)
    likelihood = kind(k=k)._likelihood(truth.simulate(np.random.default_rng(1).uniform(50, 300, 300), seed=k))
    theta, step = np.log([0.4, 30.0, 0.9, 2.0]), 1e-5 * np.eye(4)
    _, gradient, hessian = likelihood(theta)
    slopes = [(likelihood(theta + one)[0] - likelihood(theta - one)[0]) / 2e-5 for one in step]
    bends = [(likelihood(theta + one)[1] - likelihood(theta - one)[1]) / 2e-5 for one in step]
    assert gradient == pytest.approx(np.array(slopes), rel=1e-6, abs=1e-6)
    assert hessian == pytest.approx(np.array(bends), rel=1e-5, abs=1e-4)


def test_gradient_and_hessian_of_nbd_are_the_derivatives() -> None:
    known = NBD.of(r=0.5, alpha=40.0).simulate(np.random.default_rng(1).uniform(50, 300, 300), seed=2)
    likelihood, theta, step = NBD()._likelihood(known), np.log([0.4, 30.0]), 1e-5 * np.eye(2)
    _, gradient, hessian = likelihood(theta)
    slopes = [(likelihood(theta + one)[0] - likelihood(theta - one)[0]) / 2e-5 for one in step]
    bends = [(likelihood(theta + one)[1] - likelihood(theta - one)[1]) / 2e-5 for one in step]
    assert gradient == pytest.approx(np.array(slopes), rel=1e-6, abs=1e-6)
    assert hessian == pytest.approx(np.array(bends), rel=1e-5, abs=1e-4)


@pytest.mark.parametrize(("one", "other"), [(BGNBD, BGCNBD), (MBGNBD, MBGCNBD)])
def test_one_stage_is_the_plain_model(one: type[BGNBD], other: type[BGCNBD]) -> None:
    known = one.of(r=0.5, alpha=43.0, a=0.9, b=1.6).simulate(
        np.floor(np.random.default_rng(2).uniform(30, 700, 400)), 3
    )
    plain, staged = one(prior=False).fit(known), other(k=1, prior=False).fit(known)
    assert staged.log_likelihood_ == pytest.approx(plain.log_likelihood_, abs=1e-9)
    staged = other.of(k=1, **plain.parameters_)
    for ask in ("p_alive", "predict", "p_buy", "order_pmf", "next_order_days", "discounted_orders"):
        assert getattr(staged, ask)(known) == pytest.approx(getattr(plain, ask)(known), rel=4e-11, abs=1e-13), ask
    assert np.array_equal(staged.order_quantile(known, 0.9), plain.order_quantile(known, 0.9))


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("kind", [BGCNBD, MBGCNBD])
def test_the_expectation_is_the_sum_of_the_chances_of_one_more(kind: type[BGCNBD], k: int) -> None:
    """Two derivations: generating functions at the k-th roots of one, and the tails of a sum of stages."""
    model = kind.of(k=k, r=1.3, alpha=14.0, a=0.2, b=0.3)
    known = histories([[0, 0, 2, 7, 40], [0, 0, 30, 100, 300], [0, 60, 90, 101, 600]])
    sums = [model.moments_by_row(known, days)[0] for days in (1.0, 60.0, 400.0)]
    means = [model.orders_by_row(known, days) for days in (1.0, 60.0, 400.0)]
    assert np.array(means) == pytest.approx(np.array(sums), rel=2e-7)


def test_the_expectation_agrees_with_monte_carlo() -> None:
    found = futures(TRUTH, 100_000, seed=1, days=365.0)
    foreseen = TRUTH.predict(known_of(found), "365d")
    for group in np.array_split(np.argsort(foreseen), 8):
        chance = found["later"][group].std() / np.sqrt(len(group))
        assert abs(found["later"][group].mean() - foreseen[group].mean()) < 4 * chance
    alive = TRUTH.p_buy(known_of(found), "365d")
    for group in np.array_split(np.argsort(alive), 8):
        assert np.mean(found["later"][group] > 0) == pytest.approx(
            alive[group].mean(), abs=4 * 0.5 / np.sqrt(len(group))
        )


def test_the_law_of_counts_agrees_with_monte_carlo_for_short_and_long_silence() -> None:
    found = futures(TRUTH, 80_000, seed=2, days=60.0)
    pmf, silence = TRUTH.order_pmf(known_of(found), 60.0, most=10), found["T"] - found["t_x"]
    for some_of in (silence < 15, (silence > 20) & (silence < 60)):
        group = (found["x"] >= 1) & some_of
        seen = np.bincount(found["later"][group].astype(int), minlength=11)[:11] / group.sum()
        assert seen == pytest.approx(pmf[group].mean(axis=0), abs=4 * 0.5 / np.sqrt(group.sum()))


def test_ninety_percent_of_counts_lie_where_the_law_says() -> None:
    found = futures(TRUTH, 20_000, seed=3, days=200.0)
    model = MBGCNBD(k=3).fit(known_of(found), log_gaps=found["logs"])
    pmf = model.order_pmf(known_of(found), 200.0, most=80)
    later = np.minimum(found["later"].astype(int), 80)
    row = np.arange(len(later))
    below = np.concatenate([np.zeros((len(pmf), 1)), np.cumsum(pmf, axis=1)], axis=1)
    place = below[row, later] + np.random.default_rng(4).random(len(later)) * pmf[row, later]
    assert 0.88 < np.mean((place > 0.05) & (place < 0.95)) < 0.92


def test_the_wait_for_the_next_order_agrees_with_the_chance_of_one() -> None:
    known = histories([[0, 2, 7], [0, 30, 100], [60, 90, 101]])
    waits = TRUTH.next_order_days(known, (0.25, 0.75), 200.0)
    whole = TRUTH.p_buy(known, 200.0)
    for column, q in enumerate((0.25, 0.75)):
        reached = [TRUTH.p_buy(known, float(wait))[row] for row, wait in enumerate(waits[:, column])]
        assert np.array(reached) == pytest.approx(q * whole, rel=1e-8)


def test_parameters_and_k_are_recovered() -> None:
    found = futures(TRUTH, 10_000, seed=5, days=1.0)
    model = MBGCNBD(k="auto").fit(known_of(found), log_gaps=found["logs"], regularity=2.6)
    assert model.k_ == 3
    assert model.converged_
    for name, value in TRUTH.parameters_.items():
        assert abs(model.parameters_[name] - value) < 4 * model.standard_errors_[name]
    assert MBGCNBD(k="auto").fit(known_of(found)).k_ == 3  # from t_x alone, with more customers than usual
    plain = MBGNBD.of(r=0.5, alpha=43.0, a=0.9, b=1.6).simulate(
        np.floor(np.random.default_rng(6).uniform(30, 700, 3000))
    )
    assert MBGCNBD(k="auto").fit(plain).k_ == 1


def test_unknown_gaps_cost_no_more_than_they_must() -> None:
    """For one repeat order the gap is t_x, so knowing it changes nothing."""
    known = [[1.0] * 40, list(range(5, 45)), [60.0] * 40]
    logs = float(np.sum(np.log(known[1])))
    told, untold = (MBGCNBD(k=2).fit(known, log_gaps=gaps) for gaps in (logs, None))
    assert told.log_likelihood_ == pytest.approx(untold.log_likelihood_, abs=1e-9)
    weeks = MBGCNBD(k=2, unit="weeks").fit(
        [known[0], np.array(known[1]) / 7, np.array(known[2]) / 7], log_gaps=logs - 40 * np.log(7)
    )
    assert weeks.log_likelihood_ == pytest.approx(told.log_likelihood_, abs=1e-6)


def test_wheat_and_morrison_see_the_rhythm() -> None:
    chance = np.random.default_rng(7)
    for k in (1, 3):
        gaps = chance.gamma(k, size=(6000, 3)) * chance.gamma(2.0, 10.0, (6000, 1))
        assert wheat_morrison(gaps) == pytest.approx(k, rel=0.1)
    assert wheat_morrison([]) is None
    assert wheat_morrison([[3], [4, 4], [5, 5]]) is None
    assert log_gaps([10, 3, 3, 31]) == pytest.approx(np.log(7) + np.log(21))


def test_a_moved_model_keeps_its_stages_and_totals_can_be_asked() -> None:
    found = futures(TRUTH, 2000, seed=8, days=365.0)
    model = MBGCNBD(k="auto").fit(known_of(found), log_gaps=found["logs"])
    assert model.moved(np.full(4, 0.1)).k_ == model.k_ == 3
    mean = np.random.default_rng(9).gamma(5.0, 8.0, 2000)
    whole = CustomerWorth(buying=model, spend=GammaGamma().fit(found["x"] + 1, mean), discount=0)
    total = whole.total_orders(known_of(found))
    assert total.low < found["later"].sum() < total.high
    worth = whole.worth(known_of(found), found["x"] + 1, mean)
    assert np.all(worth.low <= worth.high)
    assert np.all(np.isfinite(worth.high))


def test_nbd_recovers_its_parameters_and_forgets_nobody() -> None:
    truth = NBD.of(r=0.5, alpha=43.0)
    model = NBD().fit(truth.simulate(np.random.default_rng(10).uniform(30, 700, 20_000), seed=11))
    for name, value in truth.parameters_.items():
        assert abs(model.parameters_[name] - value) < 4 * model.standard_errors_[name]
    known = histories([[0, 3], [0, 20], [700, 700]])
    assert model.p_alive(known).tolist() == [1.0, 1.0]
    assert model.order_pmf(known, 90.0, most=60) @ np.arange(61) == pytest.approx(model.predict(known, 90.0), rel=1e-6)


parameters = some.tuples(*[some.floats(0.05, 20.0)] * 4)


@settings(max_examples=25)
@given(
    parameters,
    some.integers(0, 200),
    some.integers(0, 3000),
    some.integers(0, 3000),
    some.integers(2, 4),
    some.booleans(),
)
def test_answers_are_possible_and_agree_with_one_another(
    theta: tuple[float, ...], x: int, one: int, other: int, k: int, first: bool
) -> None:
    kind = MBGCNBD if first else BGCNBD
    model = kind.of(k=k, r=theta[0], alpha=30 * theta[1], a=theta[2], b=theta[3])
    known = histories([[x], [min(one, other) if x else 0], [max(one, other)]])
    alive, orders, any_order = model.p_alive(known)[0], model.predict(known)[0], model.p_buy(known, "365d")[0]
    assert 0 <= any_order <= alive + 1e-9 <= 1 + 2e-9
    assert any_order - 1e-7 <= orders * (1 + 1e-6)
    pmf = model.order_pmf(known, "365d", most=6)[0]
    assert np.all(pmf >= -1e-12)
    assert 1 - pmf[0] == pytest.approx(any_order, abs=1e-9)
    assert model.predict(known, "180d")[0] <= orders * (1 + 1e-7) + 1e-9
    assert orders * 0.9 - 1e-9 <= model.discounted_orders(known)[0] <= orders * (1 + 1e-7) + 1e-9
    first_day, last_day = model.next_order_days(known)[0]
    assert 0 <= first_day <= last_day <= 365.0
