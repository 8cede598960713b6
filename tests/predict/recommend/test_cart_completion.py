"""Filling up a cart from its neighbours and from habit."""

import numpy as np
import pytest

from volver.predict.recommend.cart_completion import WEIGHTS, CartCompletion
from volver.predict.recommend.evaluation import carts, next_item
from volver.predict.recommend.interactions import Interactions
from volver.predict.when.purchases import Leak


def grocer(n: int = 3000, seed: int = 0) -> Interactions:
    """Baskets of one of eight themes of ten items, plus two items of the customer's own."""
    chance = np.random.default_rng(seed)
    user = chance.integers(0, 200, n)
    own = chance.integers(80, 200, (200, 3))
    day = np.sort(chance.uniform(0, 200, n))
    theme = chance.integers(0, 8, n)[:, None] * 10 + np.argsort(chance.random((n, 10)), axis=1)[:, :4]
    item = np.concatenate([theme, own[user][:, :2]], axis=1)
    return Interactions.of(
        {
            "user": np.repeat(user, 6),
            "item": item.ravel(),
            "basket": np.repeat(np.arange(n), 6),
            "time": np.repeat(day, 6),
        }
    )


@pytest.fixture(scope="module")
def learned() -> CartCompletion:
    rows = grocer()
    return CartCompletion().fit(rows.rows(rows.at < 180), at=180.0)


def test_the_blend_beats_habit_and_popularity(learned: CartCompletion) -> None:
    rows = grocer()
    asked = carts(rows.rows(rows.at >= 180), np.ones(rows.n_items, dtype=bool), n=400)
    past = learned.past_
    found = next_item(learned.ranked(asked.user, asked.shown, 12), asked.target, (12,))["hr@12"].mean()
    popular = next_item(past.best(asked.user, 12), asked.target, (12,))["hr@12"].mean()
    habit = next_item(past.recent(asked.user, 12), asked.target, (12,))["hr@12"].mean()
    assert found > 1.5 * max(popular, habit)


def test_the_weight_is_chosen_on_baskets_that_were_not_learned_from(learned: CartCompletion) -> None:
    assert learned.weight_ in WEIGHTS
    assert learned.weight_ > 0
    assert learned.trials_ >= 200


def test_what_is_in_the_cart_is_never_recommended(learned: CartCompletion) -> None:
    found = learned.recommend([0, 12345], [[0, 1, 2], [85, 999]], k=12)
    assert np.bincount(found["cart"]).tolist() == [12, 12]
    assert not set(found["item"][found["cart"] == 0].tolist()) & {0, 1, 2}
    assert 85 not in found["item"][found["cart"] == 1].tolist()


def test_a_small_shop_takes_the_usual_weight() -> None:
    rows = grocer(60)
    model = CartCompletion().fit(rows)
    assert model.trials_ == 0
    assert model.hr12_ is None
    assert len(model.recommend([1], [[3]])["item"]) == 12


def test_rows_after_the_end_are_refused() -> None:
    with pytest.raises(Leak):
        CartCompletion().fit(grocer(60), at=100.0)
