"""How good chances were: the table adds up, and what cannot be judged is said."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volver.predict.numerics.probability_metrics import BadChances, auc, reliability, wilson


def test_a_reliability_table_adds_up() -> None:
    chance = np.random.default_rng(8)
    p = chance.beta(0.8, 2.5, 5_003)
    yes = chance.random(5_003) < p
    found = reliability(p, yes)
    assert sum(each.n for each in found.bins) == found.n == 5_003
    assert sum(each.n * each.came for each in found.bins) == pytest.approx(yes.sum())
    assert found.came == found.events / found.n == pytest.approx(yes.mean())
    assert all(each.low <= each.came <= each.high for each in found.bins)
    assert found.worst_bin >= found.ece > 0
    assert found.brier == pytest.approx(np.mean((p - yes) ** 2))
    assert json.loads(json.dumps(found.to_dict()))["bins"][0]["n"] == found.bins[0].n
    ties = reliability(np.repeat([0.2, 0.7], 50), np.ones(100))
    assert [each.n for each in ties.bins] == [50, 50]
    assert ties.auc is None


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    yes, no = [s for s, y in rows if y], [s for s, y in rows if not y]
    found = auc([s for s, _ in rows], [y for _, y in rows])
    if not yes or not no:
        assert found is None
    else:
        right = sum((a > b) + 0.5 * (a == b) for a in yes for b in no)
        assert found == pytest.approx(right / len(yes) / len(no))


def test_rows_without_a_chance_are_left_out() -> None:
    found = reliability([0.2, np.nan, 0.6], [0, 1, 1])
    assert (found.n, found.events, found.predicted) == (2, 1, pytest.approx(0.4))


@pytest.mark.parametrize(
    ("p", "came", "why"),
    [
        ([], [], "there is none"),
        ([np.nan], [1], "there is none"),
        ([1.2], [1], "not between 0 and 1"),
        ([0.2, 0.3], [1], "shape"),
        ([0.2], [2], "neither 1 nor 0"),
        (["often"], [1], "no number"),
    ],
)
def test_chances_that_cannot_be_judged_are_refused(p: Any, came: Any, why: str) -> None:
    with pytest.raises(BadChances, match=why):
        reliability(p, came)


def test_an_interval_of_a_share_covers_and_is_never_empty() -> None:
    chance = np.random.default_rng(6)
    inside = [low <= 0.03 <= high for low, high in (wilson(k, 300) for k in chance.binomial(300, 0.03, 500).tolist())]
    assert 0.85 <= np.mean(inside) <= 0.96
    assert wilson(0, 10)[1] > 0.1
    assert wilson(0, 0) == (0.0, 1.0)
