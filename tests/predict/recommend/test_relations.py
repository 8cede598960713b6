"""Complements and substitutes in a shop where it is known which is which."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from volver.predict.numerics.params import NotFitted
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.relations import Relations, dots
from volver.predict.recommend.text_similarity import TextSimilarity

NAMES = {1: "Spaghetti 500 g", 2: "Tomato sauce 400 g", 3: "Cola one 2 L", 4: "Cola two 2 L"}
NAMES |= {n: f"{word} {n}" for n, word in enumerate(["Soap", "Brush", "Candle", "Nails", "Radio", "Lamp"], start=5)}


def shop(seed: int = 0) -> Interactions:
    """Pasta goes with sauce; each basket with cola holds one of two colas; the rest is chance."""
    chance, rows = np.random.default_rng(seed), []
    for basket in range(1200):
        user = basket % 150
        inside = set(chance.integers(5, 11, 2).tolist())
        if chance.random() < 0.3:
            inside |= {1, 2} if chance.random() < 0.8 else {1}
        if user < 75 and chance.random() < 0.6:
            inside.add(3 if chance.random() < 0.5 else 4)
        rows += [(user, basket, item) for item in inside]
    user, basket, item = np.array(rows).T
    return Interactions.of({"user": user, "basket": basket, "item": item})


@pytest.fixture(scope="module")
def learned() -> Relations:
    text = TextSimilarity().fit(list(NAMES), list(NAMES.values()))
    return Relations().fit(shop(), text=text)


def test_what_is_bought_together_beyond_habit_is_a_complement(learned: Relations) -> None:
    found = learned.complements([1], 3)
    assert found["other"].tolist() == [2]
    assert found["together"][0] > 2 * found["by_habit"][0]


def test_what_is_alike_and_never_together_is_a_substitute(learned: Relations) -> None:
    found = learned.substitutes([3, 4], 3)
    assert found["item"].tolist() == [3, 4]
    assert found["other"].tolist() == [4, 3]
    assert found["together"].tolist() == [0, 0]
    assert (found["by_habit"] > 10).all()


def test_things_bought_by_chance_are_neither(learned: Relations) -> None:
    assert len(learned.complements(range(5, 11))["item"]) == 0
    assert len(learned.substitutes(range(5, 11))["item"]) == 0


def test_the_counts_are_those_of_counting(learned: Relations) -> None:
    rows, pairs = shop(), learned.pairs_
    baskets = {code: set(rows.basket[rows.item == code].tolist()) for code in range(rows.n_items)}
    users = {code: set(rows.user[rows.item == code].tolist()) for code in range(rows.n_items)}
    for place in range(len(pairs.item)):
        a, b = int(pairs.item[place]), int(pairs.other[place])
        assert pairs.together[place] == len(baskets[a] & baskets[b])
        assert pairs.customers[place] == len(users[a] & users[b])


def test_a_category_alone_says_which_are_alike() -> None:
    kinds = ["colas" if item in (3, 4) else None for item in sorted(NAMES)]
    found = Relations().fit(shop(), category=kinds).substitutes([3])
    assert found["other"].tolist() == [4]


def test_nothing_learned_is_said_so() -> None:
    with pytest.raises(NotFitted):
        Relations().complements([1])


@given(st.integers(0, 1000))
def test_dots_are_the_products_of_rows(seed: int) -> None:
    chance = np.random.default_rng(seed)
    rows = sparse.random(6, 9, 0.4, format="csr", random_state=seed)
    first, second = chance.integers(0, 6, 20), chance.integers(0, 6, 20)
    assert np.allclose(dots(rows, first, second), (rows @ rows.T).toarray()[first, second])
