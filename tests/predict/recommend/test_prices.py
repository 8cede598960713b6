"""Price levels: what is said of customers, and what is not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.prices import PriceAffinity, percentiles

PRICE = np.arange(20.0) % 10 + 1.0
KIND = ["wine"] * 10 + ["cheese"] * 10


def crowd(seed: int = 0) -> tuple[Interactions, np.ndarray]:
    """Customers 0 to 29 buy cheap, 30 to 59 dear, 60 once; cheap ones on discount."""
    chance = np.random.default_rng(seed)
    user = np.append(np.repeat(np.arange(60), 12), 60)
    level = np.where(user < 30, chance.integers(0, 4, len(user)), chance.integers(6, 10, len(user)))
    item = level + 10 * chance.integers(0, 2, len(user))
    item[:20] = np.arange(20)
    return Interactions.of({"user": user, "item": item}), user < 30


def test_cheap_and_dear_buyers_are_told_apart_and_few_purchases_say_nothing() -> None:
    rows, _ = crowd()
    level = PriceAffinity().fit(rows, PRICE, category=KIND).level(range(62))
    assert level[5:30].max() < 0 < level[30:60].min()
    assert np.isnan(level[60])
    assert np.isnan(level[61])


def test_an_item_at_the_own_level_fits_best() -> None:
    rows, _ = crowd()
    model = PriceAffinity().fit(rows, PRICE, category=KIND)
    fit = model.fits([20, 20, 50, 50, 60, 20], [1, 8, 1, 8, 1, 999])
    assert fit[0] > 0.5 > fit[1]
    assert fit[3] > 0.5 > fit[2]
    assert np.isnan(fit[4:]).all()


def test_affinity_has_a_row_per_category_that_was_bought() -> None:
    rows, _ = crowd()
    found = PriceAffinity().fit(rows, PRICE, category=KIND).affinity([40])
    assert sorted(found["category"].tolist()) == ["cheese", "wine"]
    assert (found["mean"] > 0.5).all()
    assert found["n"].sum() == 12


def test_discount_share_is_known_only_where_there_are_discounts() -> None:
    rows, taken = crowd()
    without = PriceAffinity().fit(rows, PRICE, category=KIND)
    with_them = PriceAffinity().fit(rows, PRICE, category=KIND, discounted=taken)
    assert np.isnan(without.sensitivity([1, 40])).all()
    assert with_them.sensitivity([1])[0] > 0.9 > 0.1 > with_them.sensitivity([40])[0]
    assert np.isnan(with_them.sensitivity([60, 99])).all()


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([1.0, 2.0, 3.0, np.nan])), min_size=1, max_size=40))
def test_percentiles_are_middle_ranks(rows: list[tuple[int, float]]) -> None:
    group, price = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    found = percentiles(price, group)
    for place, (kind, own) in enumerate(rows):
        if np.isnan(own):
            assert np.isnan(found[place])
            continue
        same = price[(group == kind) & np.isfinite(price)]
        assert np.isclose(found[place], ((same < own).sum() + (same <= own).sum()) / 2 / len(same))


@given(st.integers(0, 300))
def test_every_answer_is_a_share_or_nothing(seed: int) -> None:
    chance = np.random.default_rng(seed)
    n = int(chance.integers(1, 80))
    rows = Interactions.of({"user": chance.integers(0, 9, n), "item": chance.integers(0, 12, n)})
    price = np.where(chance.random(rows.n_items) < 0.2, np.nan, chance.exponential(5.0, rows.n_items))
    kind = [None if draw < 0.2 else "ab"[int(draw * 2)] for draw in chance.random(rows.n_items)]
    model = PriceAffinity().fit(rows, price, category=kind, discounted=chance.random(n) < 0.3)
    mean, fit = model.affinity()["mean"], model.fits(np.arange(9), np.arange(9))
    for values in (mean, fit, model.sensitivity(range(9))):
        known = values[np.isfinite(values)]
        assert ((known >= 0) & (known <= 1)).all()
