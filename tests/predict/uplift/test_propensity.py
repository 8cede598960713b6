"""Chances that mean what they say, or no chance at all."""

import numpy as np
import polars as pl
import pytest

from volver.core import VolverError
from volver.predict.numerics.probability_metrics import reliability
from volver.predict.uplift.propensity import Propensity


def customers(seed: int, n: int, *, bent: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, what happened, and the true chance: along a line, or bent so that trees see it better."""
    chance = np.random.default_rng(seed)
    X = chance.normal(size=(n, 3))
    line = np.where(X[:, 0] * X[:, 1] > 0, 0.5, -2.5) if bent else -1.5 + X[:, 0] - 0.7 * X[:, 1]
    p = 1 / (1 + np.exp(-line))
    return X, (chance.random(n) < p).astype(int), p


@pytest.mark.parametrize(("bent", "base"), [(False, "linear"), (True, "boosted")])
def test_the_better_base_is_chosen_and_its_chances_are_calibrated(bent: bool, base: str) -> None:
    X, y, _ = customers(1, 5000, bent=bent)
    found = Propensity().fit(X, y)
    assert found.base_ == base
    new, came, truth = customers(2, 20_000, bent=bent)
    p = found.predict(new)
    assert p is not None
    told = reliability(p, came)
    assert told.worst_bin < 0.04
    assert told.brier < 0.93 * told.rate_brier
    assert np.mean(np.abs(p - truth)) < 0.05
    promised = found.reliability_
    assert promised is not None
    assert promised.auc == pytest.approx(told.auc, abs=0.03)
    assert promised.brier == pytest.approx(told.brier, abs=0.01)


def test_fewer_than_fifty_events_are_refused_with_a_reason() -> None:
    X, _, _ = customers(3, 1000)
    for y, word in ((np.arange(1000) < 49, "Only 49 of 1000"), (np.arange(1000) >= 49, "All but 49 of 1000")):
        found = Propensity().fit(X, y)
        assert found.predict(X) is None
        assert found.predict_proba(X) is None
        assert found.reliability_ is None
        assert word in str(found.reason_)
    assert Propensity().fit(X, np.arange(1000) < 50).predict(X) is not None


def test_features_that_tell_nothing_give_everyone_the_rate() -> None:
    chance = np.random.default_rng(4)
    found = Propensity().fit(chance.normal(size=(3000, 2)), chance.random(3000) < 0.1).predict(np.zeros((3, 2)))
    assert found == pytest.approx(np.full(3, 0.1), abs=0.03)


def test_frames_and_probabilities_of_both_are_as_scikit_learn_gives_them() -> None:
    X, y, _ = customers(5, 800)
    frame = pl.DataFrame(X, ["a", "b", "c"])
    found = Propensity(bases=("linear",)).fit(frame, y)
    both, p = found.predict_proba(frame), found.predict(frame)
    assert both is not None
    assert p is not None
    np.testing.assert_allclose(both.sum(axis=1), 1)
    np.testing.assert_array_equal(both[:, 1], p)
    np.testing.assert_array_equal(p, Propensity(bases=("linear",)).fit(frame, y).predict(frame))
    with pytest.raises(VolverError, match="neither 0 nor 1"):
        Propensity().fit(frame, y * 2)
