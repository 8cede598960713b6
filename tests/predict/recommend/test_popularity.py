"""Best sellers and rising items: counts that add up, and fading that happens when one asks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volver.predict.numerics.params import NotFitted
from volver.predict.recommend.popularity import Popularity

DAY = np.datetime64("2024-01-01", "us")


def sales(n: int = 400, seed: int = 0) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(seed)
    return {
        "user": chance.integers(0, 50, n),
        "item": np.floor(20 * chance.random(n) ** 2).astype(int),
        "time": DAY + chance.integers(0, 120, n).astype("timedelta64[D]"),
    }


@settings(max_examples=25)
@given(cut=st.integers(1, 399), seed=st.integers(0, 9))
def test_parts_add_up_in_any_order(cut: int, seed: int) -> None:
    table = sales()
    mixed = np.random.default_rng(seed).permutation(400)
    first, second = ({name: column[part] for name, column in table.items()} for part in (mixed[:cut], mixed[cut:]))
    grown, whole = Popularity().fit(first).partial_fit(second), Popularity().fit(table)
    merged = Popularity().fit(second).merge(Popularity().fit(first))
    for model in (grown, merged):
        assert model.scores().tobytes() == whole.scores().tobytes()
        assert model.trending(5) == whole.trending(5)


def test_an_event_counts_half_after_a_half_life() -> None:
    table = {"user": [1, 1, 1], "item": ["old", "old", "new"], "time": [DAY, DAY, DAY + np.timedelta64(10, "D")]}
    model = Popularity(half_life_days=10).fit(table)
    assert dict(zip(["new", "old"], model.scores().tolist(), strict=True)) == {"new": 1.0, "old": 1.0}
    assert Popularity(half_life_days=None).fit(table).top(1) == ["old"]
    later = (DAY.astype("datetime64[D]").astype(int) + 20.0).item()
    assert model.scores(now=later).tolist() == [0.5, 0.5]


def test_what_rises_is_not_what_always_sold() -> None:
    chance = np.random.default_rng(3)
    steady, day = np.repeat(["steady"], 300), chance.integers(0, 120, 300)
    risen, late = np.repeat(["risen"], 40), chance.integers(110, 120, 40)
    table = {
        "user": np.arange(340),
        "item": np.concatenate([steady, risen]),
        "time": DAY + np.concatenate([day, late]).astype("timedelta64[D]"),
    }
    model = Popularity(half_life_days=14).fit(table)
    assert model.trending(1) == ["risen"]
    assert Popularity(half_life_days=None).fit(table).top(1) == ["steady"]
    assert model.top(5, among=["steady", "unknown"]) == ["steady"]


def test_shares_of_a_category_are_shrunk_where_it_hardly_sells() -> None:
    table = {"user": range(101), "item": ["a"] * 60 + ["b"] * 40 + ["c"]}
    share = Popularity().fit(table).shares(["big", "big", "small"])
    assert share[0] == pytest.approx((60 + 20 * 60 / 101) / 120)
    assert share[2] < 0.1  # one sale is no monopoly
    with pytest.raises(NotFitted):
        Popularity().top()
