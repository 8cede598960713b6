"""Item neighbours: what they find, and that adding rows is the same as starting again."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volver.predict.numerics.params import NotFitted
from volver.predict.recommend.neighbours import Neighbours, NoSuchScore

TABLES = ("neighbours_", "scores_", "support_", "totals_")


def rows(n: int, users: int, items: int, seed: int = 0) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(seed)
    return {
        "user": chance.integers(0, users, n),
        "item": np.floor(items * chance.random(n) ** 2).astype(int),
        "time": chance.integers(0, 400, n).astype(float),
    }


def some(table: dict[str, np.ndarray], chosen: np.ndarray) -> dict[str, np.ndarray]:
    return {name: column[chosen] for name, column in table.items()}


def assert_same(one: Neighbours, other: Neighbours) -> None:
    assert one.held_.items.values.tolist() == other.held_.items.values.tolist()
    for name in TABLES:
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


@settings(max_examples=40)
@given(
    order=st.permutations(range(60)),
    cut=st.integers(1, 59),
    score=st.sampled_from(Neighbours.kinds),
    half_life=st.sampled_from([None, 30.0]),
    most=st.sampled_from([3, 500]),
    damp=st.booleans(),
)
def test_adding_rows_in_any_order_is_the_same_as_learning_all_at_once(
    order: list[int], cut: int, score: str, half_life: float | None, most: int, damp: bool
) -> None:
    table, how = rows(60, 12, 9), {"score": score, "top": 4, "half_life_days": half_life, "most": most, "damp": damp}
    mixed = np.array(order)
    added = Neighbours(**how).fit(some(table, mixed[:cut])).partial_fit(some(table, mixed[cut:]))
    assert_same(added, Neighbours(**how).fit(table))


def test_ten_thousand_orders_in_random_order_give_the_rebuilt_tables() -> None:
    chance = np.random.default_rng(5)
    sizes = chance.integers(1, 8, 10_000)
    basket = np.repeat(np.arange(10_000), sizes)
    table = {
        "user": basket % 3_000,
        "basket": basket,
        "item": np.floor(800 * chance.random(len(basket)) ** 2).astype(int),
        "time": 19_000.0 + basket / 50,
    }
    whole = Neighbours(half_life_days=90).fit(table)
    share = chance.integers(0, 12, 10_000)[basket]  # each order comes whole, in one of twelve deliveries
    grown = Neighbours(half_life_days=90)
    for delivery in chance.permutation(12):
        grown.partial_fit(some(table, np.flatnonzero(share == delivery)))
    assert_same(grown, whole)
    plain = Neighbours().fit(some(table, np.flatnonzero(share > 0)))
    assert_same(plain.partial_fit(some(table, np.flatnonzero(share == 0))), Neighbours().fit(table))


def test_the_same_rows_twice_change_nothing() -> None:
    table = rows(300, 30, 20)
    assert_same(Neighbours().fit(table), Neighbours().fit(table).partial_fit(table))


@pytest.mark.parametrize("score", Neighbours.kinds)
def test_scores_are_those_of_the_definition(score: str) -> None:
    table = rows(400, 40, 15)
    model = Neighbours(score=score, top=64).fit(table)
    matrix = np.zeros((40, model.held_.items.values.max() + 1))
    matrix[table["user"], table["item"]] = 1
    both = matrix.T @ matrix
    total = np.diag(both).copy()
    a, b = np.meshgrid(np.maximum(total, 1e-9), np.maximum(total, 1e-9), indexing="ij")
    groups = len(np.unique(table["user"]))
    wanted = {
        "damped": both / ((a + 10) * b**0.3),
        "cosine": both / np.sqrt(a * b),
        "shrunk": both / (np.sqrt(a * b) + 20),
        "lift": both * groups / (a * b),
        "chance": both / a,
        "jaccard": both / (a + b - both),
    }[score]
    ids = model.held_.items.values
    for row in range(len(ids)):
        there = model.neighbours_[row] >= 0
        pair = ids[row], ids[model.neighbours_[row][there]]
        assert np.allclose(model.scores_[row][there], wanted[pair], rtol=1e-5)
        assert np.array_equal(model.support_[row][there], both[pair])
        others = np.delete(wanted[ids[row]], ids[row])
        assert there.sum() == min(np.count_nonzero(others), model.neighbours_.shape[1])
        assert np.all(np.diff(model.scores_[row][there]) <= 0)


def test_a_basket_of_one_half_life_ago_counts_half() -> None:
    model = Neighbours(score="chance", half_life_days=10).fit(
        {"basket": [1, 1, 2, 2, 3, 3], "user": [1] * 6, "item": list("abacad"), "time": [0.0, 0, 10, 10, 20, 20]}
    )
    found = model.similar(["a"])
    assert found["similar"].tolist() == ["d", "c", "b"]
    assert found["support"].tolist() == [1.0, 0.5, 0.25]


def test_a_robot_with_a_thousand_items_is_cut_to_its_latest() -> None:
    model = Neighbours(most=5).fit({"user": [1] * 1000, "item": range(1000), "time": range(1000)})
    assert set(model.similar([999])["similar"].tolist()) == {995, 996, 997, 998}
    assert len(model.similar([3])["similar"]) == 0


def test_threads_do_not_change_the_tables() -> None:
    table = rows(60_000, 900, 500, seed=3)
    assert_same(Neighbours(threads=2).fit(table), Neighbours(threads=1).fit(table))


def test_saved_tables_are_mapped_into_memory(tmp_path: Path) -> None:
    model = Neighbours(top=8).fit({"user": list("aabbcc"), "item": ["té", "x", "té", "y", "y", "x"]})
    again = Neighbours.load(model.save(tmp_path / "pairs"))
    assert isinstance(again.neighbours_, np.memmap)
    assert_same(again, model)
    assert again.similar(["té"])["similar"].tolist() == model.similar(["té"])["similar"].tolist()
    more = {"user": ["d", "d"], "item": ["té", "z"]}
    assert_same(again.partial_fit(more), model.partial_fit(more))
    assert not [file for file in tmp_path.rglob("*") if file.suffix not in (".npy", ".json", "")]


def test_unknown_items_have_no_neighbours() -> None:
    model = Neighbours().fit({"user": [1, 1], "item": [5, 6]})
    assert len(model.similar([99, "words"])["item"]) == 0


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(NoSuchScore, match="no pair score called magic"):
        Neighbours(score="magic")
    with pytest.raises(NotFitted):
        Neighbours().similar([1])
