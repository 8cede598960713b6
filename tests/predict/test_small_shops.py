"""Small and strange shops: every law gives a finite answer, and never an exception."""

import numpy as np
import pytest

from volver.predict import BGNBD, MBGNBD, BuyingModel, CustomerWorth, ParetoNBD, histories
from volver.predict.laws.erlang import BGCNBD, MBGCNBD
from volver.predict.laws.nbd import NBD
from volver.predict.laws.spend_mixed import MixedSpend

MODELS = {
    "ParetoNBD": ParetoNBD,
    "BGNBD": BGNBD,
    "MBGNBD": MBGNBD,
    "NBD": NBD,
    "BGCNBD-2": lambda: BGCNBD(k=2),
    "MBGCNBD-auto": lambda: MBGCNBD(k="auto"),
}
TRUTHS = (BGNBD, MBGNBD, ParetoNBD, MBGCNBD)
TYPICAL = {"r": 0.4, "alpha": 40.0, "a": 0.8, "b": 2.0, "s": 0.6, "beta": 80.0}


def shop(seed: int) -> list[np.ndarray]:
    """30 to 1,000 customers in whole days, of a law and of parameters that the seed chooses."""
    chance, kind, n = np.random.default_rng(seed), TRUTHS[seed % 4], (30, 100, 300, 1000)[seed // 4 % 4]
    truth = kind.of(**{name: TYPICAL[name] * float(np.exp(chance.normal(0, 0.6))) for name in kind.names})
    known = truth.simulate(np.floor(chance.uniform(7 * 13, 7 * 39, n)), seed=seed)
    x, t_x, age = (column[known.row_of] for column in (known.x, np.floor(known.t_x), known.T))
    return [x, t_x, age]


def answers(model: BuyingModel, columns: list[np.ndarray], seed: int) -> None:
    """Fit, ask everything, and insist on finite, possible answers."""
    model.fit(columns)
    known = histories(columns)
    assert model.converged_
    assert np.isfinite(model.log_likelihood_)
    assert np.all(np.isfinite(list(model.standard_errors_.values())))
    found = [model.p_alive(known), model.predict(known), model.p_buy(known), model.next_order_days(known)]
    found += [model.discounted_orders(known), model.order_pmf(known, most=5) + 1e-12]
    mean = np.random.default_rng(seed).gamma(5.0, 8.0, len(columns[0]))
    worth = CustomerWorth(buying=model, spend=MixedSpend().fit(columns[0] + 1, mean)).worth(known, columns[0] + 1, mean)
    found += [worth.value, worth.low, worth.high, worth.high - worth.low]
    assert all(np.all(np.isfinite(answer)) and np.all(answer >= 0) for answer in found)


@pytest.mark.parametrize("name", MODELS)
def test_small_shops_get_finite_answers(name: str) -> None:
    for seed in range(0, 16, 3):
        answers(MODELS[name](), shop(seed), seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_four_hundred_small_shops_get_finite_answers(name: str) -> None:
    for seed in range(400):
        answers(MODELS[name](), shop(seed), seed)


STRANGE = {
    "nobody": ([], [], []),
    "one": ([0], [0], [0]),
    "nobody came back": ([0] * 50, [0] * 50, [30] * 50),
    "all the same": ([3] * 50, [20] * 50, [30] * 50),
    "one very busy": ([5000], [729], [730]),
    "one very old": ([1, 0], [1, 0], [1, 20000]),
    "many, nobody came back": ([0] * 3000, [0] * 3000, [100] * 3000),
    "came back at once": ([2, 0], [0, 0], [10, 10]),
    "all just now": ([4] * 20, [50] * 20, [50] * 20),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("strange", STRANGE)
def test_strange_shops_get_an_answer(name: str, strange: str) -> None:
    columns = [list(column) for column in STRANGE[strange]]
    model = MODELS[name]().fit(columns)
    for answer in (
        model.p_alive(columns),
        model.predict(columns),
        model.p_buy(columns),
        model.next_order_days(columns),
    ):
        assert np.all(np.isfinite(answer))
    assert np.all(np.isfinite(model.order_pmf([[0], [0], [0]], most=3)))
    assert np.all(model.order_quantile(columns, 0.95) >= 0)
    assert all(np.isfinite(list(model.parameters_.values())))
