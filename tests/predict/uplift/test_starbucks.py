"""The Starbucks promotion: chosen on the training file alone, judged on the test file.

The exercise's own reference strategy brings 189.45; sending the promotion to everybody loses 1,132.20.
"""

import numpy as np
import pytest

from tests.predict.uplift.world import starbucks
from volver.predict.uplift.evaluation import incremental
from volver.predict.uplift.learners import DRLearner, TwoModel
from volver.predict.uplift.targeting import Uplift

REFERENCE = 189.45


def test_the_promotion_to_everybody_loses_what_is_published() -> None:
    _, promotion, purchase = starbucks("test")
    found = incremental(np.ones(len(purchase)), promotion, purchase, value=10, cost=0.15)
    assert found.net == pytest.approx(-1132.20)
    assert found.response == pytest.approx(0.009593, abs=1e-6)


@pytest.mark.parametrize("learner", [TwoModel, DRLearner])
def test_a_linear_learner_alone_beats_the_reference(learner: type[TwoModel]) -> None:
    X, promotion, purchase = starbucks("train")
    new, sent, bought = starbucks("test")
    uplift = learner(base="linear").fit(X, promotion, purchase, 0.5).predict_uplift(new)
    assert incremental(10 * uplift > 0.15, sent, bought, value=10, cost=0.15).net > REFERENCE


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_chosen_policy_beats_the_reference_whatever_the_seed(seed: int) -> None:
    X, promotion, purchase = starbucks("train")
    new, sent, bought = starbucks("test")
    found = Uplift(value_per_outcome=10, cost_per_treatment=0.15, seed=seed).fit(X, promotion, purchase, propensity=0.5)
    assert incremental(found.treat(new), sent, bought, value=10, cost=0.15).net > REFERENCE
    assert incremental(10 * found.predict_uplift(new) > 0.15, sent, bought, value=10, cost=0.15).net > REFERENCE
    assert "targeting pays" in str(found.verdict_) or found.proven_
