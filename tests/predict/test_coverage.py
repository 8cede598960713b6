"""Intervals of a law hold as often as they claim: for one customer, and for all together."""

import numpy as np
import pytest

from volver.predict import MBGNBD, BuyingModel, CustomerWorth, GammaGamma, ParetoNBD, histories
from volver.predict.laws.history import Histories

SPEND = GammaGamma.of(p=6.25, q=3.74, v=15.44)
AHEAD = 273.0
TRUTHS = {
    ParetoNBD: {"r": 0.55, "alpha": 74.0, "s": 0.6, "beta": 82.0},
    MBGNBD: {"r": 0.52, "alpha": 43.0, "a": 0.9, "b": 1.6},
}


def future(kind: type[BuyingModel], n: int, seed: int) -> tuple[Histories, np.ndarray]:
    """Histories of 26 to 39 weeks in continuous time under a known law, and the orders of the next 39 weeks."""
    chance, law = np.random.default_rng(seed), TRUTHS[kind]
    age = np.floor(chance.uniform(182, 274, n))
    rate = chance.gamma(law["r"], 1 / law["alpha"], n)
    if kind is ParetoNBD:
        lived = chance.exponential(size=n) / chance.gamma(law["s"], 1 / law["beta"], n)
        most = np.full(n, np.inf)
    else:
        lived, most = np.full(n, np.inf), chance.geometric(chance.beta(law["a"], law["b"], n)) - 1.0
    x, t_x, later, now = (np.zeros(n) for _ in range(4))
    going = np.flatnonzero(most > 0)
    while len(going):
        now[going] += chance.exponential(size=len(going)) / rate[going]
        going = going[now[going] <= np.minimum(lived, age + AHEAD)[going]]
        past = now[going] <= age[going]
        x[going[past]] += 1
        t_x[going[past]] = now[going[past]]
        later[going[~past]] += 1
        going = going[(x + later)[going] < most[going]]
    return histories([x, t_x, age]), later


def held(kind: type[BuyingModel], n: int, rounds: int) -> tuple[float, float]:
    """Share of customers within their central 90 % (randomised PIT), and of totals within their interval."""
    customers, totals = [], []
    for seed in range(rounds):
        known, later = future(kind, n, 1000 + seed)
        model = kind().fit(known)
        below = np.cumsum(model.order_pmf(known, AHEAD, most=int(later.max()) + 1), axis=1)
        place = np.arange(n), later.astype(int)
        up_to = below[place]
        before = np.where(later > 0, below[place[0], np.maximum(place[1] - 1, 0)], 0.0)
        where = before + np.random.default_rng(seed).random(n) * (up_to - before)
        customers.append(np.mean((where >= 0.05) & (where <= 0.95)))
        total = CustomerWorth(buying=model, spend=SPEND, discount=0).total_orders(known, AHEAD)
        totals.append(total.low <= later.sum() <= total.high)
    return float(np.mean(customers)), float(np.mean(totals))


@pytest.mark.parametrize("kind", TRUTHS)
def test_one_customer_stays_within_the_interval_as_often_as_claimed(kind: type[BuyingModel]) -> None:
    assert 0.88 <= held(kind, 2000, 3)[0] <= 0.92


@pytest.mark.slow
@pytest.mark.parametrize("kind", TRUTHS)
def test_totals_stay_within_the_interval_as_often_as_claimed(kind: type[BuyingModel]) -> None:
    customers, totals = held(kind, 2000, 200)
    assert 0.88 <= customers <= 0.92
    assert 0.85 <= totals <= 0.95
