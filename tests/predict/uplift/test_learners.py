"""Learners recover an uplift that is known; the propensity is known, or learned, or refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tests.predict.uplift.world import campaign
from volver.core import VolverError
from volver.predict.uplift.evaluation import qini
from volver.predict.uplift.learners import LEARNERS, DRLearner, TransformedOutcome, TwoModel


@pytest.mark.parametrize("base", ["linear", "boosted"])
@pytest.mark.parametrize("learner", list(LEARNERS))
def test_a_learner_ranks_nearly_as_well_as_the_truth(learner: str, base: str) -> None:
    X, t, y, _ = campaign(1, 5000, "differs", binary=False)
    new, t2, y2, truth = campaign(2, 20_000, "differs", binary=False)
    found = LEARNERS[learner](base=base).fit(X, t, y).predict_uplift(new)
    ours, best = qini(found, t2, y2), qini(truth, t2, y2)
    assert ours is not None
    assert best is not None
    assert ours > 0.9 * best
    assert np.corrcoef(found, truth)[0, 1] > 0.85


def test_a_yes_or_no_outcome_gives_differences_of_chances() -> None:
    X, t, y, _ = campaign(3, 6000, "differs")
    found = TwoModel().fit(X, t, y)
    without, with_ = found.predict_outcomes(X)
    np.testing.assert_allclose(with_ - without, found.predict_uplift(X))
    assert ((without > 0) & (with_ < 1)).all()


def test_the_two_levels_of_a_treatment_may_be_anything() -> None:
    X, t, y, _ = campaign(4, 1000, "differs", binary=False)
    plain = TwoModel().fit(X, t, y).predict_uplift(X)
    for named in (t.astype(bool), np.where(t == 1, "mail", "control"), t * 7 - 3):
        np.testing.assert_array_equal(TwoModel().fit(X, named, y).predict_uplift(X), plain)
    turned = TwoModel(treated="control").fit(X, np.where(t == 1, "mail", "control"), y).predict_uplift(X)
    np.testing.assert_allclose(turned, -plain)


@pytest.mark.parametrize(
    ("treatment", "outcome", "why"),
    [
        (np.zeros(60), np.zeros(60), "1 levels"),
        (np.arange(60) % 3, np.zeros(60), "3 levels"),
        (np.arange(59) % 2, np.zeros(60), "shape"),
        (np.arange(60) % 2, np.full(60, np.nan), "missing"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(treatment: np.ndarray, outcome: np.ndarray, why: str) -> None:
    with pytest.raises(VolverError, match=why):
        TwoModel().fit(np.ones((60, 2)), treatment, outcome)
    with pytest.raises(VolverError, match="not between"):
        DRLearner().fit(np.ones((60, 1)), np.arange(60) % 2, np.zeros(60), propensity=1.0)


def biased(seed: int, n: int = 8000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customers with a high level are treated more often; the true effect is 1 for everyone."""
    chance = np.random.default_rng(seed)
    X = chance.normal(size=(n, 3))
    t = (chance.random(n) < 1 / (1 + np.exp(-1.5 * X[:, 0]))).astype(int)
    return X, t, 3 * X[:, 0] + t + chance.normal(size=n)


def test_doubly_robust_is_right_where_treatment_was_not_random() -> None:
    X, t, y = biased(5)
    naive = y[t == 1].mean() - y[t == 0].mean()
    found = DRLearner().fit(X, t, y)
    assert naive > 3
    assert found.predict_uplift(X).mean() == pytest.approx(1.0, abs=0.1)
    told = found.assignment_.diagnostics
    assert told["random"] is False
    assert told["auc"] > 0.75
    assert told["effective_share"] < 0.9


def test_a_lottery_is_taken_for_one() -> None:
    X, t, y, _ = campaign(6, 3000, "same")
    told = DRLearner().fit(X, t, y).assignment_
    assert told.random
    assert np.ptp(told.share) == 0
    assert DRLearner().fit(X, t, y, propensity=0.5).assignment_.diagnostics["known"] is True


def test_a_known_uneven_share_is_used() -> None:
    chance = np.random.default_rng(7)
    X = chance.normal(size=(8000, 2))
    share = np.where(X[:, 0] > 0, 0.8, 0.2)
    t = (chance.random(8000) < share).astype(int)
    y = 3 * (X[:, 0] > 0) + t * X[:, 1] + chance.normal(size=8000)
    for learner in (DRLearner(), TransformedOutcome()):
        found = learner.fit(X, t, y, propensity=share).predict_uplift(X)
        assert np.corrcoef(found, X[:, 1])[0, 1] > 0.95
        assert found.mean() == pytest.approx(0, abs=0.1)


def test_frames_of_any_kind_and_the_same_seed_give_the_same_answer() -> None:
    X, t, y, _ = campaign(8, 800, "differs")
    names = [f"f{n}" for n in range(5)]
    one = (
        DRLearner(base="boosted")
        .fit(pd.DataFrame(X, columns=names), t, y)
        .predict_uplift(pd.DataFrame(X, columns=names))
    )
    other = DRLearner(base="boosted").fit(pl.DataFrame(X, names), t, y).predict_uplift(pl.DataFrame(X, names))
    np.testing.assert_array_equal(one, other)


def test_nobody_who_bought_is_an_uplift_of_nothing() -> None:
    X, t, y, _ = campaign(9, 300, "none")
    for learner in LEARNERS.values():
        np.testing.assert_allclose(learner().fit(X, t, 0 * y).predict_uplift(X), 0.0, atol=1e-12)
