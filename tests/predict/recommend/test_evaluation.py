"""Judging recommendations on time that was held out, and refusing to be fooled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from volver.predict.recommend.baselines import NoTime, PastBehaviour
from volver.predict.recommend.evaluation import (
    Contender,
    by_customer,
    carts,
    described,
    evaluate,
    intervals,
    next_item,
    sessions,
    split,
)
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.ranking import best_of_rows, filled, without
from volver.predict.when.purchases import Leak

ROWS = Interactions.of(
    {
        "user": [1, 1, 1, 1, 2, 2, 2, 3],
        "item": [10, 11, 10, 12, 10, 12, 13, 10],
        "basket": [1, 1, 2, 3, 4, 5, 5, 6],
        "time": [1.0, 1.0, 5.0, 11.0, 2.0, 12.0, 12.0, 3.0],
    }
)


def crowd(n: int = 120, seed: int = 1) -> Interactions:
    """Customers who each take two favourites of thirty again and again."""
    chance = np.random.default_rng(seed)
    favourite = chance.integers(0, 30, (n, 2))
    user = np.repeat(np.arange(n), 24)
    item = np.where(chance.random(len(user)) < 0.8, favourite[user, chance.integers(0, 2, len(user))],
                    chance.integers(0, 30, len(user)))  # fmt: skip
    day = np.tile(np.repeat(np.arange(12) * 14.0, 2), n) + np.repeat(chance.integers(0, 14, n), 24)
    return Interactions.of({"user": user, "item": item, "time": day, "basket": user * 1000 + day.astype(int)})


def test_the_next_basket_is_the_first_after_the_cut_and_new_items_are_in_no_truth() -> None:
    held = split(ROWS, 10.0)
    assert held.known.at.max() < 10.0
    assert held.users.tolist() == []  # 12 and 13 were unknown before the cut
    later = split(ROWS, 11.5)
    assert later.users.tolist() == [1]
    assert later.basket.indices.tolist() == [2]


def test_rows_without_time_have_no_future() -> None:
    with pytest.raises(NoTime):
        split(Interactions.of({"user": [1], "item": [1]}), 1.0)


def test_measures_agree_with_counting_by_hand() -> None:
    truth = sparse.csr_matrix(np.array([[1, 0, 1, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]))
    found = by_customer(np.array([[2, 1, 0], [3, 4, -1], [0, 1, 2]]), truth, (2, 3))
    assert found["recall@3"][:2].tolist() == pytest.approx([2 / 3, 0])
    assert found["recall@2"][0] == pytest.approx(1 / 3)
    ideal = 1 + 1 / np.log2(3) + 0.5
    assert found["ndcg@3"][0] == pytest.approx(1.5 / ideal)
    assert found["mrr@3"][:2].tolist() == [1.0, 0.0]
    assert found["hr@2"][:2].tolist() == [1.0, 0.0]
    assert all(np.isnan(values[2]) for values in found.values())


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_a_perfect_list_scores_one_and_no_list_scores_more(seed: int, k: int) -> None:
    chance = np.random.default_rng(seed)
    truth = sparse.csr_matrix((chance.random((5, 9)) < 0.4).astype(float))
    perfect = best_of_rows(truth, k)
    some = np.argsort(chance.random((5, 9)), axis=1)[:, :k]
    best, other = by_customer(perfect, truth, (k,)), by_customer(some, truth, (k,))
    there = np.diff(truth.indptr) > 0
    assert np.allclose(best[f"ndcg@{k}"][there], 1.0)
    for name in best:
        assert np.all(other[name][there] <= best[name][there] + 1e-12)


@given(st.integers(0, 10_000), st.integers(1, 8))
def test_lists_are_what_sorting_each_row_gives(seed: int, k: int) -> None:
    chance = np.random.default_rng(seed)
    dense = np.round(chance.random((6, 12)) * (chance.random((6, 12)) < 0.6), 1)
    barred = sparse.csr_matrix((chance.random((6, 12)) < 0.3).astype(float))
    order, rows = chance.permutation(12), without(sparse.csr_matrix(dense), barred)
    lists = filled(best_of_rows(rows, k), order, barred)
    for row in range(6):
        banned = set(barred[row].indices.tolist())
        own = [item for item in sorted(range(12), key=lambda i: (-dense[row, i], i)) if dense[row, item] > 0]
        own = [item for item in own if item not in banned][:k]
        own += [item for item in order.tolist() if item not in banned and item not in own][: k - len(own)]
        assert [item for item in lists[row].tolist() if item >= 0] == own


def test_what_learned_from_after_the_cut_is_refused() -> None:
    rows = crowd()
    held = split(rows, 140.0)
    late = Contender(name="seer", recommend=lambda users, k, new: np.zeros((len(users), k)), until=140.0)
    with pytest.raises(Leak):
        evaluate(held, [late])
    with pytest.raises(Leak):
        PastBehaviour(rows, 140.0)


def test_past_behaviour_beats_popularity_where_customers_have_habits() -> None:
    judged = {each.name: each for each in evaluate(split(crowd(), 140.0), [], ks=(3,), draws=100)}
    best, usual = judged["popularity"].basket["recall@3"], judged["GP-TopFreq"].basket["recall@3"]
    assert usual.low > best.high
    assert judged["GP-TopFreq"].ahead["recall@3"].value == 0.0
    assert judged["popularity"].ahead["recall@3"].high < 0.0
    assert judged["GP-TopFreq"].repeat["recall@3"].value > judged["GP-TopFreq"].explore["recall@3"].value


def test_new_only_lists_hold_nothing_that_was_bought() -> None:
    past = PastBehaviour(split(crowd(), 140.0).known, 140.0)
    users = np.arange(40)
    lists = past.recent(users, 10, new_only=True)
    assert (lists >= 0).all()
    assert not any(past.bought[user, item] for user, row in zip(users, lists, strict=True) for item in row)


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    chance, covered = np.random.default_rng(3), 0
    for seed in range(200):
        found = intervals({"x": chance.exponential(1.0, 80)}, draws=200, seed=seed)["x"]
        covered += found.low <= 1.0 <= found.high
    assert 0.88 <= covered / 200 <= 0.99


def test_nobody_to_ask_is_no_zero() -> None:
    assert intervals({"x": np.full(3, np.nan)})["x"].value is None


def test_a_list_of_best_sellers_is_called_biased_and_narrow() -> None:
    past = PastBehaviour(split(crowd(), 140.0).known, 140.0)
    narrow = described(past.best(np.arange(50), 5), past)
    wide = described(np.random.default_rng(0).integers(0, 30, (50, 5)), past, prices=np.full(30, 2.0))
    assert narrow["coverage"] < wide["coverage"]
    assert narrow["popularity_bias"] > wide["popularity_bias"]
    assert narrow["novelty"] < wide["novelty"]
    assert (narrow["price"], wide["price"]) == (None, 2.0)


def test_a_held_out_item_is_never_shown_in_its_cart() -> None:
    chance = np.random.default_rng(0)
    basket = np.repeat(np.arange(60), 8)
    rows = Interactions.of({"user": basket // 2, "basket": basket, "item": chance.integers(0, 40, len(basket))})
    asked = carts(rows, np.ones(rows.n_items, dtype=bool), n=50, most=5)
    assert len(asked.target) == 50
    assert not (asked.shown == asked.target[:, None]).any()
    assert ((asked.shown >= 0).sum(axis=1) >= 3).all()
    perfect = next_item(asked.target[:, None], asked.target, (1,))
    assert perfect["mrr@1"].mean() == 1.0


def test_every_step_of_a_session_is_asked_once() -> None:
    rows = Interactions.of({"session_id": [1, 1, 1, 2, 2], "item": [5, 6, 7, 5, 8], "time": [1, 2, 3, 1, 2]})
    asked = sessions(rows, np.ones(rows.n_items, dtype=bool), most=2)
    assert asked.target.tolist() == [1, 2, 3]
    assert asked.shown.tolist() == [[-1, 0], [0, 1], [-1, 0]]
