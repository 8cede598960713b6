"""Learners recover an uplift that is known; the propensity is known, or learned, or refused."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from tests.predict.uplift.world import campaign
from volver.core import VolverError
from volver.predict.uplift.assignment import assigned
from volver.predict.uplift.evaluation import effects, qini
from volver.predict.uplift.features import Features
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


ARMS = np.array(["No E-Mail", "Mens E-Mail", "Womens E-Mail"])


@pytest.mark.parametrize("learner", list(LEARNERS))
def test_of_three_arms_two_are_compared_as_if_the_third_was_not_there(learner: str) -> None:
    X, t, y, _ = campaign(10, 3000, "differs")
    third = np.arange(3000) % 3 == 0
    arm, shift = ARMS[np.where(third, 2, t)], np.where(third, 5.0, y)
    model = LEARNERS[learner](treated="Mens E-Mail", control="No E-Mail")
    found = model.fit(X, arm, shift, np.full(3000, 0.5)).predict_uplift(X)
    plain = LEARNERS[learner]().fit(X[~third], t[~third], y[~third], 0.5).predict_uplift(X)
    assert model.treated_ == "Mens E-Mail"
    assert np.corrcoef(found, plain)[0, 1] > 0.99


def test_a_campaign_of_three_arms_is_told_how_to_keep_two() -> None:
    X, arm, y = np.ones((60, 1)), ARMS[np.arange(60) % 3], np.zeros(60)
    with pytest.raises(VolverError, match="'Mens E-Mail', 'No E-Mail', 'Womens E-Mail'") as told:
        DRLearner().fit(X, arm, y)
    assert "treated= and control=" in told.value.hint
    with pytest.raises(VolverError, match=r"against 'No E-Mail'; say treated= .*Womens"):
        TwoModel(control="No E-Mail").fit(X, np.append(arm[:-1], "Other E-Mail"), y)
    with pytest.raises(VolverError, match="both the treatment and the control"):
        TwoModel(treated="No E-Mail", control="No E-Mail").fit(X, arm, y)
    with pytest.raises(VolverError, match="60 levels instead of two") as many:
        TwoModel().fit(X, [f"someone{n}@example.com" for n in range(60)], y)
    assert "someone" not in str(many.value)


def test_a_chance_that_is_not_the_one_drawn_with_is_refused() -> None:
    X, t, y, _ = campaign(11, 2000, "same")
    with pytest.raises(VolverError, match=r"0\.85 on average, but 0\.5"):
        DRLearner().fit(X, t, y, propensity=0.85)
    with pytest.raises(VolverError, match="not the one it was drawn with"):
        effects(t, y, propensity=0.3)
    assert DRLearner().fit(X, t, y, propensity=t.mean() + 0.009).assignment_.known


def test_too_few_with_the_treatment_are_counted_in_the_refusal() -> None:
    with pytest.raises(VolverError, match="1 were treated and 59 were not; at least 4"):
        DRLearner().fit(np.ones((60, 2)), np.arange(60) == 3, np.zeros(60))


def test_columns_of_one_column_frames_are_fine() -> None:
    X, t, y, _ = campaign(12, 400, "differs")
    plain = TwoModel().fit(X, t, y).predict_uplift(X)
    frame = pd.DataFrame({"t": t, "y": y})
    for had, brought in (
        (frame[["t"]], frame[["y"]]),
        (t[:, None], y[:, None]),
        (duckdb.sql("select t from frame"), duckdb.sql("select y from frame")),
    ):
        np.testing.assert_array_equal(TwoModel().fit(X, had, brought).predict_uplift(X), plain)


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


def test_a_told_lottery_is_held_against_the_features() -> None:
    X, t, y = biased(13, 3000)
    told = DRLearner().fit(X, t, y, propensity=0.5).assignment_.diagnostics
    assert (told["known"], told["random"]) == (True, False)
    assert told["balance"] > 10
    right = DRLearner().fit(X, t, y, propensity=1 / (1 + np.exp(-1.5 * X[:, 0]))).assignment_
    assert right.random
    fooled = 0
    for seed in range(20):
        X, t, y, _ = campaign(seed, 300, "same")
        fooled += not DRLearner().fit(X, t, y, propensity=0.5).assignment_.random
    assert fooled <= 1


def test_a_trace_of_a_tilt_among_very_many_customers_is_no_doubt_and_a_real_one_is() -> None:
    chance = np.random.default_rng(11)
    X = chance.normal(size=(300_000, 2))
    design = Features().fit_transform(X)
    for tilt, random in ((0.02, True), (0.1, False)):
        treated = chance.random(len(X)) < 1 / (1 + np.exp(-tilt * X[:, 0]))
        learned, told = assigned(design, treated), assigned(design, treated, 0.5)
        assert (learned.random, told.random) == (random, random)
        assert told.balance is not None
        assert told.balance > 3.0


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
