"""Models of the front door have the same manners: settings by name, copies by settings, one error before `fit`."""

from inspect import Parameter, signature
from typing import Any

import pytest
from sklearn.base import clone

from volver import predict
from volver.core.doors import names
from volver.predict.numerics.params import NotFitted

MODELS = [
    found
    for name in sorted(names(predict.__file__))
    if isinstance(found := getattr(predict, name), type) and hasattr(found, "fit") and found is not predict.BuyingModel
]
ASKED: dict[str, Any] = {
    "Calibrated": lambda model: model.predict([0.5]),
    "CartCompletion": lambda model: model.recommend([1], [["tea"]]),
    "Moments": lambda model: model.moment(1),
    "Neighbours": lambda model: model.similar(["tea"]),
    "NextBasket": lambda model: model.recommend([1]),
    "Popularity": lambda model: model.top(1),
    "PriceAffinity": lambda model: model.fits([1], ["tea"]),
    "Propensity": lambda model: model.predict([[1.0]]),
    "Recommender": lambda model: model.recommend([1]),
    "Relations": lambda model: model.complements(["tea"]),
    "RepeatModel": lambda model: model.recommend([1], 2),
    "Replenishment": lambda model: model.predict(),
    "SessionNeighbours": lambda model: model.next_items(["tea"]),
    "TextSimilarity": lambda model: model.similar(["tea"]),
    "Uplift": lambda model: model.predict_uplift([[1.0]]),
    "UpSell": lambda model: model.upsells(["tea"]),
}


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_settings_are_given_by_name_and_make_a_copy(kind: type) -> None:
    assert all(each.kind is Parameter.KEYWORD_ONLY for each in signature(kind).parameters.values())
    model = kind()
    assert clone(model).get_params() == model.get_params() == {n: getattr(model, n) for n in signature(kind).parameters}


@pytest.mark.parametrize("name", sorted(ASKED))
def test_a_question_before_fit_has_one_answer(name: str) -> None:
    with pytest.raises(NotFitted, match=f"{name} has learned nothing yet"):
        ASKED[name](getattr(predict, name)())
