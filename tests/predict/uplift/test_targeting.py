"""The front class: it tries, chooses, and says "not proven" where nothing beats a simple rule."""

import numpy as np
import polars as pl
import pytest

from tests.predict.uplift.world import campaign
from volver.core import VolverError, Words
from volver.predict.uplift.policy_test import ALL, NONE, UPLIFT
from volver.predict.uplift.targeting import Uplift

FAST = {"bases": ("linear",)}


@pytest.fixture(scope="module")
def proven() -> Uplift:
    X, t, y, _ = campaign(2, 4000, "differs")
    return Uplift(value_per_outcome=10, cost_per_treatment=0.5, **FAST).fit(X, t, y, propensity=0.5)


def test_an_uplift_that_differs_is_proven_and_targeted(proven: Uplift) -> None:
    new, _, _, truth = campaign(22, 20_000, "differs")
    assert proven.proven_
    assert proven.choice_.policy == UPLIFT
    assert str(proven.verdict_).startswith("Proven")
    brought = np.mean(proven.treat(new) * (10 * truth - 0.5))
    assert brought > 0.85 * np.mean(np.maximum(10 * truth - 0.5, 0))
    assert np.corrcoef(proven.predict_uplift(new), truth)[0, 1] > 0.9


def test_the_choice_tells_what_was_tried_and_against_what(proven: Uplift) -> None:
    told = proven.choice_.to_dict()
    assert set(told["tried"]) == {"two-model, linear", "doubly robust, linear", "mean of all"}
    assert set(told["rivals"]) == {NONE, ALL, "predicted outcome", "simple ranking"}
    assert told["chosen"] == max(told["tried"], key=lambda name: told["tried"][name]["value"])
    assert all(each["least"] > 0 for each in told["against"].values())
    assert proven.simple_column_ == "x0"
    assert sum(each["customers"] for each in proven.deciles()) == 4000


def test_another_cost_is_another_policy(proven: Uplift) -> None:
    new, *_ = campaign(3, 5000, "differs")
    few, usual, many = (proven.treat(new, cost=cost).mean() for cost in (1.5, 0.5, 0.01))
    assert few < usual < many
    assert proven.treat(new, cost=100).sum() == 0
    assert proven.treat(new, share=0.3).sum() == 1500


@pytest.mark.parametrize("cost", [0.0, 0.03])
def test_no_effect_is_not_proven(cost: float) -> None:
    claimed = 0
    for seed in range(8):
        X, t, y, _ = campaign(seed, 600, "none")
        found = Uplift(cost_per_treatment=cost, seed=seed, **FAST).fit(X, t, y, propensity=0.5)
        claimed += found.proven_
        if not found.proven_:
            assert str(found.verdict_).startswith("Not proven")
            assert isinstance(found.verdict_, Words)
    assert claimed <= 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["none", "same"])
def test_no_difference_is_not_proven_in_nine_of_ten_seeds(kind: str) -> None:
    claimed = 0
    for seed in range(40):
        X, t, y, _ = campaign(1000 + seed, 1000, kind)
        claimed += Uplift(cost_per_treatment=0.03 * (seed % 2), seed=seed).fit(X, t, y).proven_
    assert claimed <= 4


def test_where_all_gain_alike_everybody_is_treated_and_uplift_is_drawn_to_the_average() -> None:
    X, t, y, _ = campaign(4, 3000, "same")
    found = Uplift(**FAST).fit(X, t, y, propensity=0.5)
    assert not found.proven_
    assert found.choice_.policy == ALL
    assert found.treat(X).all()
    assert np.ptp(found.predict_uplift(X)) < 0.05
    assert found.predict_uplift(X).mean() == pytest.approx(found.average_, abs=0.001)


def test_a_treatment_that_costs_more_than_it_brings_is_given_to_nobody() -> None:
    X, t, y, _ = campaign(5, 2000, "same")
    found = Uplift(cost_per_treatment=0.5, **FAST).fit(X, t, y, propensity=0.5)
    assert found.choice_.policy == NONE
    assert not found.treat(X).any()


def test_where_the_likeliest_buyers_gain_most_a_ranking_is_used_and_uplift_is_not_proven() -> None:
    chance = np.random.default_rng(6)
    X, t = chance.normal(size=(6000, 3)), chance.integers(0, 2, 6000)
    level = np.exp(X[:, 0])
    found = Uplift(cost_per_treatment=1.0, ranking="x0", **FAST)
    found.fit(X, t, level * (1 + t) + chance.normal(size=6000), propensity=0.5)
    assert not found.proven_
    assert found.choice_.policy not in (NONE, ALL)
    assert np.mean(found.treat(X) == (level > 1)) > 0.8
    assert "targeting pays" in str(found.verdict_)


def test_treatment_that_was_not_drawn_is_never_proof() -> None:
    chance = np.random.default_rng(7)
    X = chance.normal(size=(4000, 3))
    t = (chance.random(4000) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)
    found = Uplift(**FAST).fit(X, t, X[:, 0] + t * X[:, 1] + chance.normal(size=4000))
    assert not found.proven_
    assert "not drawn at random" in str(found.verdict_)


def test_a_lottery_that_was_none_is_never_proof_whoever_vouches_for_it() -> None:
    chance = np.random.default_rng(7)
    X = chance.normal(size=(4000, 3))
    t = (chance.random(4000) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)
    found = Uplift(**FAST).fit(X, t, X[:, 0] + t * X[:, 1] + chance.normal(size=4000), propensity=0.5)
    assert not found.proven_
    assert "not drawn at random" in str(found.verdict_)


def test_one_of_several_e_mails_is_held_against_none() -> None:
    X, t, y, _ = campaign(2, 6000, "differs")
    other = np.arange(6000) % 3 == 0
    arm = np.where(other, "Womens E-Mail", np.where(t == 1, "Mens E-Mail", "No E-Mail"))
    found = Uplift(treated="Mens E-Mail", control="No E-Mail", **FAST).fit(X, arm, y, propensity=0.5)
    assert found.proven_
    assert found.treated_ == "Mens E-Mail"
    assert sum(each["customers"] for each in found.deciles()) == 4000


@pytest.mark.parametrize("setting", ["value_per_outcome", "cost_per_treatment"])
def test_money_that_is_no_number_is_refused(setting: str) -> None:
    X, t, y, _ = campaign(1, 100, "none")
    for wrong in (float("nan"), "ten"):
        with pytest.raises(VolverError, match=setting):
            Uplift(**{setting: wrong}).fit(X, t, y)


def test_three_customers_with_a_treatment_are_too_few() -> None:
    X, _, y, _ = campaign(1, 100, "none")
    with pytest.raises(VolverError, match="3 were treated and 97 were not"):
        Uplift().fit(X, np.arange(100) < 3, y)


def test_money_and_frames_and_missing_values_are_fine() -> None:
    X, t, y, _ = campaign(8, 1500, "differs", binary=False)
    frame = pl.DataFrame(X, [f"f{n}" for n in range(5)]).with_columns(
        pl.when(pl.col("f3") > 1).then(None).otherwise(pl.col("f3")).alias("f3"),
        pl.when(pl.col("f4") > 0).then(pl.lit("north")).otherwise(pl.lit("south")).alias("place"),
    )
    found = Uplift(ranking="-f0", **FAST).fit(frame, t, y)
    assert found.proven_
    assert found.simple_column_ == "-f0"
    assert np.isfinite(found.predict_uplift(frame.head(5).with_columns(place=pl.lit("new")))).all()


def test_the_same_seed_gives_the_same_choice() -> None:
    X, t, y, _ = campaign(9, 800, "differs")
    one, other = (Uplift(seed=3, **FAST).fit(X, t, y) for _ in range(2))
    assert one.choice_.to_dict() == other.choice_.to_dict()
    np.testing.assert_array_equal(one.predict_uplift(X), other.predict_uplift(X))


def test_questions_before_fit_and_unknown_names_are_refused() -> None:
    with pytest.raises(VolverError, match="has learned nothing"):
        Uplift().predict_uplift([[1.0]])
    X, t, y, _ = campaign(1, 100, "none")
    with pytest.raises(VolverError, match="forest"):
        Uplift(learners=("forest",)).fit(X, t, y)
    with pytest.raises(VolverError, match="lacks past_spend"):
        Uplift(ranking="past_spend").fit(X, t, y)
