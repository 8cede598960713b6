"""Dearer alternatives, ranked by the margin that they should add."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from volver.predict.recommend.baselines import NoTime
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.upsell import UpSell

PRICE = np.array([10.0, 12.0, 13.0, 30.0, 11.0])  # codes 0 to 4 are items 1 to 5
KIND = ["a", "a", "a", "a", "b"]


def moves(n: int = 200) -> Interactions:
    """Of those who buy item 1, half go on to item 2 and a few to item 3."""
    user = np.arange(n)
    later = np.where(user % 2 == 0, 2, np.where(user % 20 == 1, 3, 1))
    others = np.arange(n, n + 10)
    return Interactions.of(
        {
            "user": np.concatenate([user, user, others, others]),
            "item": np.concatenate([np.ones(n, int), later, np.full(10, 4), np.full(10, 5)]),
            "time": np.concatenate([np.zeros(n), np.full(n, 5.0), np.zeros(10), np.zeros(10)]),
        }
    )


def test_only_dearer_items_of_the_kind_within_the_step_are_offered() -> None:
    found = UpSell().fit(moves(), PRICE, category=KIND).upsells([1, 4], 5)
    assert found["item"].tolist() == [1, 1]
    assert set(found["other"].tolist()) == {2, 3}
    assert ((found["step"] >= 0.1) & (found["step"] <= 0.6)).all()


def test_the_chance_is_what_customers_did_drawn_to_the_shop() -> None:
    model = UpSell().fit(moves(), PRICE, category=KIND)
    found = {int(other): place for place, other in enumerate(model.upsells([1])["other"])}
    told = model.upsells([1])
    assert told["moved"][found[2]] == 100
    assert told["of"][found[2]] == 200
    assert 0.4 < told["p_accept"][found[2]] <= 0.5
    assert told["p_accept"][found[3]] < 0.1
    assert np.allclose(told["expected"], told["p_accept"] * told["gain"])


def test_margin_decides_not_price() -> None:
    thin = np.array([5.0, 5.1, 12.0, 9.0, 4.0])
    found = UpSell().fit(moves(), PRICE, margin=thin, category=KIND).upsells([1], 1)
    assert found["other"].tolist() == [3]
    worse = UpSell().fit(moves(), PRICE, margin=np.array([5.0, 1.0, 1.0, 9.0, 4.0]), category=KIND)
    assert len(worse.upsells([1])["item"]) == 0


def test_without_time_nobody_moved() -> None:
    with pytest.raises(NoTime):
        UpSell().fit({"user": [1], "item": [1]}, [1.0])


def test_an_unknown_price_is_never_offered() -> None:
    price = PRICE.copy()
    price[1] = np.nan
    found = UpSell().fit(moves(), price, category=KIND).upsells([1, 2])
    assert 2 not in found["other"].tolist()
    assert 2 not in found["item"].tolist()


@given(st.integers(0, 500))
def test_moves_are_those_of_counting(seed: int) -> None:
    chance = np.random.default_rng(seed)
    user, item, at = chance.integers(0, 12, 60), chance.integers(0, 5, 60), chance.integers(0, 9, 60)
    rows = Interactions.of({"user": user, "item": item, "time": at.astype(float)})
    price = np.array([10.0, 11.5, 12.0, 13.0, 14.0])[rows.items.values]
    model = UpSell().fit(rows, price, category=["a"] * rows.n_items)
    for place in range(len(model.item_)):
        a, b = rows.items.values[[model.item_[place], model.other_[place]]]
        bought = [u for u in range(12) if ((user == u) & (item == a)).any() and ((user == u) & (item == b)).any()]
        moved = sum(at[(user == u) & (item == a)].min() < at[(user == u) & (item == b)].max() for u in bought)
        assert model.moved_[place] == moved
    assert ((model.p_accept_ >= 0) & (model.p_accept_ <= 1)).all()
